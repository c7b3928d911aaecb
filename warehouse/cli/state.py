"""What the commands share: the settings of this call and the bucket that they mean."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import Any, NoReturn, Protocol

import click

from warehouse.errors import SettingError
from warehouse.settings import Settings, load


@dataclass
class State:
    """The global options of one call; `click.pass_obj` hands it to each command."""

    overrides: dict[str, Any] = field(default_factory=dict)
    debug: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The settings, loaded on first use so that `--help` works with a wrong one."""
        return load(**self.overrides)


pass_state = click.make_pass_decorator(State, ensure=True)


@contextmanager
def with_bucket(settings: Settings) -> Iterator[Settings]:
    """`settings` that name a bucket: the user's, else the embedded demo store when there is one.

    Raises SettingError when there is neither.
    """
    if settings.bucket is not None:
        yield settings
        return
    if not (settings.data_dir / "embedded" / "credentials.json").is_file():
        raise SettingError(
            "R2_BUCKET_NAME is not set",
            hint="set it to your bucket's name; without a bucket, `make run` starts a demo",
            field="R2_BUCKET_NAME",
        )
    from warehouse.embedded import demo_store  # imports boto3: only when it is needed

    with _terminated_politely(), demo_store(settings) as demo:
        yield demo


@contextmanager
def _terminated_politely() -> Iterator[None]:
    """Let SIGTERM unwind the stack, so that the embedded server is stopped too."""

    def leave(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + signal.SIGTERM)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Stoppable(Protocol):
    """Work that goes on until it is told to stop."""

    def stop(self) -> None:
        """End soon."""


@contextmanager
def stopped_by_signals(work: Stoppable) -> Iterator[None]:
    """SIGTERM and SIGINT end the work in its own time, and the command with exit code 0."""
    before = {
        number: signal.signal(number, lambda *_: work.stop()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

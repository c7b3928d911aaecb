"""The bucket that the writing endpoints use: the configured one, else the demo's when there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from warehouse.settings import Settings


@contextmanager
def bucket_settings(settings: Settings, *, needed: bool = True) -> Iterator[Settings]:
    """`settings` with a bucket. Raises SettingError when one is needed and there is none."""
    if not needed or settings.bucket is not None:
        yield settings
        return
    from warehouse.cli.state import with_bucket

    with with_bucket(settings) as usable:
        yield usable

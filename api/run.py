"""`warehouse run`: sync, then serve; what `make run` calls.

Without a bucket the embedded S3 server is started, filled with sample logs when it is empty, and stopped
with us.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import NoReturn

import click

from api.guards import check_bind
from api.serve import address_options
from warehouse.cli.state import State, pass_state
from warehouse.errors import WarehouseError
from warehouse.settings import Settings


@click.command(
    epilog="""\b
Examples:
  warehouse run                               a demo on this machine alone
  R2_BUCKET_NAME=registry-logs warehouse run  your own bucket
"""
)
@address_options
@pass_state
def run(state: State, host: str | None, port: int | None) -> None:
    """Mirror the bucket, then serve the API and the dashboard until Ctrl-C or SIGTERM.

    Without a bucket, a demo is made on this machine: a real S3 server with sample logs.
    """
    state.overrides |= {"host": host, "port": port}
    settings = state.settings
    check_bind(settings)
    from api import server

    # The port first: a demo that then cannot be shown would be minutes for nothing.
    with server.bind(settings) as listener, ExitStack() as stack:
        stack.enter_context(_sigterm_unwinds())
        usable = settings if settings.bucket is not None else stack.enter_context(_demo(settings))
        _sync(usable)
        server.serve(usable, listener)


@contextmanager
def _demo(settings: Settings) -> Iterator[Settings]:
    """The embedded store with sample logs in it."""
    from warehouse import demo
    from warehouse.bucket import Bucket
    from warehouse.embedded import demo_store

    click.echo("No bucket is configured (R2_BUCKET_NAME): starting the demo.", err=True)
    with demo_store(settings) as usable:
        bucket = Bucket(usable)
        try:
            if demo.filled(bucket) is None:
                click.echo("Filling the demo's bucket with sample logs of the last 28 days.", err=True)
            demo.ensure(bucket)
        finally:
            bucket.close()
        yield usable


def _sync(settings: Settings) -> None:
    """Mirror the bucket. A failure is told, and what is there already is served."""
    from warehouse import sync
    from warehouse.cli.sync import ProgressBar, failed_bucket

    bar = ProgressBar() if sys.stderr.isatty() else None
    try:
        done = sync.run(settings, progress=bar)
    except WarehouseError as error:
        click.echo(f"error: the sync failed, serving what is there: {error}", err=True)
        return
    finally:
        if bar is not None:
            bar.close()
    for bucket in done.failed:
        click.echo(f"error: {failed_bucket(bucket)}", err=True)
    click.echo(
        f"Synced {done.sync_url}: {done.objects:,} new objects, {done.entries:,} entries,"
        f" {done.rejected_lines:,} lines in quarantine, {done.duration_ms / 1000:.1f} s.",
        err=True,
    )


@contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM unwind the stack before the server runs, so that the embedded store is stopped too."""

    def leave(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

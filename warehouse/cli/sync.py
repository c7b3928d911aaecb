"""`warehouse sync`: fetch what is new in the bucket."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from warehouse.cli import output
from warehouse.cli.numbers import Number
from warehouse.cli.state import State, pass_state, stopped_by_signals, with_bucket
from warehouse.errors import in_one_line

if TYPE_CHECKING:
    from warehouse.sync_summary import BucketOutcome, SyncSummary
    from warehouse.unattended.event_sync import EventsSummary


class ProgressBar:
    """Shows on stderr how many bytes and objects of a sync are in."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: Any = None
        self._objects = self._done = 0

    def start(self, objects: int, size: int) -> None:
        """So many objects of `size` bytes together, as stored in the bucket, are known to be fetched."""
        self._objects = objects
        if self._task is None:
            self._task = self._bar.add_task(self._caption(), total=size)
            self._bar.start()
        else:
            self._bar.update(self._task, total=size, description=self._caption())

    def advance(self, objects: int, size: int) -> None:
        """So many more are done."""
        if self._task is not None:
            self._done += objects
            self._bar.update(self._task, advance=size, description=self._caption())

    def close(self) -> None:
        """Take the bar away, whatever happened."""
        self._bar.stop()

    def _caption(self) -> str:
        if self._done == self._objects:
            return f"{self._objects:,} objects are here, writing"
        return f"{self._done:,} of {self._objects:,} objects"


@click.command(
    epilog="""\b
Examples:
  warehouse sync                 a progress bar and a summary
  warehouse sync --full          find also what changed, left or came late long ago
  warehouse sync --bucket logs   only this bucket of the settings file
  warehouse sync --watch         again every minute, until it is stopped
  warehouse sync --events        only what the queue of event notifications names
  warehouse sync --json          one line of JSON on stdout
  warehouse sync | jq .entries   the same, because stdout is no terminal
"""
)
@click.option(
    "--bucket",
    "buckets",
    metavar="NAME",
    multiple=True,
    help="Only this bucket of the settings file; may be given several times.",
)
@click.option("--full", is_flag=True, help="List everything, not only where something new can be.")
@click.option(
    "--events", is_flag=True, help="Mirror what WAREHOUSE_QUEUE_ID names until it is empty; list nothing."
)
@click.option("--watch", is_flag=True, help="Sync again and again until it is stopped; one line a sync.")
@click.option(
    "--interval",
    type=Number(1, 86_400),
    default=60,
    show_default=True,
    help="Seconds between two syncs of --watch; after failures more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
@pass_state
def sync(
    state: State,
    buckets: tuple[str, ...],
    full: bool,
    events: bool,
    watch: bool,
    interval: float,
    as_json: bool,
) -> int:
    """Fetch the log objects of all buckets that the warehouse lacks and make them queryable.

    Safe to repeat: what is here already is not fetched again, an object that changed replaces its rows,
    and a run that was killed leaves nothing half done. A bucket that fails does not keep the others from
    being mirrored; the exit code is 1 then. What was mirrored before a failure stays, and is told.
    """
    from warehouse import sync as work
    from warehouse.alerts.watch import after_sync

    if watch:
        if buckets or full or events:
            raise click.UsageError("--watch goes with none of --bucket, --full and --events")
        return _watch(state, interval, as_json or not sys.stdout.isatty())
    if events:
        if buckets or full:
            raise click.UsageError("--events goes with neither --bucket nor --full")
        return _events(state, as_json or not sys.stdout.isatty())
    with with_bucket(state.settings) as settings:
        bar = ProgressBar() if sys.stderr.isatty() else None
        try:
            summary, error = work.attempt(settings, progress=bar, full=full, only=buckets)
        finally:
            if bar is not None:
                bar.close()
        after_sync(settings)
    if as_json or not sys.stdout.isatty():
        output.write(output.to_json(output.camel(summary)))
    elif error is None:
        _tell(summary)
    if error is not None:
        raise error
    for bucket in summary.failed:
        click.echo(f"error: {failed_bucket(bucket)}", err=True)
    return 0 if summary.status == "ok" else 1


def failed_bucket(bucket: BucketOutcome) -> str:
    """One line about a bucket that failed beside others that did not."""
    text = f"{bucket.bucket} was not mirrored: {bucket.error}"
    return f"{text}; {bucket.kept}" if bucket.kept else text


def _watch(state: State, interval: float, as_json: bool) -> int:
    """Sync until a signal comes."""
    from warehouse.unattended.watch import Watcher

    def told(summary: SyncSummary) -> None:
        output.write(output.to_json(output.camel(summary)) if as_json else brief(summary))

    def told_events(summary: EventsSummary) -> None:
        if summary.messages:
            output.write(output.to_json(output.camel(summary)) if as_json else brief_events(summary))
        _tell_malformed(summary)

    def failed(error: Exception, wait: float) -> None:
        click.echo(f"error: {in_one_line(error)}; the next try is in {wait:.0f} s", err=True)

    with with_bucket(state.settings) as settings:
        watcher = Watcher(settings, interval, told=told, told_events=told_events, failed=failed)
        with stopped_by_signals(watcher):
            watcher.run()
    return 0


def _events(state: State, as_json: bool) -> int:
    """One run by the queue."""
    from warehouse.alerts.watch import after_sync
    from warehouse.unattended import event_sync

    with with_bucket(state.settings) as settings:
        bar = ProgressBar() if sys.stderr.isatty() else None
        try:
            summary, error = event_sync.attempt(settings, bar)
        finally:
            if bar is not None:
                bar.close()
        after_sync(settings)
    if as_json:
        output.write(output.to_json(output.camel(summary)))
    else:
        output.write(f"{_what_the_queue_said(summary)}.")
        if summary.sync is not None and error is None:
            _tell(summary.sync)
    _tell_malformed(summary)
    if error is not None:
        raise error
    if summary.sync is None:
        return 0
    for bucket in summary.sync.failed:
        click.echo(f"error: {failed_bucket(bucket)}", err=True)
    return 0 if summary.sync.status == "ok" else 1


def brief_events(summary: EventsSummary) -> str:
    """One line about one of many runs by the queue."""
    entries = summary.sync.entries if summary.sync else 0
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {summary.status}: {_what_the_queue_said(summary)},"
        f" {output.counted(entries, 'entry', 'entries')}"
    )


def _what_the_queue_said(summary: EventsSummary) -> str:
    facts = ((summary.ignored, "about other keys"), (summary.given_back, "given back"))
    odd = [f"{output.count(number)} {what}" for number, what in facts if number]
    return output.counted(summary.messages, "event") + (f" ({', '.join(odd)})" if odd else "")


def _tell_malformed(summary: EventsSummary) -> None:
    for message in summary.malformed:
        click.echo(f"note: {output.shown(message.reason)}", err=True)


def brief(summary: SyncSummary) -> str:
    """One line about one sync of many."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {summary.status}:"
        f" {output.counted(summary.objects, 'object')},"
        f" {output.counted(summary.entries, 'entry', 'entries')}"
    )


def _tell(summary: SyncSummary) -> None:
    """For people: what came, and at what cost."""
    for note in summary.notes:
        click.echo(f"note: {note}", err=True)
    if summary.objects == 0:
        output.write(f"Nothing new at {summary.sync_url}{_what_is_odd(summary)}.")
        return
    output.write(_what_came(summary))
    output.write(
        f"{output.size(summary.compressed_bytes)} fetched, {output.size(summary.raw_bytes)} of log text,"
        f" {output.counted(summary.files, 'Parquet file')} written in {summary.duration_ms / 1000:.1f} s"
        f" ({output.count(summary.class_a)} Class A and {output.count(summary.class_b)} Class B operations)."
    )


def _what_came(summary: SyncSummary) -> str:
    replaced = f" ({output.count(summary.replaced)} of them changed)" if summary.replaced else ""
    entries = output.counted(summary.entries, "entry", "entries")
    return (
        f"{output.counted(summary.objects, 'object')} from {summary.sync_url}{replaced}: {entries}"
        f"{_what_is_odd(summary)}."
    )


def _what_is_odd(summary: SyncSummary) -> str:
    """Lines and objects that a person should know about."""
    facts = (
        (summary.rejected_lines, "line", "in quarantine"),
        (summary.skipped, "object", "changed or not to be had, and left for the next sync"),
        (summary.gone, "object", "no longer in the bucket, with all entries kept"),
    )
    return "".join(f"; {output.counted(number, what)} {how}" for number, what, how in facts if number)

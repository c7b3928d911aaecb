"""Syncs again and again, an interval apart: by the queue where there is one, else by listing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from warehouse import sync
from warehouse.alerts.watch import after_sync
from warehouse.settings import Settings
from warehouse.unattended import event_sync
from warehouse.unattended.event_sync import EventsSummary
from warehouse.unattended.plan import planned
from warehouse.unattended.scheduler import Clock, Stopped, Stopping, WallClock

Summary = TypeVar("Summary")

#: After failures the wait doubles up to this many seconds (or the interval, where that is longer).
LONGEST_WAIT = 3600.0
#: Doublings that lead from any interval beyond it; a number of failures without an end has no double of it.
_DOUBLINGS = 30
#: With a queue and without a schedule, a sync lists after this time, for events that never came.
LISTING_EVERY = timedelta(hours=1)


class Watcher:
    """Polls the bucket, or its queue, until it is told to stop.

    What fails is told and tried again, later each time. With a queue the first sync lists, and one whenever
    the schedule says so; after a failure the next one does too: events may have been lost.
    """

    def __init__(
        self,
        settings: Settings,
        interval: float,
        *,
        told: Callable[[sync.SyncSummary], None],
        told_events: Callable[[EventsSummary], None],
        failed: Callable[[Exception, float], None],
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._interval = interval
        self._told = told
        self._told_events = told_events
        self._failed = failed
        self._plan = planned(settings)
        self._listing_due: datetime | None = None
        self._clock = clock or WallClock()
        self._stop = threading.Event()

    def stop(self) -> None:
        """End `run`: at once while it waits, after the object in hand while it syncs."""
        self._stop.set()

    def run(self) -> None:
        """Sync, wait `interval` seconds, and so on; `failed` gets an error and the seconds until the next.

        No failure ends it but that of a reader who has gone: raises BrokenPipeError when `told` does.
        """
        failures = 0
        while not self._stop.is_set():
            try:
                error = self._sync()
            except Stopped:
                return
            except _ReaderGone as gone:
                raise BrokenPipeError from gone
            except Exception as failure:  # noqa: BLE001 - what is broken now may be whole the next time
                error = failure
            if error is None:
                failures = 0
                wait = self._interval
            else:
                failures += 1
                self._listing_due = None
                doubled = self._interval * 2.0 ** min(failures, _DOUBLINGS)
                wait = min(doubled, max(LONGEST_WAIT, self._interval))
                with suppress(OSError):  # a log on the disk that is full
                    self._failed(error, wait)
            self._clock.wait(wait, self._stop)

    def _sync(self) -> Exception | None:
        """One sync, by the queue unless a listing is due; the failure of one by the queue. Raises Stopped."""
        now = self._clock.now()
        if self._settings.queue_id is not None and self._listing_due is not None and now < self._listing_due:
            summary, error = event_sync.attempt(self._settings, Stopping(self._stop))
            _tell(self._told_events, summary)
            after_sync(self._settings)
            return error
        _tell(self._told, sync.run(self._settings, Stopping(self._stop)))
        after_sync(self._settings)
        self._listing_due = self._plan.after(now) if self._plan else now + LISTING_EVERY
        return None


class _ReaderGone(Exception):
    """Nobody reads any more what syncs did."""


def _tell(told: Callable[[Summary], None], summary: Summary) -> None:
    """Tell it; a pipe that breaks here is that of our reader, and no connection to a bucket."""
    try:
        told(summary)
    except BrokenPipeError as error:
        raise _ReaderGone from error

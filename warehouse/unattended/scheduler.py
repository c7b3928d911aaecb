"""Runs syncs when they are due.

The last moment that was due is remembered in the manifest: what was missed while nobody ran, however often,
is made up for by one run. A sync that another process runs already counts as this one's.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Protocol

from warehouse import sync
from warehouse.alerts.watch import after_sync
from warehouse.errors import BusyError
from warehouse.manifest import Manifest
from warehouse.settings import Settings
from warehouse.unattended.plan import Plan
from warehouse.worker import Attempt, log_failure, shown

log = logging.getLogger("warehouse.schedule")

#: The part of the manifest's state that remembers the schedule.
STATE = "schedule"
#: A wait is cut into pieces of this many seconds, so that a clock that was set is noticed.
_LONGEST_WAIT = 60.0


class Clock(Protocol):
    """Time as the scheduler sees it."""

    def now(self) -> datetime:
        """The time (UTC)."""

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return after so many seconds, or as soon as `stop` is set."""


class WallClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The time (UTC)."""
        return datetime.now(UTC)

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return after so many seconds, or as soon as `stop` is set."""
        stop.wait(seconds)


class Stopped(Exception):
    """The scheduler was told to stop in the middle of a sync."""


class Stopping:
    """Progress of a sync that ends it between two objects when the scheduler has to stop."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def start(self, objects: int, size: int) -> None:
        """So much is to be fetched. Raises Stopped."""
        self._check()

    def advance(self, objects: int, size: int) -> None:
        """So many more are done. Raises Stopped."""
        self._check()

    def close(self) -> None:
        """Nothing more comes."""

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped("the scheduler was stopped")


class Scheduler:
    """Syncs when a plan says so, until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        *,
        clock: Clock | None = None,
        told: Callable[[sync.SyncSummary], None] = lambda summary: None,
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._clock = clock or WallClock()
        self._told = told
        self._stop = threading.Event()
        self.last: Attempt | None = None

    def stop(self) -> None:
        """End `run`: at once while it waits, after the object in hand while it syncs."""
        self._stop.set()

    def run(self) -> None:
        """Sync whenever it is due; returns when it was stopped. No failure ends it."""
        last = self._remembered()
        while not self._stop.is_set():
            try:
                last = self._turn(last)
            except Exception as failure:  # noqa: BLE001 - whatever it was, time goes on
                self.last = self._attempt("failed", shown(failure))
                log_failure(log, "the schedule could not be kept, which is tried again", failure)
                self._clock.wait(_LONGEST_WAIT, self._stop)

    def _turn(self, last: datetime) -> datetime:
        """Wait for what is due after `last`, or sync when it is; the last moment that was taken."""
        now = self._clock.now()
        due = self._plan.latest(now)
        if due <= last:
            wait = (self._plan.after(last) - now).total_seconds()
            self._clock.wait(min(wait, _LONGEST_WAIT), self._stop)
            return last
        if jitter := self._settings.schedule_jitter_seconds:
            self._clock.wait(random.uniform(0, jitter), self._stop)
            if self._stop.is_set():
                return last
        self._sync(due)
        return due

    def _remembered(self) -> datetime:
        """The last moment that was due and taken; for a plan that is new, the present.

        The present too when that cannot be read or noted now: the next moment makes up for what was missed.
        """
        now = self._clock.now()
        try:
            with closing(Manifest(self._settings.data_dir)) as manifest:
                state = manifest.state(STATE)
                if state.get("plan") == [self._plan.expression, self._plan.timezone]:
                    # A clock that was put back must not keep the schedule waiting until it has caught up.
                    return min(datetime.fromisoformat(state["due"]), now)
                manifest.remember(self._state(now, None))
        except Exception as failure:  # noqa: BLE001 - a start must not end here
            self.last = self._attempt("failed", shown(failure))
            log_failure(log, "the schedule could not look up what was due", failure)
        return now

    def _sync(self, due: datetime) -> None:
        try:
            attempt = self._attempted()
        except Stopped:
            # What was due is still due at the next start.
            log.info("stopped in the middle of a sync; what it committed stays")
            return
        self.last = attempt
        try:
            with closing(Manifest(self._settings.data_dir)) as manifest:
                manifest.remember(self._state(due, attempt))
        except Exception as failure:  # noqa: BLE001 - a full disk now is none for ever
            # The sync is not repeated for that: what it committed is there, and the next moment notes itself.
            if attempt.outcome != "failed":
                self.last = self._attempt("failed", f"its end could not be noted: {shown(failure)}")
            log_failure(log, "the end of the scheduled sync could not be noted", failure)

    def _attempted(self) -> Attempt:
        """Sync, and say how it ended. Raises Stopped, and nothing else."""
        try:
            summary = sync.run(self._settings, Stopping(self._stop))
            self._told(summary)
            after_sync(self._settings)
        except Stopped:
            raise
        except BusyError as busy:
            log.info("another sync or cleanup runs at the moment of the scheduled one")
            return self._attempt("busy", str(busy))
        except Exception as failure:  # noqa: BLE001 - one broken run must not end all after it
            log_failure(log, "the scheduled sync failed", failure)
            return self._attempt("failed", shown(failure))
        return self._attempt(summary.status)

    def _attempt(self, outcome: str, error: str | None = None) -> Attempt:
        return Attempt(self._clock.now(), outcome, error)

    def _state(self, due: datetime, attempt: Attempt | None) -> dict[tuple[str, str], Any]:
        return {
            (STATE, "plan"): [self._plan.expression, self._plan.timezone],
            (STATE, "due"): due.isoformat(),
            (STATE, "outcome"): attempt and attempt.outcome,
            (STATE, "ended"): attempt and attempt.ended.isoformat(),
            (STATE, "error"): attempt and attempt.error,
        }

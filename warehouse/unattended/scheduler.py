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
from warehouse.errors import BusyError, WarehouseError
from warehouse.manifest import Manifest
from warehouse.settings import Settings
from warehouse.unattended.plan import Plan

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

    def stop(self) -> None:
        """End `run`: at once while it waits, after the object in hand while it syncs."""
        self._stop.set()

    def run(self) -> None:
        """Sync whenever it is due; returns when it was stopped."""
        last = self._remembered()
        while not self._stop.is_set():
            now = self._clock.now()
            due = self._plan.latest(now)
            if due <= last:
                wait = (self._plan.after(last) - now).total_seconds()
                self._clock.wait(min(wait, _LONGEST_WAIT), self._stop)
                continue
            if jitter := self._settings.schedule_jitter_seconds:
                self._clock.wait(random.uniform(0, jitter), self._stop)
                if self._stop.is_set():
                    return
            last = due
            self._sync(due)

    def _remembered(self) -> datetime:
        """The last moment that was due and taken; for a plan that is new, the present."""
        now = self._clock.now()
        with closing(Manifest(self._settings.data_dir)) as manifest:
            state = manifest.state(STATE)
            if state.get("plan") == [self._plan.expression, self._plan.timezone]:
                # A clock that was put back must not keep the schedule waiting until it has caught up.
                return min(datetime.fromisoformat(state["due"]), now)
            manifest.remember(self._state(now, None, None))
        return now

    def _sync(self, due: datetime) -> None:
        outcome, error = "ok", None
        try:
            summary = sync.run(self._settings, Stopping(self._stop))
            outcome = summary.status
            self._told(summary)
            after_sync(self._settings)
        except Stopped:
            # What was due is still due at the next start.
            log.info("stopped in the middle of a sync; what it committed stays")
            return
        except BusyError as busy:
            outcome, error = "busy", str(busy)
            log.info("another sync or cleanup runs at the moment of the scheduled one")
        except WarehouseError as failure:
            outcome, error = "failed", str(failure)
            log.error("the scheduled sync failed: %s", failure)
        except Exception as failure:  # one broken run must not end all that come after it
            outcome, error = "failed", type(failure).__name__
            log.exception("the scheduled sync failed")
        with closing(Manifest(self._settings.data_dir)) as manifest:
            manifest.remember(self._state(due, outcome, error))

    def _state(self, due: datetime, outcome: str | None, error: str | None) -> dict[tuple[str, str], Any]:
        ended = self._clock.now().isoformat() if outcome else None
        return {
            (STATE, "plan"): [self._plan.expression, self._plan.timezone],
            (STATE, "due"): due.isoformat(),
            (STATE, "outcome"): outcome,
            (STATE, "ended"): ended,
            (STATE, "error"): error,
        }

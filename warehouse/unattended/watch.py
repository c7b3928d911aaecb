"""Syncs again and again, an interval apart."""

from __future__ import annotations

import threading
from collections.abc import Callable

from warehouse import sync
from warehouse.errors import WarehouseError
from warehouse.settings import Settings
from warehouse.unattended.scheduler import Clock, Stopped, Stopping, WallClock

#: After failures the wait doubles up to this many seconds (or the interval, where that is longer).
LONGEST_WAIT = 3600.0


class Watcher:
    """Polls the bucket until it is told to stop; what fails is told and tried again, later each time."""

    def __init__(
        self,
        settings: Settings,
        interval: float,
        *,
        told: Callable[[sync.SyncSummary], None],
        failed: Callable[[WarehouseError, float], None],
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._interval = interval
        self._told = told
        self._failed = failed
        self._clock = clock or WallClock()
        self._stop = threading.Event()

    def stop(self) -> None:
        """End `run`: at once while it waits, after the object in hand while it syncs."""
        self._stop.set()

    def run(self) -> None:
        """Sync, wait `interval` seconds, and so on; `failed` gets an error and the seconds until the next."""
        failures = 0
        while not self._stop.is_set():
            try:
                self._told(sync.run(self._settings, Stopping(self._stop)))
                failures = 0
                wait = self._interval
            except Stopped:
                return
            except WarehouseError as error:
                failures += 1
                wait = min(self._interval * 2**failures, max(LONGEST_WAIT, self._interval))
                self._failed(error, wait)
            self._clock.wait(wait, self._stop)

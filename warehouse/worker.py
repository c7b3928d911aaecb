"""Work in a thread of its own beside a server: it tells how it is, and does not end silently."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from warehouse.errors import WarehouseError, in_one_line

log = logging.getLogger("warehouse.worker")


class Attempt(Struct, frozen=True):
    """How one round of such work ended (UTC); `error` says why it failed, or was busy."""

    ended: datetime
    outcome: str
    error: str | None = None


class Work(Protocol):
    """Goes on until it is told to stop, and remembers its last attempt."""

    last: Attempt | None

    def run(self) -> None:
        """Returns when it was stopped."""

    def stop(self) -> None:
        """End soon."""


class Worker:
    """One piece of work in its thread."""

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name)
        self._stopping = False
        self._fault: str | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the work to end, and wait until it did."""
        self._stopping = True
        self._work.stop()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether it still does its work."""
        return self._thread.is_alive()

    @property
    def last(self) -> Attempt | None:
        """How its last attempt ended; None before the first."""
        return self._work.last

    @property
    def troubled(self) -> bool:
        """Whether somebody should look: it has ended, or its last attempt failed."""
        return not self.alive or (self.last is not None and self.last.outcome == "failed")

    def state(self) -> dict[str, Any]:
        """The same under camelCase names; times in epoch milliseconds."""
        last, alive = self.last, self.alive
        return {
            "name": self.name,
            "alive": alive,
            "lastEnded": None if last is None else round(last.ended.timestamp() * 1000),
            "outcome": None if last is None else last.outcome,
            "error": (last and last.error) if alive else self._fault or "it has ended",
        }

    def _run(self) -> None:
        try:
            self._work.run()
        except BaseException as error:  # nobody is above us: a thread would end without a word
            self._fault = f"it has ended: {type(error).__name__}"
            log.critical("the work %s has ended: %s", self.name, in_one_line(error), exc_info=error)
            return
        if not self._stopping:
            log.critical("the work %s has ended, though nobody stopped it", self.name)


def log_failure(log: logging.Logger, what: str, failure: Exception) -> None:
    """One line; the traceback is for what nobody foresaw."""
    foreseen = isinstance(failure, WarehouseError)
    log.error("%s: %s", what, in_one_line(failure), exc_info=None if foreseen else failure)


def shown(failure: Exception) -> str:
    """What /health tells everybody of a failure: a text that is not ours may hold anything."""
    return str(failure) if isinstance(failure, WarehouseError) else type(failure).__name__

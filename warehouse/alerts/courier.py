"""Sends messages beside everything else, for a process that goes on: a server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger("warehouse.alerts")


class Courier:
    """One thread at most, which lives while there is something to send. Safe for use from several threads.

    `deliver` sends what is due; it is given a function that says when to leave the rest to the next process.
    """

    def __init__(self, deliver: Callable[[Callable[[], bool]], object]) -> None:
        self._deliver = deliver
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._wanted = False
        self._thread: threading.Thread | None = None

    def soon(self) -> None:
        """Send what is due, without waiting for it."""
        with self._lock:
            self._wanted = True
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="messages")
                self._thread.start()

    def close(self) -> None:
        """Returns when the message in hand is sent or has failed; the rest stays due."""
        self._stop.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._wanted or self._stop.is_set():
                    self._thread = None
                    return
                self._wanted = False
            try:
                self._deliver(self._stop.is_set)
            except Exception:  # whatever it is: the next round sends what is due
                log.exception("messages about alerts could not be sent")

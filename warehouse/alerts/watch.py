"""Tests the rules after a sync, and on the clock while the server runs."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from datetime import UTC, datetime

from warehouse.alerts.book import AlertBook
from warehouse.alerts.rounds import Checked
from warehouse.engine import Engine
from warehouse.manifest import Manifest
from warehouse.settings import Settings
from warehouse.worker import Attempt, log_failure, shown

log = logging.getLogger("warehouse.alerts")

_WHAT = "the alert rules could not be tested"


def after_sync(settings: Settings) -> None:
    """One round of tests and messages; what goes wrong is logged, because the sync went well without it."""
    try:
        with (
            closing(Manifest(settings.data_dir)) as manifest,
            closing(Engine(settings.data_dir, manifest)) as engine,
        ):
            _tell(AlertBook(settings, manifest, engine).check())
    except Exception as error:  # noqa: BLE001 - whatever it is, the sync went well
        log_failure(log, _WHAT, error)


def check(book: AlertBook) -> None:
    """One round of tests in a server, logged with whatever goes wrong; nobody waits for the sending."""
    try:
        _tell(book.check(send=False))
    except Exception as error:  # noqa: BLE001 - whatever it is, what came before went well
        log_failure(log, _WHAT, error)
    book.send_soon()


def _tell(done: Checked) -> None:
    for rule_id, reason in done.errors.items():
        log.error("the alert rule %s cannot be tested: %s", rule_id, reason)
    if done.fired or done.resolved:
        log.info("alerts: %d fired, %d resolved, %d are firing", done.fired, done.resolved, done.firing)


class Clock:
    """Rounds of tests every so often, until it is told to stop."""

    def __init__(self, book: AlertBook, seconds: float) -> None:
        self._book = book
        self._seconds = seconds
        self._stop = threading.Event()
        self.last: Attempt | None = None

    def run(self) -> None:
        """Returns when it was stopped; no failure ends it."""
        while not self._stop.is_set():
            try:
                _tell(self._book.check(send=False))
                self.last = Attempt(datetime.now(UTC), "ok")
            except Exception as error:  # noqa: BLE001 - one broken round must not end all after it
                self.last = Attempt(datetime.now(UTC), "failed", shown(error))
                log_failure(log, _WHAT, error)
            self._book.send_soon()
            self._stop.wait(self._seconds)

    def stop(self) -> None:
        """End `run` at once while it waits, otherwise after the tests."""
        self._stop.set()

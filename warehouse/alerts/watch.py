"""Tests the rules after a sync, and on the clock while the server runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from warehouse.alerts.book import AlertBook
from warehouse.alerts.rounds import Checked
from warehouse.engine import Engine
from warehouse.errors import WarehouseError
from warehouse.manifest import Manifest
from warehouse.settings import Settings

log = logging.getLogger("warehouse.alerts")


def after_sync(settings: Settings) -> None:
    """One round of tests and messages; what goes wrong is logged, because the sync went well without it."""
    with (
        _logged(),
        closing(Manifest(settings.data_dir)) as manifest,
        closing(Engine(settings.data_dir, manifest)) as engine,
    ):
        _tell(AlertBook(settings, manifest, engine).check())


def check(book: AlertBook) -> None:
    """One round of tests in a server, logged with whatever goes wrong; nobody waits for the sending."""
    with _logged():
        _tell(book.check(send=False))
    book.send_soon()


@contextmanager
def _logged() -> Iterator[None]:
    """Whatever a round raises: what comes after it has to go on."""
    try:
        yield
    except WarehouseError as error:
        log.error("the alert rules could not be tested: %s", error)
    except Exception:
        log.exception("the alert rules could not be tested")


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

    def run(self) -> None:
        """Returns when it was stopped; no failure ends it."""
        while not self._stop.is_set():
            check(self._book)
            self._stop.wait(self._seconds)

    def stop(self) -> None:
        """End `run` at once while it waits, otherwise after the tests."""
        self._stop.set()

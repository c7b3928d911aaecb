"""Tests the rules after a sync, and on the clock while the server runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing

from warehouse.alerts.book import AlertBook
from warehouse.engine import Engine
from warehouse.errors import WarehouseError
from warehouse.manifest import Manifest
from warehouse.settings import Settings

log = logging.getLogger("warehouse.alerts")


def after_sync(settings: Settings) -> None:
    """One round of tests; what goes wrong is logged, because the sync went well without it."""
    try:
        with (
            closing(Manifest(settings.data_dir)) as manifest,
            closing(Engine(settings.data_dir, manifest)) as engine,
        ):
            check(AlertBook(settings, manifest, engine))
    except WarehouseError as error:
        log.error("the alert rules could not be tested: %s", error)
    except Exception:  # whatever it is: the sync is done
        log.exception("the alert rules could not be tested")


def check(book: AlertBook, stopped: Callable[[], bool] = lambda: False) -> None:
    """One round of tests, logged with whatever goes wrong."""
    try:
        done = book.check(stopped=stopped)
    except WarehouseError as error:
        log.error("the alert rules could not be tested: %s", error)
        return
    except Exception:  # whatever it is: what comes after this round has to go on
        log.exception("the alert rules could not be tested")
        return
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
            check(self._book, self._stop.is_set)
            self._stop.wait(self._seconds)

    def stop(self) -> None:
        """End `run` at once while it waits, otherwise after the tests and the message in hand."""
        self._stop.set()

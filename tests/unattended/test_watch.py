"""Watching: by listing, or by the queue with a listing at the start, by the schedule and after faults."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.sync.support import DAY, Mirror, lines
from tests.unattended.fake_queue import FakeQueue, Fault
from tests.unattended.test_event_sync import put
from tests.warehouse_builder import utc
from warehouse import backoff, duck, sync
from warehouse.errors import BucketError, in_one_line
from warehouse.unattended.watch import Watcher


class Clock:
    """Moves only when somebody waits; each wait begins with what the test does then, the last one ends it."""

    def __init__(self, *steps: Callable[[], Any]) -> None:
        self.time = utc("2026-03-01T00:00")
        self.waits: list[float] = []
        self._steps = [*steps]
        self.watcher: Watcher | None = None

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float, stop: threading.Event) -> None:
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)
        if self._steps:
            self._steps.pop(0)()
        else:
            assert self.watcher
            self.watcher.stop()


def watched(mirror: Mirror, clock: Clock, interval: float = 60, **settings: Any) -> list[str]:
    """What the syncs of a watcher did until the clock's last wait."""
    did: list[str] = []
    watcher = Watcher(
        msgspec.structs.replace(mirror.settings, **settings),
        interval,
        told=lambda summary: did.append(f"listed {summary.class_a > 0}, {summary.objects} objects"),
        told_events=lambda summary: did.append(
            f"{summary.messages} events, {summary.sync.class_a if summary.sync else 0} listings,"
            f" {summary.sync.objects if summary.sync else 0} objects"
        ),
        failed=lambda error, wait: did.append(f"{in_one_line(error).split(':')[0]}, again in {wait:.0f} s"),
        clock=clock,
    )
    clock.watcher = watcher
    watcher.run()
    return did


def test_without_a_queue_every_sync_lists(mirror: Mirror) -> None:
    clock = Clock(lambda: mirror.put("logs/1.gz", lines(10, DAY)))
    assert watched(mirror, clock) == ["listed True, 0 objects", "listed True, 1 objects"]
    assert clock.waits == [60, 60]


def test_with_a_queue_the_first_sync_lists_and_the_others_ask_the_queue(
    told: Mirror, queue: FakeQueue
) -> None:
    told.put("logs/before.gz", lines(10, DAY))
    clock = Clock(lambda: put(told, queue, "1", "2"), lambda: None)
    assert watched(told, clock) == [
        "listed True, 1 objects",
        "2 events, 0 listings, 2 objects",
        "0 events, 0 listings, 0 objects",
    ]


def test_a_sync_lists_when_the_schedule_says_so(told: Mirror, queue: FakeQueue) -> None:
    clock = Clock(lambda: None, lambda: told.put("logs/missed.gz", lines(10, DAY)), lambda: None)
    did = watched(told, clock, interval=20 * 60, schedule="30 * * * *")
    empty = "0 events, 0 listings, 0 objects"
    assert did == ["listed True, 0 objects", empty, "listed True, 1 objects", empty]


def test_without_a_schedule_a_sync_lists_every_hour(told: Mirror, queue: FakeQueue) -> None:
    clock = Clock(*[lambda: None] * 4)
    did = watched(told, clock, interval=30 * 60)
    assert [line.split()[0] for line in did] == ["listed", "0", "listed", "0", "listed"]


def test_after_a_failure_of_the_queue_the_next_sync_lists(
    told: Mirror, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.0)
    queue.faults = [Fault(500, times=6)]
    clock = Clock(lambda: None, lambda: told.put("logs/1.gz", lines(10, DAY)), lambda: None)
    assert watched(told, clock) == [
        "listed True, 0 objects",
        "The queue cannot be used, again in 120 s",
        "listed True, 1 objects",
        "0 events, 0 listings, 0 objects",
    ]


FAILURES = [
    BucketError("it does not answer"),
    sqlite3.OperationalError("database or disk is full"),
    OSError(errno.ENOSPC, "No space left on device"),
    BrokenPipeError("a connection of ours"),
    duck.Error("Parser Error: a format that is none"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_whatever_a_sync_meets_the_wait_doubles_up_to_an_hour_for_ever(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    real = sync.run

    def failing(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr(sync, "run", failing)
    clock = Clock(*[lambda: None] * 1_100, lambda: monkeypatch.setattr(sync, "run", real))
    did = watched(mirror, clock)
    assert clock.waits[:8] == [120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert {*clock.waits[8:-1]} == {3600}
    assert did[-1] == "listed True, 0 objects"
    assert clock.waits[-1] == 60


def test_an_interval_beyond_the_hour_is_the_longest_wait(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> Any:
        raise RuntimeError("a fault")

    monkeypatch.setattr(sync, "run", failing)
    clock = Clock(lambda: None)
    watched(mirror, clock, interval=86_400)
    assert clock.waits == [86_400, 86_400]


def test_a_reader_who_has_gone_ends_it(mirror: Mirror) -> None:
    def told(_: Any) -> None:
        raise BrokenPipeError

    watcher = Watcher(
        mirror.settings, 60, told=told, told_events=told, failed=lambda *_: None, clock=Clock(lambda: None)
    )
    with pytest.raises(BrokenPipeError):
        watcher.run()


def test_a_log_that_takes_no_more_ends_nothing(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    clock = Clock(lambda: None)
    clock.watcher = Watcher(
        mirror.settings, 60, told=failing, told_events=failing, failed=failing, clock=clock
    )
    clock.watcher.run()
    assert clock.waits == [120, 240]

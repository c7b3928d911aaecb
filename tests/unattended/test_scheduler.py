"""The scheduler: one sync for each moment that is due, one for all that were missed, never two at once."""

from __future__ import annotations

import errno
import sqlite3
import threading
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from tests.sync.test_full_disk import files_of_at_most
from tests.warehouse_builder import Builder, MemorySource, utc
from warehouse import lock
from warehouse.errors import UnavailableError, in_one_line
from warehouse.manifest import Manifest
from warehouse.settings import Settings
from warehouse.unattended import scheduler as schedulers
from warehouse.unattended.plan import Plan
from warehouse.unattended.scheduler import Scheduler


class TestClock:
    """A clock that moves only when somebody waits, and that stops the scheduler at its end."""

    __test__ = False

    def __init__(self, start: str, end: str) -> None:
        self.time, self.end = utc(start), utc(end)
        self.scheduler: Scheduler | None = None

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float, stop: threading.Event) -> None:
        assert seconds > 0, "a wait of no time would never end"
        self.time += timedelta(seconds=seconds)
        if self.time >= self.end and self.scheduler:
            self.scheduler.stop()


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "data")


def scheduled(builder: Builder, clock: TestClock, plan: Plan | None = None, **settings: Any) -> list[str]:
    """When (by the clock) syncs ran until the clock's end."""
    ran: list[str] = []
    scheduler = Scheduler(
        msgspec.structs.replace(builder.settings, **settings),
        plan or Plan("0 * * * *"),
        clock=clock,
        told=lambda summary: ran.append(f"{clock.time:%d %H:%M}"),
    )
    clock.scheduler = scheduler
    with (
        patch("warehouse.sync.Bucket", lambda settings: builder.bucket),
        patch("warehouse.sync.Fetcher", lambda settings, bucket: MemorySource(bucket)),
    ):
        scheduler.run()
    return ran


def state(builder: Builder) -> dict[str, Any]:
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        return manifest.state("schedule")


def test_a_sync_runs_at_each_moment_that_is_due_and_not_at_the_first_start(builder: Builder) -> None:
    assert scheduled(builder, TestClock("2026-03-01T00:30", "2026-03-01T03:30")) == [
        "01 01:00",
        "01 02:00",
        "01 03:00",
    ]
    assert state(builder)["outcome"] == "ok"
    assert state(builder)["due"] == "2026-03-01T03:00:00+00:00"


def test_what_was_missed_is_made_up_for_by_one_sync(builder: Builder) -> None:
    scheduled(builder, TestClock("2026-03-01T00:30", "2026-03-01T01:30"))
    assert scheduled(builder, TestClock("2026-03-03T07:20", "2026-03-03T09:10")) == [
        "03 07:20",
        "03 08:00",
        "03 09:00",
    ]


def test_a_start_between_two_moments_runs_nothing_twice(builder: Builder) -> None:
    scheduled(builder, TestClock("2026-03-01T00:30", "2026-03-01T01:30"))
    assert scheduled(builder, TestClock("2026-03-01T01:40", "2026-03-01T02:10")) == ["01 02:00"]


def test_another_plan_begins_anew(builder: Builder) -> None:
    scheduled(builder, TestClock("2026-03-01T00:30", "2026-03-01T01:30"))
    plan = Plan("30 12 * * *")
    assert scheduled(builder, TestClock("2026-03-05T00:00", "2026-03-05T13:00"), plan) == ["05 12:30"]


def test_a_clock_that_was_put_back_does_not_keep_the_schedule_waiting(builder: Builder) -> None:
    scheduled(builder, TestClock("2026-03-08T00:30", "2026-03-08T01:30"))
    assert scheduled(builder, TestClock("2026-03-01T05:30", "2026-03-01T07:30")) == ["01 06:00", "01 07:00"]


def test_a_sync_that_runs_elsewhere_is_noted_and_the_next_one_runs(builder: Builder) -> None:
    clock = TestClock("2026-03-01T00:30", "2026-03-01T01:30")
    with lock.writer(builder.settings.data_dir):
        assert scheduled(builder, clock) == []
    assert state(builder)["outcome"] == "busy"
    assert "another sync or cleanup" in state(builder)["error"]
    assert scheduled(builder, TestClock("2026-03-01T01:40", "2026-03-01T02:10")) == ["01 02:00"]


def test_a_failure_is_noted_and_the_next_one_runs(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = TestClock("2026-03-01T00:30", "2026-03-01T02:30")
    real, calls = schedulers.sync.run, []

    def failing(settings: Settings, progress: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a fault")
        return real(settings, progress)

    monkeypatch.setattr(schedulers.sync, "run", failing)
    assert scheduled(builder, clock) == ["01 02:00"]


def test_jitter_delays_by_its_bound_at_most(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedulers.random, "uniform", lambda low, high: high)
    clock = TestClock("2026-03-01T00:30", "2026-03-01T02:30")
    ran = scheduled(builder, clock, schedule_jitter_seconds=300)
    assert ran == ["01 01:05", "01 02:05"]


def test_a_stop_in_the_middle_of_a_sync_leaves_what_was_due_for_the_next_start(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.sync._CHUNK_OBJECTS", 1)
    scheduled(builder, TestClock("2026-03-01T00:30", "2026-03-01T00:50"))
    for _ in range(3):
        builder.put([{"timestamp": 1767225600000}])
    clock = TestClock("2026-03-01T00:55", "2026-03-01T23:00")
    get = MemorySource.get
    got: list[str] = []

    def stopping(self: MemorySource, info: Any, span: Any = None) -> bytes:
        got.append(info.key)
        assert clock.scheduler
        if len(got) == 2:
            clock.scheduler.stop()
        return get(self, info, span)

    monkeypatch.setattr(MemorySource, "get", stopping)
    assert scheduled(builder, clock) == []
    assert "outcome" not in state(builder)
    assert builder.rows("SELECT sum(accepted) < 3 FROM ledger") == [(True,)]
    monkeypatch.setattr(MemorySource, "get", get)
    assert scheduled(builder, TestClock("2026-03-01T01:20", "2026-03-01T01:30")) == ["01 01:20"]
    assert builder.rows("SELECT count(*) FROM logs") == [(3,)]


ERRORS = [
    UnavailableError("database or disk is full"),
    sqlite3.OperationalError("disk I/O error"),
    OSError(errno.ENOSPC, "No space left on device"),
    RuntimeError("a fault\nof two lines"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_end_that_cannot_be_noted_is_told_in_one_line_and_the_next_one_runs(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    clock = TestClock("2026-03-01T00:30", "2026-03-01T03:30")
    remember = Manifest.remember

    def full_at_two(manifest: Manifest, values: Any) -> None:
        if clock.time.hour == 2 and (schedulers.STATE, "due") in values:
            raise error
        remember(manifest, values)

    monkeypatch.setattr(Manifest, "remember", full_at_two)
    assert scheduled(builder, clock) == ["01 01:00", "01 02:00", "01 03:00"]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == f"the end of the scheduled sync could not be noted: {in_one_line(error)}"
    assert "\n" not in line
    assert state(builder)["due"] == "2026-03-01T03:00:00+00:00"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_start_that_cannot_look_up_what_was_due_syncs_at_the_next_moment(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    clock = TestClock("2026-03-01T00:30", "2026-03-01T02:30")
    read = Manifest.state

    def full_at_first(manifest: Manifest, part: str) -> dict[str, Any]:
        if clock.time.hour == 0:
            raise error
        return read(manifest, part)

    monkeypatch.setattr(Manifest, "state", full_at_first)
    assert scheduled(builder, clock) == ["01 01:00", "01 02:00"]
    assert [record.getMessage() for record in caplog.records] == [
        f"the schedule could not look up what was due: {in_one_line(error)}"
    ]


def test_a_disk_that_is_full_for_two_hours_ends_nothing(
    builder: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    builder.put([{"timestamp": 1767225600000}])
    clock = TestClock("2026-03-01T00:30", "2026-03-01T03:30")
    with ExitStack() as disk:
        wait = clock.wait

        def waited(seconds: float, stop: threading.Event) -> None:
            wait(seconds, stop)
            if clock.time == utc("2026-03-01T00:31"):
                disk.enter_context(files_of_at_most(1))
            if clock.time == utc("2026-03-01T02:30"):
                disk.close()

        with patch.object(clock, "wait", waited):
            assert scheduled(builder, clock) == ["01 03:00"]
    assert "the scheduled sync failed: " in caplog.text
    assert state(builder)["outcome"] == "ok"
    assert builder.rows("SELECT count(*) FROM logs") == [(1,)]


def test_a_plan_that_fails_is_asked_again(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    latest, calls = Plan.latest, []

    def failing(plan: Plan, moment: datetime) -> datetime:
        calls.append(1)
        if len(calls) == 1:
            raise ArithmeticError("a fault")
        return latest(plan, moment)

    monkeypatch.setattr(Plan, "latest", failing)
    assert scheduled(builder, TestClock("2026-03-01T00:30", "2026-03-01T01:30")) == ["01 01:00"]


def test_alert_rules_that_cannot_be_tested_make_no_failed_sync(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("warehouse.alerts.book.AlertBook.check", failing)
    scheduled(builder, TestClock("2026-03-01T00:30", "2026-03-01T01:30"))
    assert state(builder)["outcome"] == "ok"
    assert "the alert rules could not be tested: OperationalError: disk I/O error" in caplog.text

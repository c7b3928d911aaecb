"""The work beside the serving: /health tells how it is, and whatever it meets, it goes on."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from api.app import create_app
from api.models import Health
from tests.api.conftest import BASE
from tests.api.shapes import is_exactly
from tests.warehouse_builder import Builder
from warehouse.manifest import Manifest
from warehouse.settings import Settings
from warehouse.worker import Attempt, Worker


class Work:
    """Goes on until it is told to stop, or meets what a test gives it."""

    def __init__(self, last: Attempt | None = None, met: BaseException | None = None) -> None:
        self.last, self._met = last, met
        self._stop = threading.Event()

    def run(self) -> None:
        if self._met is not None:
            raise self._met
        self._stop.wait()

    def stop(self) -> None:
        self._stop.set()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    builder = Builder(tmp_path / "data")
    builder.put([{"timestamp": 1767225600000}])
    builder.sync()
    return msgspec.structs.replace(builder.settings, schedule="0 3 * * *")


@contextmanager
def health(settings: Settings, *works: tuple[str, Work], ended: bool = False) -> Iterator[dict[str, Any]]:
    """What /health says while so much work is done beside it, or after it has ended."""
    workers = [Worker(name, work) for name, work in works]
    for worker in workers:
        worker.start()
        if ended:
            worker._thread.join()
    try:
        with TestClient(create_app(settings, None, workers), base_url=BASE) as client:
            answer = client.get("/health")
            assert answer.status_code == 200
            is_exactly(answer.json(), Health)
            assert answer.json()["status"] == "ok"
            yield answer.json()
    finally:
        for worker in workers:
            worker.stop()


AT = datetime(2026, 11, 3, tzinfo=UTC)
AT_MS = 1793664000000


def test_work_that_goes_well_is_no_trouble(settings: Settings) -> None:
    with health(settings, ("schedule", Work()), ("alerts", Work(Attempt(AT, "ok")))) as said:
        assert said["troubled"] is False
        assert said["schedule"]["nextSync"] is not None
        assert said["background"] == [
            {"name": "schedule", "alive": True, "lastEnded": None, "outcome": None, "error": None},
            {"name": "alerts", "alive": True, "lastEnded": AT_MS, "outcome": "ok", "error": None},
        ]


def test_a_scheduler_that_has_ended_is_told_and_nothing_is_due(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    secret = RuntimeError("a text with who knows what in it")
    with health(settings, ("schedule", Work(met=secret)), ended=True) as said:
        assert said["troubled"] is True
        assert said["schedule"]["nextSync"] is None
        assert said["background"][0] == {
            "name": "schedule",
            "alive": False,
            "lastEnded": None,
            "outcome": None,
            "error": "it has ended: RuntimeError",
        }
    assert "the work schedule has ended: RuntimeError: a text" in caplog.text


def test_an_exit_within_the_work_is_no_silent_end(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with health(settings, ("alerts", Work(met=SystemExit(0))), ended=True) as said:
        assert (said["troubled"], said["background"][0]["alive"]) == (True, False)
        assert said["schedule"]["nextSync"]  # that one is somebody else's
    assert "the work alerts has ended: SystemExit: 0" in caplog.text


def test_a_failed_attempt_is_told_also_when_it_could_not_be_noted(settings: Settings) -> None:
    failed = Attempt(AT, "failed", "the disk is full")
    with health(settings, ("schedule", Work(failed))) as said:
        assert said["troubled"] is True
        assert said["schedule"]["outcome"] == said["background"][0]["outcome"] == "failed"
        assert said["schedule"]["error"] == "the disk is full"
        assert said["schedule"]["lastEnded"] == AT_MS


def test_a_failure_before_the_start_of_the_server_is_told_until_a_sync_went_well(settings: Settings) -> None:
    manifest = Manifest(settings.data_dir)
    manifest.remember(
        {
            ("schedule", "outcome"): "failed",
            ("schedule", "ended"): AT.isoformat(),
            ("schedule", "error"): "no answer",
        }
    )
    manifest.close()
    with health(settings, ("schedule", Work())) as said:
        assert (said["troubled"], said["schedule"]["error"]) == (True, "no answer")
    later = Attempt(AT.replace(hour=4), "ok")
    with health(settings, ("schedule", Work(later))) as said:
        assert (said["troubled"], said["schedule"]["outcome"]) == (False, "ok")


def test_a_sync_that_another_one_kept_from_beginning_is_no_trouble(settings: Settings) -> None:
    with health(settings, ("schedule", Work(Attempt(AT, "busy", "another sync is running")))) as said:
        assert said["troubled"] is False


def test_without_a_schedule_and_alerts_there_is_nothing_beside(settings: Settings) -> None:
    with health(msgspec.structs.replace(settings, schedule=None)) as said:
        assert (said["schedule"], said["troubled"], said["background"]) == (None, False, [])


def test_rollups_that_cannot_be_kept_in_memory_end_no_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("warehouse.service.Warehouse.warm", failing)
    monkeypatch.setattr("api.app._WARM_AFTER", 0)
    with TestClient(create_app(settings), base_url=BASE) as client:
        assert client.get("/health").status_code == 200
    assert "rollups are not kept in memory: OperationalError: disk I/O error" in caplog.text

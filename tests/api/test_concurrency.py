"""Many requests at once, also while a sync runs: nobody waits for the event loop, every answer is right."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.app import create_app
from tests.api.conftest import BASE, PREFIX
from warehouse import sync
from warehouse.settings import Settings

PATHS = (
    "/analytics?hours=24", "/analytics/trends?hours=48", "/analytics/alerts", "/analytics/report",
    "/analytics/predict", "/logs?limit=10", "/logs?level=error&q=time", "/logs/stats", "/stats", "/packages",
)  # fmt: skip


def test_fifty_requests_at_once_get_the_answers_that_one_gets(client: TestClient[Litestar]) -> None:
    def totals(path: str) -> Any:
        answer = client.get(PREFIX + path)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return [body.get(name) for name in ("totalCount", "totalEntries", "hours", "r2")]

    alone = {path: totals(path) for path in PATHS}
    with ThreadPoolExecutor(50) as pool:
        together = list(pool.map(lambda path: (path, totals(path)), PATHS * 5))
    assert len(together) == 50
    for path, answer in together:
        assert answer == alone[path]


def test_health_answers_while_slow_questions_are_computed(filled: Settings, warehouse: Any) -> None:
    release = threading.Event()

    class Slow:
        """Its figures wait; its health does not."""

        def analytics(self, *_: Any) -> dict[str, Any]:
            release.wait(30)
            return {}

        def health(self, *_: Any) -> dict[str, Any]:
            return {"status": "ok", "generation": 1}

    slow: Any = Slow()
    with TestClient(create_app(filled, slow), base_url=BASE) as opened, ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(opened.get, f"{PREFIX}/analytics") for _ in range(8)]
        try:
            began = time.monotonic()
            assert opened.get("/health").status_code == 200
            assert time.monotonic() - began < 5
            assert not any(each.done() for each in waiting)
        finally:
            release.set()
        assert all(each.result().status_code == 200 for each in waiting)


def test_reading_goes_on_while_a_sync_runs_and_a_second_sync_is_refused(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, release = threading.Event(), threading.Event()

    class Held(sync._Sync):
        """A sync that waits while it holds the writer's lock."""

        def run(self) -> sync.SyncSummary:
            inside.set()
            release.wait(30)
            return super().run()

    monkeypatch.setattr(sync, "_Sync", Held)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(client.post, f"{PREFIX}/sync")
        try:
            assert inside.wait(30)
            assert client.get(f"{PREFIX}/analytics").status_code == 200
            assert client.post(f"{PREFIX}/sync").status_code == 409
        finally:
            release.set()
        assert running.result().json()["synced"] is True

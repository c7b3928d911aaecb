"""GET /live: a look that fails does not end what listeners are told."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from api import live
from api.live import LiveHub


class Warehouse:
    """Commits whenever it is looked at; looks fail in between."""

    def __init__(self) -> None:
        self.looks = 0

    def pulse(self) -> dict[str, Any]:
        self.looks += 1
        if self.looks in (3, 4):
            raise sqlite3.OperationalError("disk I/O error")
        return {"generation": self.looks, "firing": 0, "pending": 0}

    def logs(self, _: Any) -> dict[str, Any]:
        return {"logs": []}


def test_whatever_a_look_meets_the_next_one_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "_LOOK", 0.01)
    warehouse: Any = Warehouse()

    async def heard() -> list[int]:
        hub = LiveHub(warehouse)
        found: list[int] = []
        async for message in hub.listen(None):
            assert isinstance(message.id, int)
            found.append(message.id)
            if len(found) == 4:
                break
        hub.close()
        return found

    generations = asyncio.run(asyncio.wait_for(heard(), 60))
    assert generations[-1] >= 5
    assert "nobody can be told what happens: OperationalError: disk I/O error" in caplog.text

"""A small warehouse whose panels can be reckoned by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import msgspec
import pytest

from tests.warehouse_builder import Builder, log, utc
from warehouse.boards.board import Panel
from warehouse.service import Warehouse

NOW = utc("2026-03-02T12:00:00")
Ask = Callable[..., dict[str, Any]]


def entries() -> list[dict[str, Any]]:
    """Of the window 09:00 to 12:00 five, with 10, 20, 30, 40 ms; of the three hours before two."""
    return [
        log("2026-03-02T07:30:00", "info", source="api", responseTime=50, status=200),
        log("2026-03-02T08:30:00", "error", source="api", status=500),
        log("2026-03-02T09:10:00", "info", source="api", responseTime=10, status=200),
        log("2026-03-02T09:50:00", "info", source="proxy", responseTime=20, status=404),
        log("2026-03-02T11:10:00", "error", source="api", responseTime=30, status=503),
        log("2026-03-02T11:20:00", "warn", "100% Odd", source="auth", responseTime=40, status=200),
        log("2026-03-02T11:30:00", "info", "nothing special"),
    ]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    builder = Builder(tmp_path_factory.mktemp("boards"))
    builder.put(entries())
    builder.sync()
    with closing(builder.open()) as opened:
        yield opened


@pytest.fixture
def ask(warehouse: Warehouse) -> Ask:
    """What a panel over the logs of the three hours before NOW shows."""

    def asked(kind: str, hours: float = 3, now: datetime = NOW, **given: Any) -> dict[str, Any]:
        panel = msgspec.convert({"id": "p", "kind": kind, "source": "logs"} | given, Panel)
        return warehouse.board_book.data(panel, hours, now)

    return asked

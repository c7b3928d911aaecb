"""Counts and histograms of logs from rollups are those of the rows: endpoints/logs_count_slots,
endpoints/logs_histogram_slots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from unittest.mock import patch

import pytest

from tests.warehouse_builder import Builder, log, millis, utc
from warehouse import logquery, logsearch
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse

START = utc("2026-03-01T22:10:00")
LEVELS = ("debug", "info", "warn", "error")
#: One entry every seven minutes for five hours, over midnight; every fifth has no source.
ENTRIES = [
    {
        "at": START + timedelta(minutes=7 * number),
        "level": LEVELS[number % 4],
        "source": None if number % 5 == 0 else f"s{number % 3}",
        "package": f"p{number % 2}",
        "hash": f"0x{number % 2}a",
    }
    for number in range(43)
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    builder = Builder(tmp_path_factory.mktemp("slots"))
    builder.put(
        [
            log(one["at"], one["level"], package=one["package"], configHash=one["hash"])
            | ({"source": one["source"]} if one["source"] else {})
            for one in ENTRIES
        ]
    )
    builder.sync()
    with closing(builder.open()) as opened:
        yield opened


WINDOWS = [
    (START, None),
    (START + timedelta(minutes=11), START + timedelta(hours=3, minutes=2)),
    (utc("2026-03-01T23:00:00"), utc("2026-03-02T01:00:00")),
    (utc("2026-03-01T23:00:01"), utc("2026-03-02T00:59:59")),
    (utc("2026-03-02T00:05:00"), utc("2026-03-02T00:50:00")),
    (utc("2026-03-02T00:05:00"), utc("2026-03-02T01:10:00")),
    (None, utc("2026-03-02T00:30:00")),
    (utc("9999-12-31T23:59:59"), None),
]
FILTERS: list[dict[str, Any]] = [
    {},
    {"levels": ["error"]},
    {"levels": ["info", "debug"]},
    {"source": "s1"},
    {"source": "unknown"},
    {"package": "p1"},
    {"config_hash": "0x0a"},
    {"config_hash": "0x0A"},
    {"source": "s1", "levels": ["warn"]},
]


def matches(
    one: dict[str, Any], start: datetime | None, end: datetime | None, wanted: dict[str, Any]
) -> bool:
    return (
        (start is None or one["at"] >= start)
        and (end is None or one["at"] <= end)
        and one["level"] in wanted.get("levels", LEVELS)
        and wanted.get("source") in (None, one["source"] or "unknown")
        and wanted.get("package") in (None, one["package"])
        and (wanted.get("config_hash") or one["hash"]).lower() == one["hash"]
    )


@pytest.mark.parametrize(("window", "wanted"), list(product(WINDOWS, FILTERS)))
def test_the_total_of_a_page_is_that_of_its_rows(
    warehouse: Warehouse, window: tuple[datetime | None, datetime | None], wanted: dict[str, Any]
) -> None:
    page = warehouse.logs(LogFilter(start=window[0], end=window[1], limit=100, group="date", **wanted))
    expected = [one for one in ENTRIES if matches(one, *window, wanted)]
    assert page["totalCount"] == len(page["logs"]) == len(expected)
    assert {group["date"]: group["count"] for group in page["groups"]} == {
        str(day): sum(one["at"].date() == day for one in expected)
        for day in {one["at"].date() for one in expected}
    }


def asked(warehouse: Warehouse, wanted: LogFilter) -> set[str]:
    """Which queries answer a page."""
    engine = warehouse.log_viewer._engine
    with patch.object(engine, "run", wraps=engine.run) as run:
        logquery.page(engine, wanted)
    return {call.args[0] for call in run.call_args_list}


def test_hours_are_counted_from_the_rollups(warehouse: Warehouse) -> None:
    whole = {"start": START, "end": START + timedelta(hours=4)}
    assert "logs_count_slots" in asked(warehouse, LogFilter(**whole, source="s1"))
    assert "logs_count_slots" in asked(warehouse, LogFilter(**whole, levels=["error"]))
    assert "logs_count" in asked(warehouse, LogFilter(**whole, source="s1", levels=["error"]))
    assert "logs_count" in asked(warehouse, LogFilter(**whole, source="unknown"))
    assert "logs_count_daily" in asked(warehouse, LogFilter(source="s1"))


def histogram(warehouse: Warehouse, wanted: LogFilter, points: int) -> tuple[list[dict[str, Any]], bool]:
    """The periods, and whether they came from the rollup."""
    engine = warehouse.log_viewer._engine
    with patch.object(engine, "run", wraps=engine.run) as run:
        rows = logsearch.histogram(engine, logquery.filters(wanted), points)["histogram"]
    return rows, "logs_histogram_slots" in {call.args[0] for call in run.call_args_list}


@pytest.mark.parametrize("levels", [None, ["error"], ["info", "debug"]])
@pytest.mark.parametrize(
    ("start", "minutes", "points", "slots"),
    [
        ("2026-03-01T22:00:00", 360, 6, True),  # hours
        ("2026-03-01T22:05:00", 360, 72, True),  # 5 minutes
        ("2026-03-01T22:00:30", 360, 12, True),  # half hours that begin at half minutes
        ("2026-03-01T22:00:01", 360, 6, False),  # not at a slot's beginning
        ("2026-03-01T22:00:00", 361, 7, False),  # no whole slots
        ("2026-03-01T22:00:00", 120, 4, False),  # ends before the newest entry
    ],
)
def test_a_histogram_of_slots_is_that_of_the_rows(
    warehouse: Warehouse, levels: list[str] | None, start: str, minutes: int, points: int, slots: bool
) -> None:
    begins = utc(start)
    ends = begins + timedelta(minutes=minutes) - timedelta(milliseconds=1)
    rows, from_rollup = histogram(warehouse, LogFilter(start=begins, end=ends, levels=levels), points)
    assert (from_rollup, len(rows)) == (slots, points)
    width = (rows[-1]["periodEnd"] - rows[0]["periodStart"]) / points
    for number, row in enumerate(rows):
        if slots:
            assert row["periodStart"] == millis(begins) + number * width
        inside = [
            one
            for one in ENTRIES
            if row["periodStart"] <= one["at"].timestamp() * 1000 < row["periodEnd"]
            and one["at"] <= ends
            and one["level"] in (levels or LEVELS)
        ]
        assert row["count"] == len(inside)
        for level in LEVELS:
            assert row[level] == sum(one["level"] == level for one in inside)


def test_a_histogram_of_any_other_filter_reads_the_rows(warehouse: Warehouse) -> None:
    begins = utc("2026-03-01T22:00:00")
    ends = begins + timedelta(hours=6) - timedelta(milliseconds=1)
    _, from_rollup = histogram(warehouse, LogFilter(start=begins, end=ends, source="s1"), 6)
    assert not from_rollup

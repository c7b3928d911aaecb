"""Counts, facets and histograms of logs from rollups are those of the rows: functions/matching,
endpoints/logs_count, endpoints/logs_facets, endpoints/logs_histogram, endpoints/logs_histogram_slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from unittest.mock import patch

import pytest

from tests.warehouse_builder import Builder, log, millis, naive, utc
from warehouse import logquery, logsearch, logslots
from warehouse.logfinds import Finds
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse

START = utc("2026-03-01T22:10:00")
LEVELS = ("debug", "info", "warn", "error")
FACETS = ("level", "source", "status", "method", "package", "hash")
#: One entry every seven minutes for five hours, over midnight; every fifth has no source.
ENTRIES = [
    {
        "at": START + timedelta(minutes=7 * number),
        "level": LEVELS[number % 4],
        "source": None if number % 5 == 0 else f"s{number % 3}",
        "status": 500 if number % 6 == 0 else None if number % 7 == 0 else 200,
        "method": ("GET", "PUT")[number % 2],
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
            log(
                one["at"],
                one["level"],
                package=one["package"],
                configHash=one["hash"],
                method=one["method"],
                **({"status": one["status"]} if one["status"] else {}),
            )
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
    {"status": 500},
    {"status": 200, "source": "s1", "package": "p1", "config_hash": "0x1a", "levels": ["info", "error"]},
    {"method": "put", "source": "unknown"},
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
        and wanted.get("status") in (None, one["status"])
        and wanted.get("method", one["method"]).upper() == one["method"]
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


@pytest.mark.parametrize(("window", "wanted"), list(product(WINDOWS, FILTERS)))
def test_facets_are_those_of_the_rows(
    warehouse: Warehouse, window: tuple[datetime | None, datetime | None], wanted: dict[str, Any]
) -> None:
    found = warehouse.log_viewer.facets(LogFilter(start=window[0], end=window[1], **wanted))["facets"]
    expected = [one for one in ENTRIES if matches(one, *window, wanted)]
    for told, facet in zip(found, FACETS, strict=True):
        counts = Counter(str(one[facet]) for one in expected if one[facet])
        assert {one["value"]: one["count"] for one in found[told]["values"]} == counts
        assert found[told]["count"] == len(counts)


DATES = [
    {"first_ts": naive("2026-03-01T22:10:00"), "last_ts": naive("2026-03-01T23:59:30")},
    {"first_ts": naive("2026-03-02T00:00:10"), "last_ts": naive("2026-03-02T03:04:00")},
]


@pytest.mark.parametrize(
    ("start", "end", "grain", "first", "after"),
    [
        # Nothing lies beyond the edges: the slots that hold the oldest and the newest entry are whole.
        (None, None, 3600, "03-01T22:00", "03-02T04:00"),
        ("03-01T22:10", "03-02T03:04", 900, "03-01T22:00", "03-02T03:15"),
        # One microsecond less, and they are not.
        ("03-01T22:10:00.000001", "03-02T03:03:59.999999", 900, "03-01T22:15", "03-02T03:00"),
        ("03-01T23:00", "03-02T00:59:59.999999", 900, "03-01T23:00", "03-02T01:00"),
        ("03-01T23:00:00.000001", "03-02T00:59:59.999998", 900, "03-01T23:15", "03-02T00:45"),
        ("02-01T23:00", "03-02T00:59", 3600, "03-01T22:00", "03-02T00:00"),
    ],
)  # fmt: skip
def test_the_slots_of_a_window_are_those_that_it_holds_whole(
    start: str | None, end: str | None, grain: int, first: str, after: str
) -> None:
    starts, ends = (naive(f"2026-{edge}") if edge else None for edge in (start, end))
    found = logslots.spans({"start": starts, "end": ends, "status": 500}, DATES)
    whole = (naive(f"2026-{first}"), naive(f"2026-{after}"))
    assert (found["slot_grain"], found["first_whole"], found["after_whole"]) == (grain, *whole)


@pytest.mark.parametrize(
    "wanted",
    [
        {"start": naive("2026-03-02T01:01"), "end": naive("2026-03-02T01:29")},  # no whole slot
        {"start": naive("2026-03-01T23:00"), "end": None, "term_1": "late"},
        {"start": None, "end": None, "q": "late"},
        {"start": None, "end": None, "min_response_ms": 0.0},
    ],
)
def test_what_facets_cannot_tell_is_read_from_the_rows(wanted: dict[str, Any]) -> None:
    found = logslots.spans(wanted, DATES)
    assert found["first_whole"] == found["after_whole"] == found["starts"]


def test_the_last_hour_of_the_calendar_has_no_slot_after_it() -> None:
    dates = [{"first_ts": naive("2026-03-01T22:10"), "last_ts": naive("9999-12-31T23:59:30")}]
    found = logslots.spans({"start": None, "end": None}, dates)
    assert found["after_whole"] == naive("9999-12-31T23:00")


def histogram(warehouse: Warehouse, wanted: LogFilter, points: int) -> tuple[list[dict[str, Any]], bool]:
    """The periods, and whether they came from the rollup."""
    engine = warehouse.log_viewer._engine
    with patch.object(engine, "run", wraps=engine.run) as run:
        rows = logsearch.histogram(engine, Finds(engine), logquery.filters(wanted), points)["histogram"]
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


@pytest.mark.parametrize("wanted", FILTERS)
@pytest.mark.parametrize(
    ("start", "minutes", "points", "grain"),
    [
        ("2026-03-01T22:00:00", 360, 6, 3600),
        ("2026-03-01T22:15:00", 180, 4, 900),  # both edges amid the entries
        ("2026-03-01T22:00:00", 360, 72, 0),  # by five minutes
        ("2026-03-01T22:10:00", 360, 12, 0),  # not at a slot's beginning
    ],
)
def test_a_histogram_of_any_filter_is_that_of_the_rows(
    warehouse: Warehouse, wanted: dict[str, Any], start: str, minutes: int, points: int, grain: int
) -> None:
    begins = utc(start)
    ends = begins + timedelta(minutes=minutes) - timedelta(milliseconds=1)
    engine = warehouse.log_viewer._engine
    with patch.object(engine, "run", wraps=engine.run) as run:
        asked = logquery.filters(LogFilter(start=begins, end=ends, **wanted))
        rows = logsearch.histogram(engine, Finds(engine), asked, points)["histogram"]
    query, given = run.call_args.args
    assert query == "logs_histogram_slots" or given["slot_grain"] == grain
    assert len(rows) == points
    for row in rows:
        inside = [
            one
            for one in ENTRIES
            if row["periodStart"] <= millis(one["at"]) < row["periodEnd"]
            and matches(one, begins, ends, wanted)
        ]
        assert row["count"] == len(inside)
        for level in LEVELS:
            assert row[level] == sum(one["level"] == level for one in inside)

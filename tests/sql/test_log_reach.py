"""Pages of rare matches: endpoints/logs_reach tells where they lie, so that few rows are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from tests.warehouse_builder import Builder, log, utc
from warehouse import logquery
from warehouse.logfinds import Finds
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse
from warehouse.settings_tables import PrefixRule

START = utc("2026-03-01T00:00:00")
#: An entry every ten minutes for four days; every fiftieth failed, and a few of those late.
ENTRIES: list[dict[str, Any]] = [
    {
        "at": START + timedelta(minutes=10 * number),
        "message": f"late {number}" if number % 150 == 0 else f"served {number}",
        "status": 500 if number % 50 == 0 else 200,
        "source": ("api", "web")[number % 3 == 0],
    }
    for number in range(4 * 144)
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    builder = Builder(tmp_path_factory.mktemp("reach"))
    builder.put(
        [
            log(one["at"], "info", one["message"], source=one["source"], status=one["status"])
            for one in ENTRIES
        ]
    )
    builder.sync()
    with closing(builder.open()) as opened:
        yield opened


FILTERS: list[tuple[dict[str, Any], Any]] = [
    ({"status": 500}, lambda one: one["status"] == 500),
    ({"status": 500, "source": "web"}, lambda one: one["status"] == 500 and one["source"] == "web"),
    ({"status": 500, "q": "LATE"}, lambda one: one["message"].startswith("late")),
    (
        {"status": 500, "search": "late -450"},
        lambda one: one["message"] in ("late 0", "late 150", "late 300"),
    ),
    ({"status": 404}, lambda one: False),
    ({"source": "web"}, lambda one: one["source"] == "web"),
    ({}, lambda one: True),
]
WINDOWS: list[tuple[datetime | None, datetime | None]] = [
    (None, None),
    (utc("2026-03-01T08:20:00"), utc("2026-03-03T16:40:00")),  # both edges are failures
    (utc("2026-03-01T08:20:00.001"), utc("2026-03-03T16:39:59.999")),
    (utc("2026-03-02T09:00:00"), utc("2026-03-02T09:05:00")),
]


@pytest.mark.parametrize("order", ["desc", "asc"])
@pytest.mark.parametrize("limit", [2, 7])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("number", range(len(FILTERS)))
def test_pages_hold_every_match_once_and_in_order(
    warehouse: Warehouse,
    number: int,
    window: tuple[datetime | None, datetime | None],
    limit: int,
    order: str,
) -> None:
    wanted, matches = FILTERS[number]
    expected = [
        one["message"]
        for one in ENTRIES
        if matches(one) and (window[0] or START) <= one["at"] <= (window[1] or ENTRIES[-1]["at"])
    ]
    found: list[str] = []
    cursor = None
    while len(found) < 25:
        page = warehouse.logs(
            LogFilter(start=window[0], end=window[1], limit=limit, order=order, cursor=cursor, **wanted)
        )
        found += [entry["message"] for entry in page["logs"]]
        assert page["totalCount"] == len(expected)
        cursor = page["nextCursor"]
        if cursor is None:
            break
    ordered = expected if order == "asc" else expected[::-1]
    assert found == (ordered if cursor is None else ordered[: len(found)])


def spans(warehouse: Warehouse, wanted: LogFilter) -> list[tuple[datetime, datetime]]:
    """The spans of time that a page reads rows of."""
    engine = warehouse.log_viewer._engine
    with patch.object(engine, "run", wraps=engine.run) as run:
        logquery.page(engine, Finds(engine), wanted)
    asked = [call.args for call in run.call_args_list]
    return [
        (given["from_ts"], given["to_ts"]) for name, given in (args for args in asked if len(args) > 1)
        if name in ("logs_newest", "logs_oldest")
    ]  # fmt: skip


def lengths(warehouse: Warehouse, wanted: LogFilter) -> list[timedelta]:
    return [to - begins for begins, to in spans(warehouse, wanted)]


def test_a_filter_that_matches_nothing_reads_a_quarter_of_an_hour_of_rows(warehouse: Warehouse) -> None:
    assert lengths(warehouse, LogFilter(status=404)) == [timedelta(minutes=15)]


def test_several_filters_that_match_nothing_together_read_no_row(warehouse: Warehouse) -> None:
    assert lengths(warehouse, LogFilter(status=404, levels=["error"])) == []


def test_without_a_filter_the_last_two_minutes_are_read_first(warehouse: Warehouse) -> None:
    assert lengths(warehouse, LogFilter(limit=2))[0] == timedelta(minutes=2)


@pytest.mark.parametrize("order", ["desc", "asc"])
def test_a_page_of_rare_matches_reads_up_to_the_last_of_them(warehouse: Warehouse, order: str) -> None:
    # Three failures, 500 minutes apart, of four days: the page's two, and one that tells of a next page.
    first, second, *more = lengths(warehouse, LogFilter(status=500, limit=2, order=order))
    assert first == timedelta(minutes=15)
    assert timedelta(minutes=950) < second < timedelta(minutes=1560)
    assert not more


def test_a_page_that_is_not_full_reads_from_the_first_match_to_the_last(warehouse: Warehouse) -> None:
    ((begins, ends),) = spans(warehouse, LogFilter(status=500, limit=50))[1:]
    # 0:00 of the first day, and 19:40 of the fourth (number 550).
    assert (begins, ends) == (datetime(2026, 3, 1), datetime(2026, 3, 4, 20))  # noqa: DTZ001


def test_sampled_entries_count_more_than_once_and_the_page_is_filled_all_the_same(tmp_path: Any) -> None:
    builder = Builder(tmp_path / "data")
    builder.settings = msgspec.structs.replace(
        builder.settings, prefixes=(PrefixRule(prefix="logs/", sample=100),)
    )
    builder.put(
        [log(START + timedelta(hours=number), "info", f"m{number}", status=500) for number in range(12)]
    )
    builder.sync()
    with closing(builder.open()) as opened:
        page = opened.logs(LogFilter(status=500, limit=10))
    assert page["totalCount"] == 1_200
    assert [entry["message"] for entry in page["logs"]] == [f"m{number}" for number in range(11, 1, -1)]
    assert page["nextCursor"]

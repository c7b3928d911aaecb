"""GET /logs: endpoints/logs_newest, endpoints/logs_oldest, endpoints/logs_count, endpoints/log_dates and
endpoints/logs_count_daily."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import Builder, log, millis, naive, utc
from warehouse.errors import BadRequestError
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse

#: Nine entries over three dates, told apart by their message.
ENTRIES = [
    log("2026-03-01T08:00:00", "info", "a", source="api", configHash="0xAA11", status=200, method="get"),
    log(
        "2026-03-01T09:00:00", "error", "b Timeout", source="api", status=504, method="GET", responseTime=3000
    ),
    log("2026-03-01T23:59:59.999", "warn", "c", source="sync", configHash="aa11", package="left-pad"),
    log("2026-03-02T00:00:00", "debug", "d", source="sync", package="left-pad", responseTime=12.5),
    log(
        "2026-03-02T10:00:00",
        "error",
        "e timeout 100%",
        source="api",
        status=500,
        method="PUT",
        responseTime=12.4,
    ),
    log("2026-03-02T10:00:00.000250", "info", "f"),
    log("2026-03-03T10:00:00", "info", "g", source="api", configHash="0xbb22", status=200, method="GET"),
    log("2026-03-03T10:00:00", "error", "h", source="web", status=500, method="GET", package="react"),
    log("2026-03-03T11:00:00", "fatal", "i", source="web"),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    builder = Builder(tmp_path_factory.mktemp("logs"))
    builder.put(ENTRIES, "logs/0xcc33dd/1.jsonl")
    return synced_once(builder)


def messages(answer: dict[str, Any]) -> str:
    """The first letters of the entries' messages, in their order."""
    return "".join(entry["message"][0] for entry in answer["logs"])


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "ihgfedcba"),
    ({"levels": ["error"]}, "iheb"),
    ({"levels": ["warn", "debug"]}, "dc"),
    ({"levels": []}, ""),
    ({"start": utc("2026-03-02T00:00:00")}, "ihgfed"),
    ({"start": utc("2026-03-02T00:00:00.001")}, "ihgfe"),
    ({"end": utc("2026-03-02T10:00:00")}, "edcba"),
    ({"start": utc("2026-03-01T09:00:00"), "end": utc("2026-03-02T00:00:00")}, "dcb"),
    ({"start": utc("2026-03-04T00:00:00")}, ""),
    ({"source": "api"}, "geba"),
    ({"source": "nobody"}, ""),
    ({"config_hash": "0xaa11"}, "ca"),
    ({"config_hash": "AA11"}, "ca"),
    ({"config_hash": "cc33dd"}, "ihfedb"),
    ({"q": "TIMEOUT"}, "eb"),
    ({"q": "0%"}, "e"),
    ({"q": "_"}, ""),
    ({"status": 500}, "he"),
    ({"method": "get"}, "hgba"),
    ({"package": "left-pad"}, "dc"),
    ({"min_response_ms": 12.5}, "db"),
    ({"min_response_ms": 0.0}, "edb"),
    ({"levels": ["error"], "source": "api", "method": "GET"}, "b"),
    ({"levels": ["error"], "start": utc("2026-03-02T00:00:00"), "status": 500, "q": "h"}, "h"),
    (
        {
            "levels": ["error", "info"],
            "start": utc("2026-03-01T00:00:00"),
            "end": utc("2026-03-02T23:59:59"),
            "source": "api",
            "config_hash": "cc33dd",
            "q": "time",
            "status": 500,
            "method": "put",
            "min_response_ms": 1.0,
        },
        "e",
    ),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_filters_narrow_the_entries_and_the_total_in_both_orders(
    warehouse: Warehouse, filters: dict[str, Any], expected: str
) -> None:
    newest = warehouse.logs(LogFilter(**filters))
    oldest = warehouse.logs(LogFilter(**filters, order="asc"))
    assert messages(newest) == expected
    assert messages(oldest) == expected[::-1]
    for answer in (newest, oldest):
        assert (answer["totalCount"], answer["hasMore"], answer["nextCursor"]) == (len(expected), False, None)


def test_an_entry_is_shown_with_its_fields_and_complete_metadata(warehouse: Warehouse) -> None:
    entry = warehouse.logs(LogFilter(q="b timeout"))["logs"][0]
    assert entry == {
        "timestamp": millis("2026-03-01T09:00:00"),
        "level": "error",
        "rawLevel": "error",
        "message": "b Timeout",
        "source": "api",
        "configHash": "0xcc33dd",
        "metadata": {"status": 504, "method": "GET", "responseTime": 3000},
        "extra": {},
        "responseMs": 3000,
        "status": 504,
        "method": "GET",
        "path": None,
        "package": None,
        "packageVersion": None,
        "bucket": "memory",
        "objectKey": "logs/0xcc33dd/1.jsonl",
        "line": 2,
    }


@pytest.mark.parametrize("limit", [1, 8, 9, 10])
def test_a_page_holds_its_limit_and_tells_whether_there_is_more(warehouse: Warehouse, limit: int) -> None:
    answer = warehouse.logs(LogFilter(limit=limit))
    assert len(answer["logs"]) == min(limit, 9)
    assert answer["totalCount"] == 9
    assert answer["hasMore"] is (limit < 9)
    assert (answer["nextCursor"] is not None) is (limit < 9)


def walk(warehouse: Warehouse, make: Callable[[str | None], LogFilter]) -> list[tuple[str, int]]:
    """Every entry, page by page, by object and line."""
    seen: list[tuple[str, int]] = []
    cursor = None
    while True:
        answer = warehouse.logs(make(cursor))
        assert len(seen) < 1_000, "the cursor walks in a circle"
        seen += [(entry["objectKey"], entry["line"]) for entry in answer["logs"]]
        cursor = answer["nextCursor"]
        if not answer["hasMore"]:
            return seen


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    """Three objects with many equal timestamps, over seven dates."""
    builder = Builder(tmp_path_factory.mktemp("crowded"))
    start = utc("2026-03-01T12:00:00")
    for name in "abc":
        builder.put(
            [
                log(start + timedelta(days=number // 6), "error" if number % 4 else "info")
                for number in range(42)
            ],
            f"logs/{name}.jsonl",
        )
    return synced_once(builder)


@pytest.mark.parametrize("limit", [3, 5, 6, 7, 50, 125, 126])
@pytest.mark.parametrize("order", ["desc", "asc"])
def test_the_cursor_walks_through_every_entry_once_though_timestamps_are_equal(
    crowded: Warehouse, order: str, limit: int
) -> None:
    seen = walk(crowded, lambda cursor: LogFilter(order=order, limit=limit, cursor=cursor))
    expected = sorted(
        ((number // 6, f"logs/{name}.jsonl", number + 1) for name in "abc" for number in range(42)),
        reverse=order == "desc",
    )
    assert seen == [(key, line) for _, key, line in expected]


def test_the_cursor_walks_through_what_a_filter_leaves(crowded: Warehouse) -> None:
    seen = walk(crowded, lambda cursor: LogFilter(levels=["info"], limit=4, cursor=cursor))
    assert len(seen) == len(set(seen)) == 3 * 11  # every fourth of 42 lines, beginning with the first
    assert all((line - 1) % 4 == 0 for _, line in seen)


def test_the_total_is_the_same_on_every_page(crowded: Warehouse) -> None:
    first = crowded.logs(LogFilter(limit=100))
    second = crowded.logs(LogFilter(limit=100, cursor=first["nextCursor"]))
    assert (first["totalCount"], second["totalCount"]) == (126, 126)
    assert (first["hasMore"], second["hasMore"]) == (True, False)


def test_a_cursor_of_another_order_is_refused(crowded: Warehouse) -> None:
    cursor = crowded.logs(LogFilter(limit=5))["nextCursor"]
    with pytest.raises(BadRequestError) as refused:
        crowded.logs(LogFilter(order="asc", limit=5, cursor=cursor))
    assert refused.value.field == "cursor"


@pytest.mark.parametrize(
    "content",
    [
        "no base64 at all!",
        "[]",
        '["desc", 1, "key"]',
        '["desc", "soon", "key", 1]',
        '["desc", 1e400, "key", 1]',
        '["desc", 99999999999999999999, "key", 1]',
        '["desc", 1, 2, 3]',
        '["desc", 1, "key", null]',
        "{}",
        "[[[[",
    ],
)
def test_a_made_up_cursor_is_refused(crowded: Warehouse, content: str) -> None:
    cursor = content if "!" in content else base64.urlsafe_b64encode(content.encode()).decode()
    with pytest.raises(BadRequestError):
        crowded.logs(LogFilter(cursor=cursor))


def test_entries_can_be_grouped_by_utc_date_with_the_count_of_every_match(warehouse: Warehouse) -> None:
    answer = warehouse.logs(LogFilter(group="date", limit=4))
    groups = [(group["date"], group["count"], messages(group)) for group in answer["groups"]]
    # The page ends with f; the counts are those of the whole dates.
    assert groups == [("2026-03-03", 3, "ihg"), ("2026-03-02", 3, "f"), ("2026-03-01", 3, "")]
    ascending = warehouse.logs(LogFilter(group="date", order="asc", levels=["error"]))
    groups = [(group["date"], group["count"], messages(group)) for group in ascending["groups"]]
    assert groups == [("2026-03-01", 1, "b"), ("2026-03-02", 1, "e"), ("2026-03-03", 2, "hi")]


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"levels": ["error", "warn"]},
        {"source": "api"},
        {"config_hash": "AA11"},
        {"levels": ["error"], "source": "web", "config_hash": "0xcc33dd"},
        {"levels": ["debug"], "source": "web"},
    ],
)
def test_the_rollup_counts_what_the_rows_count(warehouse: Warehouse, filters: dict[str, Any]) -> None:
    starts, ends = naive("1970-01-01T00:00:00"), naive("2027-01-01T00:00:00")
    of_rows = {"starts": starts, "first_whole": starts, "after_whole": starts, "ends": ends}
    rows = warehouse.run("logs_count", filters | of_rows)
    assert warehouse.run("logs_count_daily", filters) == rows


def test_the_dates_are_those_that_have_entries_newest_first(warehouse: Warehouse) -> None:
    assert [row["date"] for row in warehouse.run("log_dates")] == [
        date(2026, 3, 3),
        date(2026, 3, 2),
        date(2026, 3, 1),
    ]


def test_entries_of_two_syncs_are_one_list(builder: Builder, synced: Open) -> None:
    builder.put([log("2026-03-01T10:00:00", message="b"), log("2026-03-05T10:00:00", message="d")])
    builder.sync()
    builder.put([log("2026-03-01T09:00:00", message="a"), log("2026-03-03T10:00:00", message="c")])
    assert messages(synced(builder).logs(LogFilter())) == "dcba"


def test_odd_texts_come_back_as_they_went_in(builder: Builder, synced: Open) -> None:
    odd = ['"; DROP TABLE logs; --', "\u0000nul", "emoji 🎈", "tab\tnewline\n", "", None]
    builder.put([log("2026-03-01T10:00:00", message=text, note=text) for text in odd])
    entries = synced(builder).logs(LogFilter(order="asc"))["logs"]
    assert [entry["metadata"]["note"] for entry in entries] == odd
    assert [entry["message"] for entry in entries] == [text or "" for text in odd]
    assert json.loads(json.dumps(entries)) == entries

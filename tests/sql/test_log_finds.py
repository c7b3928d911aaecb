"""What a search by text found is kept as slots, and answers what the rows would: search/found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from tests.warehouse_builder import Builder, log, millis, utc
from warehouse import logfinds
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse

START = utc("2026-03-01T22:10:00")
LEVELS = ("debug", "info", "warn", "error")
WORDS = ("upstream timed out", "GET /left-pad 200", "cache is warm", "Time out of mind")
#: One entry every seven minutes for five hours, over midnight.
ENTRIES = [
    {
        "at": START + timedelta(minutes=7 * number),
        "level": LEVELS[number % 4],
        "message": f"{WORDS[number % 3]} ({number})" if number % 10 else WORDS[3],
        "source": None if number % 5 == 0 else f"s{number % 3}",
        "package": f"p{number % 2}",
    }
    for number in range(43)
]
WINDOWS = [
    {},
    {"start": utc("2026-03-01T23:00:00"), "end": utc("2026-03-02T00:59:59.999")},
    {"start": utc("2026-03-01T23:03:10"), "end": utc("2026-03-02T00:31:47.001")},  # cuts slots
    {"start": utc("2026-03-02T01:00:00")},
    {"end": utc("2026-03-01T22:00:00")},  # before all
]
TEXTS: list[tuple[dict[str, Any], Any]] = [
    ({"q": "TIME"}, lambda message: "time" in message.lower()),
    ({"q": "(7)"}, lambda message: "(7)" in message),
    ({"q": "nowhere"}, lambda message: False),
    ({"search": "out -mind"}, lambda message: " out" in message and "mind" not in message),
]
OTHERS: list[dict[str, Any]] = [
    {}, {"levels": ["error", "warn"]}, {"source": "s1"}, {"source": "unknown", "package": "p1"},
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    builder = Builder(tmp_path_factory.mktemp("finds"))
    builder.put(
        [
            log(one["at"], one["level"], one["message"], package=one["package"])
            | ({"source": one["source"]} if one["source"] else {})
            for one in ENTRIES
        ]
    )
    builder.sync()
    with closing(builder.open()) as opened:
        yield opened


def matching(window: dict[str, datetime], text: Any, others: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of a filter, the newest first, without a database."""
    found = [
        one
        for one in ENTRIES
        if window.get("start", START) <= one["at"] <= window.get("end", ENTRIES[-1]["at"])
        and text(one["message"])
        and one["level"] in others.get("levels", LEVELS)
        and others.get("source", one["source"] or "unknown") == (one["source"] or "unknown")
        and others.get("package", one["package"]) == one["package"]
    ]
    return found[::-1]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(("search", "text"), TEXTS)
def test_pages_counts_and_facets_of_a_search_are_those_of_the_rows(
    warehouse: Warehouse, window: dict[str, Any], search: dict[str, Any], text: Any
) -> None:
    for others in OTHERS:
        expected = matching(window, text, others)
        wanted = LogFilter(limit=3, **window, **search, **others)
        page = warehouse.logs(wanted)
        assert page["totalCount"] == len(expected)
        seen = [entry["timestamp"] for entry in page["logs"]]
        while page["hasMore"]:
            page = warehouse.logs(LogFilter(limit=3, **window, **search, **others, cursor=page["nextCursor"]))
            seen += [entry["timestamp"] for entry in page["logs"]]
        assert seen == [millis(one["at"]) for one in expected]
        oldest = warehouse.logs(LogFilter(limit=3, order="asc", **window, **search, **others))
        assert [entry["timestamp"] for entry in oldest["logs"]] == seen[::-1][:3]
        facets = warehouse.log_viewer.facets(wanted)["facets"]
        for facet in ("level", "source", "package"):
            told = {one["value"]: one["count"] for one in facets[facet]["values"]}
            assert told == Counter(one[facet] for one in expected if one[facet])


@pytest.mark.parametrize(("search", "text"), TEXTS)
@pytest.mark.parametrize(
    ("start", "minutes", "points"), [("2026-03-01T22:00:00", 360, 72), ("2026-03-01T22:10:07", 90, 7)]
)
def test_a_histogram_of_a_search_is_that_of_the_rows(
    warehouse: Warehouse, search: dict[str, Any], text: Any, start: str, minutes: int, points: int
) -> None:
    window = {"start": utc(start), "end": utc(start) + timedelta(minutes=minutes, milliseconds=-1)}
    expected = matching(window, text, {})
    rows = warehouse.log_viewer.histogram(LogFilter(**window, **search), points)["histogram"]
    assert len(rows) == points
    for row in rows:
        inside = [one for one in expected if row["periodStart"] <= millis(one["at"]) < row["periodEnd"]]
        assert (row["count"], row["error"]) == (len(inside), sum(one["level"] == "error" for one in inside))


def test_messages_are_looked_through_once_for_all_that_is_asked_of_a_search(warehouse: Warehouse) -> None:
    engine = warehouse.log_viewer._engine
    with (
        patch.object(engine, "staged", wraps=engine.staged) as staged,
        patch.object(engine, "run", wraps=engine.run) as run,
    ):
        for others in OTHERS:
            wanted = LogFilter(start=utc("2026-03-01T22:05:00"), q="timed", **others)
            warehouse.logs(wanted)
            warehouse.log_viewer.facets(wanted)
            warehouse.log_viewer.histogram(
                LogFilter(start=wanted.start, end=utc("2026-03-02T09:00:00"), q="timed"), 6
            )
    looked = [call for call in staged.call_args_list if call.args[1] == ("found",)]
    assert len(looked) == 1
    asked = {call.args[0] for call in run.call_args_list}
    assert asked <= {"log_dates", "logs_newest", "logs_histogram"}


def test_a_search_with_too_many_combinations_reads_the_rows(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfinds, "_MOST_ROWS", 3)
    wanted = LogFilter(start=utc("2026-03-01T22:06:00"), q="e")
    engine = warehouse.log_viewer._engine
    with patch.object(engine, "run", wraps=engine.run) as run:
        found = warehouse.logs(wanted)
    assert found["totalCount"] == sum("e" in one["message"].lower() for one in ENTRIES)
    assert "logs_count" in {call.args[0] for call in run.call_args_list}

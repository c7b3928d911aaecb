"""What panels show: sql/boards, with expectations that were reckoned by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.boards.conftest import NOW, Ask
from tests.warehouse_builder import millis, utc
from warehouse.errors import BadRequestError
from warehouse.service import Warehouse

HOUR = 3_600_000
NINE = millis("2026-03-02T09:00:00")


def of(column: str, value: Any = None, operator: str = "=") -> dict[str, Any]:
    given = {"column": column, "operator": operator}
    return given if value is None else given | {"value": value}


def measure(aggregate: str, column: str | None = None, per: str | None = None) -> dict[str, Any]:
    return {"aggregate": aggregate, "column": column, "per": per}


def test_a_series_has_every_period_also_those_without_a_row(ask: Ask) -> None:
    """boards/series: three hours of the rollup, in hours; nothing happened from 10 to 11."""
    answer = ask("timeSeries", source="activity", measure=measure("sum", "entries"))
    assert [(row["time"], row["name"], row["value"]) for row in answer["rows"]] == [
        (NINE, "", 2),
        (NINE + HOUR, "", 0),
        (NINE + 2 * HOUR, "", 3),
    ]
    assert (answer["window_start"], answer["window_end"]) == (NINE, millis(NOW))


def test_a_mean_of_nothing_is_no_value(ask: Ask) -> None:
    answer = ask("timeSeries", source="activity", measure=measure("ratio", "response_ns", "timed"))
    assert [row["value"] for row in answer["rows"]] == [15e6, None, 35e6]


def test_a_series_of_categories_names_the_largest_and_sums_up_the_others(ask: Ask) -> None:
    answer = ask("timeSeries", by="level", limit=1, hours=100)
    assert {row["name"] for row in answer["rows"]} == {"info", "others"}
    totals = {
        name: sum(row["value"] for row in answer["rows"] if row["name"] == name)
        for name in ("info", "others")
    }
    assert totals == {"info": 4, "others": 3}


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        # Before: one entry with 50 ms, one without.
        (measure("count"), (5, 2, 3, 150)),
        (measure("sum", "response_ms"), (100, 50, 50, 100)),
        (measure("avg", "response_ms"), (25, 50, -25, -50)),
        (measure("min", "response_ms"), (10, 50, -40, -80)),
        (measure("max", "response_ms"), (40, 50, -10, -20)),
        (measure("median", "response_ms"), (25, 50, -25, -50)),
        (measure("distinct", "source"), (3, 1, 2, 200)),
        (measure("ratio", "response_ms", "status"), (100 / 1307, 50 / 700, 100 / 1307 - 50 / 700, None)),
    ],
)
def test_a_figure_is_compared_with_the_window_before(
    ask: Ask, figure: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    """boards/figure"""
    row = ask("stat", measure=figure)["rows"][0]
    assert (row["value"], row["previous"], row["difference"]) == tuple(map(pytest.approx, expected[:3]))
    if expected[3] is not None:
        assert row["change"] == pytest.approx(expected[3])


@pytest.mark.parametrize(("figure", "value"), [("p95", 38.5), ("p99", 39.7)])
def test_quantiles_lie_between_the_rows(ask: Ask, figure: str, value: float) -> None:
    assert ask("stat", measure=measure(figure, "response_ms"))["rows"][0]["value"] == pytest.approx(value)


def test_a_percentage_is_the_part_of_the_whole(ask: Ask) -> None:
    """Of five one is an error now; of two one was."""
    row = ask("percentage", part=[of("level", "error")])["rows"][0]
    assert (row["value"], row["previous"], row["difference"]) == (20, 50, -30)
    summed = ask("percentage", measure=measure("sum", "response_ms"), part=[of("level", "error")])
    assert summed["rows"][0]["value"] == pytest.approx(30)
    ratio = ask("percentage", source="activity", measure=measure("ratio", "error", "entries"))
    assert ratio["rows"][0]["value"] == pytest.approx(20)


def test_without_a_time_there_is_nothing_to_compare_with(ask: Ask) -> None:
    answer = ask("stat", source="ledger", measure=measure("sum", "objects"))
    assert answer["rows"] == [{"value": 1, "previous": None, "difference": None, "change": None}]
    assert (answer["window_start"], answer["window_end"]) == (None, None)


def test_categories_are_ranked_and_the_others_summed_up(ask: Ask) -> None:
    """boards/ranking: info 3, then error and warn with one each, of 5."""
    rows = ask("category", by="level", limit=1)["rows"]
    assert rows == [{"name": "info", "value": 3, "share": 60}, {"name": "others", "value": 2, "share": 40}]
    top = ask("topN", by="level", limit=2)["rows"]
    assert top == [{"name": "info", "value": 3, "share": 60}, {"name": "error", "value": 1, "share": 20}]


def test_rows_without_a_category_have_a_name(ask: Ask) -> None:
    assert {row["name"] for row in ask("topN", by="source")["rows"]} == {"api", "proxy", "auth", "none"}


def test_a_table_shows_the_latest_rows(ask: Ask) -> None:
    """boards/rows"""
    answer = ask("table", columns=["ts", "level"], limit=2)
    assert (answer["columns"], answer["times"]) == (["ts", "level"], ["ts"])
    assert [row["ts"] for row in answer["rows"]] == [
        millis("2026-03-02T11:30:00"),
        millis("2026-03-02T11:20:00"),
    ]
    sorted_by = ask("table", columns=["response_ms"], orderBy="response_ms", descending=False, limit=1)
    assert sorted_by["rows"] == [{"response_ms": 10.0}]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ([of("level", "info")], 3),
        ([of("level", "info", "!=")], 2),
        ([of("status", 404, ">=")], 2),
        ([of("status", 404, ">")], 1),
        ([of("status", 404, "<")], 2),
        ([of("status", 404, "<=")], 3),
        ([of("source", ["api", "auth"], "in")], 3),
        ([of("message", "odd", "contains")], 1),
        ([of("message", "100% ", "contains")], 1),
        ([of("response_ms", None, "empty")], 1),
        ([of("response_ms", None, "present")], 4),
        ([of("ts", "2026-03-02T11:00:00", ">=")], 3),
        ([of("ts", "2026-03-02T12:00:00+01:00", ">=")], 3),
        ([of("level", "error"), of("source", "api")], 1),
        ([of("source", "'; DROP TABLE logs; --")], 0),
    ],
)
def test_filters_choose_rows(ask: Ask, filters: list[dict[str, Any]], count: int) -> None:
    assert ask("stat", filters=filters)["rows"][0]["value"] == count


def test_a_rollup_s_coarser_sums_are_not_counted_twice(ask: Ask) -> None:
    whole = ask("stat", source="activity", measure=measure("sum", "entries"))
    finest = ask("stat", source="activity", measure=measure("sum", "entries"), filters=[of("grain", 30)])
    assert whole["rows"][0]["value"] == finest["rows"][0]["value"] == 5


def test_an_hour_that_runs_is_compared_with_a_whole_one(ask: Ask) -> None:
    """At 11:15 the last two hours are those from 9 on, with the one that runs; before them are 6, 7 and 8."""
    answer = ask(
        "stat", source="activity", measure=measure("sum", "entries"), hours=2, now=utc("2026-03-02T11:15:00")
    )
    assert (answer["rows"][0]["value"], answer["rows"][0]["previous"]) == (5, 2)
    assert answer["window_start"] == NINE


def test_days_are_whole_days(ask: Ask) -> None:
    """A window of three hours that ends at noon holds the whole day until then."""
    answer = ask("stat", source="daily", time="day", measure=measure("sum", "entries"))
    assert answer["rows"][0]["value"] == 7


def test_the_sql_of_a_panel_gives_the_same_by_itself(ask: Ask, warehouse: Warehouse) -> None:
    answer = ask("topN", by="level", filters=[of("source", "it's", "!=")])
    found = warehouse.sql(answer["sql"])
    assert [dict(zip(found.columns, row, strict=True)) for row in found.rows] == answer["rows"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "stat", "source": "nothing"}, "panel.source"),
        ({"kind": "timeSeries", "source": "ledger"}, "panel.source"),
        ({"kind": "stat", "measure": measure("sum", "level")}, "panel.measure.column"),
        ({"kind": "stat", "measure": measure("sum", "nothing")}, "panel.measure.column"),
        ({"kind": "stat", "measure": measure("ratio", "status", "level")}, "panel.measure.per"),
        ({"kind": "topN", "by": "nothing"}, "panel.by"),
        ({"kind": "table", "columns": ["ts", "nothing"]}, "panel.columns[1]"),
        ({"kind": "table", "orderBy": "nothing"}, "panel.orderBy"),
        ({"kind": "stat", "time": "level"}, "panel.time"),
        ({"kind": "stat", "filters": [of("nothing", 1)]}, "panel.filters[0].column"),
        ({"kind": "stat", "filters": [of("level", 1)]}, "panel.filters[0].value"),
        ({"kind": "stat", "filters": [of("status", "x")]}, "panel.filters[0].value"),
        ({"kind": "stat", "filters": [of("status", True)]}, "panel.filters[0].value"),
        ({"kind": "stat", "filters": [of("status", [], "in")]}, "panel.filters[0].value"),
        ({"kind": "stat", "filters": [of("status", [1])]}, "panel.filters[0].value"),
        ({"kind": "stat", "filters": [of("status", 1, "contains")]}, "panel.filters[0].operator"),
        ({"kind": "stat", "filters": [of("ts", "yesterday", ">")]}, "panel.filters[0].value"),
        ({"kind": "stat", "filters": [of("ts", "0001-01-01T00:00:00+14:00", ">")]}, "panel.filters[0].value"),
        ({"kind": "stat", "measure": measure("max", "message")}, "panel.measure.column"),
        ({"kind": "percentage", "part": [of("nothing", 1)]}, "panel.part[0].column"),
    ],
)
def test_a_panel_that_asks_for_what_is_not_there_is_refused(
    ask: Ask, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadRequestError) as caught:
        ask(**given)
    assert caught.value.field == field
    assert str(caught.value.detail).startswith(f"{field}: ")


def test_sources_are_the_tables_and_views(warehouse: Warehouse) -> None:
    """boards/sources"""
    found = warehouse.board_book.sources()
    assert {"logs", "activity", "hourly", "runs"} <= set(found)
    assert (found["logs"].time, found["downloads"].time, found["ledger"].time) == ("ts", "day", None)
    kinds = {name: column.kind for name, column in found["logs"].columns.items()}
    assert (kinds["ts"], kinds["level"], kinds["status"]) == ("time", "text", "number")
    assert "one row per accepted line" in found["logs"].about

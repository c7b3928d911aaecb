"""Sums in memory (near/latency_until, near/counts_until, near/metrics): the answers of the rollups.

What functions/metrics tells of the files is the measure, with functions/latency_quantiles and
functions/bucket_quantiles.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.warehouse_builder import Builder, log
from warehouse import near, near_latency
from warehouse.housekeeping import cleanup
from warehouse.service import Warehouse

FIRST = datetime(2026, 8, 20, tzinfo=UTC)
NAIVE = FIRST.replace(tzinfo=None)
_FIGURES = (
    "SELECT * FROM metrics($starts, $ends, $points, 30, $grain, $apdex_ms, 'activity', NULL, NULL, NULL,"
    " NULL) ORDER BY i"
)


#: Where a row of them has its entries.
_ENTRIES = 3


def timed(day: int, ms: float, count: int = 1, *, seed: int = 7) -> list[dict[str, Any]]:
    """Entries at random times of a day, from `ms` to ten times as much."""
    rng = random.Random(f"{seed} {day} {ms}")
    return [
        log(
            FIRST + timedelta(days=day, seconds=rng.randrange(86_400)),
            responseTime=ms * (1 + rng.randrange(900) / 100),
        )
        for _ in range(count)
    ]


def figures(warehouse: Warehouse, asked: dict[str, Any], *, in_memory: bool) -> list[tuple[Any, ...]]:
    """The rows of metrics(…), from the files or from the sums."""
    engine = warehouse._engine
    if not in_memory:
        return warehouse.sql(_FIGURES, asked).rows
    kept, snapshot = engine._near, engine.snapshot()
    assert kept is not None
    assert kept._generations[-1].number == snapshot.generation
    with kept.connection(snapshot, _FIGURES) as con:
        tables = {row[2] for row in con.execute("SHOW ALL TABLES").fetchall()}
        assert {"latency_until", "counts_until"} <= tables
        return con.execute(_FIGURES, asked).fetchall()


def agree(warehouse: Warehouse) -> int:
    """Compare windows of all kinds; how many of them had an answer."""
    rng = random.Random(5)
    answered = 0
    for grain in (300, 3600):
        for points in (1, 2, 7, 24, 100):
            starts = NAIVE + timedelta(seconds=30 * rng.randrange(-3_000, 9_000))
            asked = {
                "starts": starts,
                "ends": starts + timedelta(seconds=30 * rng.randrange(points, 9_000)),
                "points": points,
                "grain": grain,
                "apdex_ms": rng.choice([None, 0.001, 2, 6, 500, 10_000_000]),
            }
            told = figures(warehouse, asked, in_memory=True)
            assert told == figures(warehouse, asked, in_memory=False), asked
            answered += any(row[_ENTRIES] for row in told)
    return answered


def test_periods_of_all_lengths_are_told_as_the_rollup_tells_them(builder: Builder) -> None:
    builder.put([line for day in (0, 1, 3) for line in timed(day, 3, 400)])
    builder.sync()
    with closing(builder.open()) as warehouse:
        warehouse.warm()
        assert agree(warehouse) > 5


def test_a_quantile_is_the_bucket_of_nearest_rank(builder: Builder) -> None:
    builder.put([log(FIRST + timedelta(hours=1, minutes=i), responseTime=i + 1) for i in range(20)])
    builder.sync()
    asked = {"starts": NAIVE, "ends": NAIVE + timedelta(days=1), "points": 1, "grain": 300, "apdex_ms": 500}
    ranks = [1.02 ** (math.floor(math.log(ms) / math.log(1.02)) + 0.5) for ms in (10, 19, 20)]
    with closing(builder.open()) as warehouse:
        warehouse.warm()
        found = figures(warehouse, asked, in_memory=True)
    p50, apdex = 10, 13
    assert list(found[0][p50:apdex]) == pytest.approx(ranks)
    assert found[0][apdex] == 1


def noted(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The days that are summed from now on."""
    days: list[datetime] = []
    add_day = near_latency._add_day

    def adding(*given: Any) -> list[int]:
        days.append(given[4])
        return add_day(*given)

    monkeypatch.setattr(near_latency, "_add_day", adding)
    return days


Change = Callable[[Builder], object]


def _put(*parts: list[dict[str, Any]]) -> Change:
    return lambda builder: builder.put([line for part in parts for line in part])


@pytest.mark.parametrize(
    ("change", "whole"),
    [
        pytest.param(_put(timed(2, 4, 50)), False, id="more-of-the-newest-day"),
        pytest.param(_put(timed(3, 4, 50)), False, id="the-next-day"),
        pytest.param(_put(timed(9, 4, 50)), False, id="a-day-after-days-without-any"),
        pytest.param(_put(timed(1, 4, 50)), False, id="a-day-between"),
        pytest.param(_put(timed(-2, 4, 50)), True, id="a-day-before-all"),
        pytest.param(_put(timed(2, 0.01, 5)), True, id="faster-than-ever"),
        pytest.param(_put(timed(2, 90_000, 5)), True, id="slower-than-ever"),
        pytest.param(_put([log(FIRST + timedelta(days=2))]), False, id="an-entry-without-a-time"),
        pytest.param(_put([log(FIRST + timedelta(days=4))]), False, id="a-day-without-a-time"),
    ],
)
def test_a_change_is_summed_from_its_first_day_on(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, change: Change, whole: bool
) -> None:
    builder.put([line for day in (0, 1, 2) for line in [*timed(day, 1, 200), *timed(day, 1_000, 20)]])
    builder.sync()
    with closing(builder.open()) as warehouse:
        warehouse.warm()
        days = noted(monkeypatch)
        change(builder)
        builder.sync()
        warehouse.warm()
        assert agree(warehouse) > 5
        assert (bool(days) and min(days) <= NAIVE) == whole


def test_a_day_that_is_too_old_goes_without_the_others_being_summed_anew(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "_OF_SUMS", near._Limits(length=timedelta(days=3)))
    builder.put([line for day in (0, 1, 2) for line in timed(day, 3, 100)])
    builder.sync()
    with closing(builder.open()) as warehouse:
        warehouse.warm()
        days = noted(monkeypatch)
        builder.put([log(FIRST + timedelta(days=3, hours=1), responseTime=20)])
        builder.sync()
        warehouse.warm()
        assert days == [NAIVE + timedelta(days=3)]
        window = {"starts": NAIVE + timedelta(days=1), "ends": NAIVE + timedelta(days=4), "points": 9}
        told = figures(warehouse, window | {"grain": 300, "apdex_ms": 500}, in_memory=True)
        assert told == figures(warehouse, window | {"grain": 300, "apdex_ms": 500}, in_memory=False)


def test_after_a_long_time_without_entries_the_sums_begin_anew(builder: Builder) -> None:
    builder.put(timed(0, 3, 100))
    builder.sync()
    with closing(builder.open()) as warehouse:
        warehouse.warm()
        builder.put(timed(60, 3, 100))
        builder.sync()
        warehouse.warm()
        window = {"starts": NAIVE + timedelta(days=60), "ends": NAIVE + timedelta(days=61), "points": 5}
        told = figures(warehouse, window | {"grain": 300, "apdex_ms": 500}, in_memory=True)
        assert len(told) == 5
        assert told == figures(warehouse, window | {"grain": 300, "apdex_ms": 500}, in_memory=False)


def test_numbers_beyond_an_integer_are_summed_too(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    builder.put(timed(0, 3, 100))
    builder.sync()
    monkeypatch.setattr(near_latency, "_MOST", 150)
    with closing(builder.open()) as warehouse:
        kinds = []
        for day in (1, 2):
            warehouse.warm()
            kept = warehouse._engine._near
            assert kept is not None
            (found,) = kept._db.execute(
                "SELECT data_type FROM duckdb_columns() WHERE schema_name = 'kept' AND column_name = 'up_to'"
                " ORDER BY table_oid DESC LIMIT 1"
            ).fetchall()
            kinds += found
            agree(warehouse)
            builder.put(timed(day, 3, 100))
            builder.sync()
    assert kinds == ["INTEGER[]", "BIGINT[]"]


def test_days_that_retention_took_are_gone_from_the_sums(builder: Builder) -> None:
    builder.put([line for day in (0, 1, 2) for line in timed(day, 3, 200)])
    builder.sync()
    with closing(builder.open()) as warehouse:
        warehouse.warm()
        cleanup.run(warehouse._settings, 1, now=FIRST + timedelta(days=3))
        warehouse.warm()
        assert agree(warehouse) > 3


def test_without_entries_there_are_no_sums_and_no_figures(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        warehouse.warm()
        assert warehouse.analytics(24, FIRST)["p95ResponseTime"] is None

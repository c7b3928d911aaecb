"""What sums in memory hold (near/counted_days, near/counts_until), and when they serve."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.warehouse_builder import MB, Builder, log, utc
from warehouse import duck, sqlfiles
from warehouse.near_counts import Counts
from warehouse.service import Warehouse

NOON = utc("2026-03-04T12:00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def counts(warehouse: Warehouse) -> Counts:
    kept = warehouse._engine._near
    assert kept is not None
    found = kept._generations[-1].counts
    assert found is not None
    return found


def from_memory(warehouse: Warehouse, starts: datetime) -> bool:
    """Would a history from then until noon be told from memory?"""
    kept = warehouse._engine._near
    assert kept is not None
    given: dict[str, Any] = {"reads": "activity", "window_end": NOON.replace(tzinfo=None)}
    text = sqlfiles.read("endpoints", "history")
    return kept.holds(warehouse._engine.snapshot(), text, given, starts.replace(tzinfo=None))


def told(warehouse: Warehouse, hours: float, points: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.history(hours, points, NOON)["history"]
    return rows


def test_what_was_stored_before_the_first_and_after_the_last_entry_counts_too(builder: Builder) -> None:
    builder.put([log(NOON - 25 * HOUR, responseTime=3)], stored=NOON - 3 * DAY, size=5 * MB)
    builder.put([], stored=NOON - HOUR, size=7 * MB)
    builder.sync()
    with closing(builder.open()) as warm, closing(builder.open()) as cold:
        warm.warm()
        assert from_memory(warm, NOON - 4 * DAY)
        assert told(warm, 96, 4) == told(cold, 96, 4)
        # MB per hour, in days that end at noon: on the first 5 MB, on the last 7.
        assert [row["storageGrowth"] * 24 for row in told(warm, 96, 4)] == [0, 5, 0, 7]
        assert [row["totalLogs"] for row in told(warm, 96, 4)] == [0, 0, 1, 0]


def test_days_beyond_35_come_from_the_files_and_nothing_is_missing(builder: Builder) -> None:
    builder.put([log(NOON - days * DAY - HOUR, responseTime=3) for days in (0, 33, 34, 36, 90)])
    builder.sync()
    with closing(builder.open()) as warm, closing(builder.open()) as cold:
        warm.warm()
        assert counts(warm).since == datetime(2026, 1, 29)  # noqa: DTZ001 - as DuckDB gives it
        assert from_memory(warm, NOON - 34 * DAY)
        assert not from_memory(warm, NOON - 35 * DAY)
        for days in (30, 34, 35, 91):
            assert told(warm, 24 * days, days) == told(cold, 24 * days, days)
        assert sum(row["totalLogs"] for row in told(warm, 24 * 91, 91)) == 5


def test_a_young_warehouse_is_whole_in_memory_whatever_is_asked(builder: Builder) -> None:
    builder.put([log(NOON - HOUR, responseTime=3)], stored=NOON)
    builder.sync()
    with closing(builder.open()) as warm:
        warm.warm()
        assert counts(warm).days == (date.min, date.max)
        assert from_memory(warm, NOON - 3650 * DAY)
        assert sum(row["totalLogs"] for row in told(warm, 24 * 365, 12)) == 1


def test_a_commit_that_brings_neither_entries_nor_objects_keeps_the_sums(builder: Builder) -> None:
    builder.put([log(NOON - HOUR, responseTime=3)])
    builder.sync()
    with closing(builder.open()) as warm:
        warm.warm()
        before = counts(warm)
        generation = warm._engine.snapshot().generation
        builder.sync()
        warm.warm()
        assert warm._engine.snapshot().generation > generation
        assert counts(warm) == before
        builder.put([log(NOON - 2 * HOUR)])
        builder.sync()
        warm.warm()
        assert counts(warm).name != before.name
        assert warm.analytics(24, NOON)["totalLogs"] == 2


def test_a_window_that_ends_where_a_clock_runs_ahead_to_is_told_whole(builder: Builder) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ahead = today + 2 * DAY + 3 * HOUR
    builder.put([log(today + DAY + 12 * HOUR, responseTime=3), log(ahead)])
    builder.sync()
    with closing(builder.open()) as warm, closing(builder.open()) as cold:
        warm.warm()
        for end in (ahead - HOUR, ahead + 2 * HOUR, ahead + DAY):
            assert warm.history(48, 24, end)["history"] == cold.history(48, 24, end)["history"]
        assert sum(row["totalLogs"] for row in warm.history(48, 24, ahead + HOUR)["history"]) == 2


def test_sums_beyond_64_bits_are_exact(con: duck.Connection) -> None:
    most, midnight = 2**63 - 1, datetime(2026, 3, 4)  # noqa: DTZ001 - as DuckDB gives it
    con.execute("CREATE TEMP TABLE storage (grain INTEGER, slot TIMESTAMP, bytes BIGINT)")
    con.execute(
        "CREATE TEMP TABLE activity AS SELECT 30 AS grain, slot, 1::BIGINT AS entries, 0::BIGINT AS error,"
        " 0::BIGINT AS warn, 1::BIGINT AS timed, $most::BIGINT AS response_ns, 1::BIGINT AS requests,"
        " 0::BIGINT AS server_errors"
        " FROM generate_series($day, $day + INTERVAL 59 SECONDS, INTERVAL 30 SECONDS) AS s (slot)",
        {"most": most, "day": midnight},
    )
    text = sqlfiles.read("near", "counts_until")
    rows = con.execute(text, {"since": midnight, "until": midnight + DAY}).fetchall()
    assert len(rows) == 2881
    assert rows[0] == (midnight, [0] * 8)
    assert rows[1] == (midnight + timedelta(seconds=30), [1, 0, 0, 1, most, 1, 0, 0])
    assert rows[-1] == (midnight + DAY, [2, 0, 0, 2, 2 * most, 2, 0, 0])

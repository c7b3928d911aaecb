"""Tables in memory (warehouse/near.py): the answers are those from the files, of one generation; bounded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.warehouse_builder import Builder, log
from warehouse import near, near_latency, sqlfiles
from warehouse.analytics import MetricFilter
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse

NOON = datetime(2026, 10, 23, 12, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(milliseconds=1)
Ask = Callable[[Warehouse], Any]


def lines(days: int = 4) -> list[dict[str, Any]]:
    """Entries of all kinds around the clock, an uneven number of each."""
    return [
        log(
            NOON - timedelta(minutes=47 * i),
            level="error" if i % 7 == 0 else "info",
            message=f"GET /left-pad took {i} ms" if i % 3 else f"upstream {i % 4} failed",
            source=f"source-{i % 3}",
            package=f"pkg-{i % 5}",
            method="GET",
            path=f"/pkg-{i % 5}/-/pkg-{i % 5}-1.{i % 2}.0.tgz",
            ip=f"10.0.0.{i % 9}",
            status=502 if i % 7 == 0 else 200,
            **({"responseTime": 1 + i * 37 % 900} if i % 4 else {}),
        )
        for i in range(days * 30)
    ]


ASKED: dict[str, Ask] = {
    "analytics": lambda w: w.analytics(24, NOON),
    "analytics of a week": lambda w: w.analytics(168, NOON),
    "analytics of an hour": lambda w: w.analytics(1, NOON),
    "analytics of a package": lambda w: w.analytics(24, NOON, MetricFilter(package="pkg-3")),
    "analytics of two filters": lambda w: w.analytics(24, NOON, MetricFilter("source-1", "pkg-1")),
    "trends": lambda w: w.trends(24, now=NOON, compare=("previous", "week")),
    "history": lambda w: w.history(48, 100, NOON),
    "errors": lambda w: w.errors(24, now=NOON),
    "uptime": lambda w: w.uptime(24, NOON),
    "alerts": lambda w: w.alerts(24, NOON),
    "gaps": lambda w: w.gaps(168, NOON),
    "report": lambda w: w.report(24, NOON),
    "downloads": lambda w: w.downloads(3, now=NOON),
    "downloads by client": lambda w: w.downloads(3, by="client", now=NOON),
    "logs": lambda w: w.logs(LogFilter(limit=20, end=NOON)),
    "logs of a source": lambda w: w.logs(LogFilter(limit=20, source="source-1", start=NOON - DAY)),
    "facets": lambda w: w.log_viewer.facets(LogFilter(start=NOON - DAY)),
    "facets of a package": lambda w: w.log_viewer.facets(LogFilter(package="pkg-1", start=NOON - DAY * 2)),
    "histogram": lambda w: w.log_viewer.histogram(LogFilter(start=NOON - DAY, end=NOON - TICK), 24),
    "histogram of a status": lambda w: w.log_viewer.histogram(
        LogFilter(status=502, start=NOON - DAY, end=NOON - TICK), 24
    ),
    "anomalies": lambda w: w.outlook.anomalies(24, NOON),
}


def told(warehouse: Warehouse) -> dict[str, Any]:
    """Every answer."""
    return {name: ask(warehouse) for name, ask in ASKED.items()}


def test_answers_from_memory_are_those_from_the_files(builder: Builder) -> None:
    builder.put(lines())
    builder.sync()
    with closing(builder.open()) as cold, closing(builder.open()) as warm:
        warm.warm()
        assert told(warm) == told(cold)


@pytest.mark.parametrize("rows", [0, 300])
def test_what_is_older_than_memory_holds_comes_from_the_files(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    builder.put(lines())
    builder.sync()
    monkeypatch.setattr(near, "_TABLES", {table: near._Limits(rows=rows) for table in near._TABLES})
    monkeypatch.setattr(near, "_OF_SUMS", near._Limits(rows=rows))
    with closing(builder.open()) as cold, closing(builder.open()) as warm:
        warm.warm()
        assert told(warm) == told(cold)


def test_a_commit_is_in_the_next_answer_before_and_after_memory_has_it(builder: Builder) -> None:
    builder.put(lines())
    builder.sync()
    with closing(builder.open()) as warm:
        warm.warm()
        before = warm.analytics(24, NOON)["totalLogs"]
        builder.put([log(NOON - timedelta(hours=2))] * 5)
        builder.sync()
        # Asked in this moment, it comes from the files; memory is brought up meanwhile.
        assert warm.analytics(24, NOON)["totalLogs"] == before + 5
        warm.warm()
        with closing(builder.open()) as cold:
            assert told(warm) == told(cold)


def test_memory_keeps_two_generations_and_no_table_that_neither_reads(builder: Builder) -> None:
    builder.put(lines(2))
    builder.sync()
    with closing(builder.open()) as warm:
        warm.warm()
        for i in range(4):
            builder.put([log(NOON - timedelta(hours=i))])
            builder.sync()
            warm.warm()
        kept = warm._engine._near
        assert kept is not None
        names = {row[0] for row in kept._db.execute("SELECT schema_name FROM duckdb_schemas()").fetchall()}
        assert len([name for name in names if name.startswith("near_")]) == 2
        tables = kept._db.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'kept'"
        ).fetchall()
        assert tables[0][0] <= 2 * (len(near._TABLES) + 1)


def test_only_the_newest_partitions_within_the_limits_are_kept(builder: Builder) -> None:
    builder.put(lines())
    builder.sync()
    with closing(builder.open()) as warehouse:
        snapshot = warehouse._engine.snapshot()
    files = [file for file in snapshot.files if file.table == "activity"]
    days = sorted({file.partition for file in files}, reverse=True)
    newest = sum(file.entries for file in files if file.partition in days[:2])
    found, since = near._newest(snapshot, "activity", near._Limits(rows=newest))
    assert set(found.values()) == set(days[:2])
    assert since.isoformat() == days[1]


def test_an_entry_of_a_clock_that_runs_ahead_does_not_take_the_place_of_todays(builder: Builder) -> None:
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3_000)
    builder.put([*lines(), log(ahead, responseTime=7)])
    builder.sync()
    with closing(builder.open()) as warm, closing(builder.open()) as cold:
        warm.warm()
        kept = warm._engine._near
        assert kept is not None
        sums = kept._generations[-1].sums
        assert sums is not None
        assert sums.until < ahead.replace(tzinfo=None)
        text, snapshot = sqlfiles.read("endpoints", "history"), warm._engine.snapshot()
        end = NOON.replace(tzinfo=None)
        given = {"reads": "activity", "window_end": end}
        assert kept.holds(snapshot, text, given, end - timedelta(days=1))
        assert not kept.holds(snapshot, text, given | {"window_end": ahead.replace(tzinfo=None)}, end)
        assert not kept.holds(snapshot, text, {"reads": "activity"}, end)
        assert told(warm) == told(cold)
        future = warm.history(24, 24, ahead + timedelta(hours=1))["history"]
        assert future == cold.history(24, 24, ahead + timedelta(hours=1))["history"]
        assert [row["totalLogs"] for row in future if row["totalLogs"]] == [1]


def test_what_keeps_rollups_from_memory_is_met_once_for_a_generation(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    builder.put(lines(2))
    builder.sync()
    met = []

    def build(*_: object) -> None:
        met.append(1)
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(near_latency, "build", build)
    with closing(builder.open()) as warm, closing(builder.open()) as cold:
        warm.warm()
        warm.warm()
        assert told(warm) == told(cold)
    assert len(met) == 1
    assert "rollups are not kept in memory: ZeroDivisionError: a bug" in caplog.text


def test_questions_beside_commits_see_one_of_them(builder: Builder) -> None:
    # Entries and errors come in equal numbers: an answer of two generations would tell another rate.
    builder.put([log(NOON - timedelta(minutes=1), level=level) for level in ("info", "error")])
    builder.sync()
    seen: list[tuple[int, float]] = []
    with closing(builder.open()) as warm:
        warm.warm()
        done = threading.Event()

        def ask() -> None:
            i = 0
            while not done.is_set():
                i += 1
                found = warm.analytics(24 + i % 7, NOON)
                seen.append((found["totalLogs"], found["errorRate"]))

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        for i in range(4):
            builder.put([log(NOON - timedelta(minutes=2 + i), level=level) for level in ("info", "error")])
            builder.sync()
        done.set()
        for thread in asking:
            thread.join()
        assert warm.analytics(24, NOON)["totalLogs"] == 10
    assert {rate for _, rate in seen} == {50.0}
    assert {total for total, _ in seen} <= {2, 4, 6, 8, 10}


def test_a_damaged_file_leaves_answers_to_the_files(builder: Builder) -> None:
    builder.put(lines(2))
    builder.sync()
    with closing(builder.open()) as warm:
        snapshot = warm._engine.snapshot()
        broken = [file for file in snapshot.files if file.table == "error_templates"]
        for file in broken:
            warm._engine._lake.path(file).write_bytes(b"no parquet")
        warm.warm()
        assert warm.uptime(24, NOON)["requests"] > 0

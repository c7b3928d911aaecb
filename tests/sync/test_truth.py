"""Figures against an independent witness: plain DuckDB over the Parquet files, queries written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from tests.sync.support import DAY, Mirror, line, lines
from warehouse.bucket import Bucket
from warehouse.demo import generate
from warehouse.embedded import EmbeddedS3
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse
from warehouse.settings import Settings

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
ENTRIES = 4_000
MALFORMED = 12
MB = 1_048_576


@pytest.fixture(scope="module")
def demo(s3: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """The sample logs of two days, mirrored."""
    settings = msgspec.structs.replace(
        s3.settings(Settings(), "truth-of-the-demo"), data_dir=tmp_path_factory.mktemp("truth")
    )
    with closing(Bucket(settings)) as bucket:
        bucket.create()
        for item in generate(END, 2, ENTRIES, flush_seconds=3600, malformed=MALFORMED):
            bucket.put(item.key, item.body, metadata=item.metadata)
        with closing(Mirror(settings, bucket)) as mirror:
            summary = mirror.sync()
            assert (summary.entries, summary.rejected_lines) == (ENTRIES, MALFORMED)
            yield mirror


@pytest.fixture(scope="module")
def warehouse(demo: Mirror) -> Iterator[Warehouse]:
    with closing(Warehouse(demo.settings)) as opened:
        yield opened


@pytest.fixture(scope="module")
def witness(demo: Mirror) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that knows nothing of the warehouse but where its log files lie, and the bucket's listing."""
    with closing(duckdb.connect()) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"CREATE VIEW l AS FROM read_parquet('{demo.lake}/logs/**/*.parquet')")
        con.execute("CREATE TABLE o (key VARCHAR, size BIGINT)")
        for info in demo.bucket.list(""):
            con.execute("INSERT INTO o VALUES (?, ?)", [info.key, info.size])
        yield con


def test_analytics_tells_the_truth(warehouse: Warehouse, witness: duckdb.DuckDBPyConnection) -> None:
    for hours, now in ((24, END), (6, END), (1, END - timedelta(hours=20)), (24, END + timedelta(hours=12))):
        answer = warehouse.analytics(hours, now)
        for figures, until in ((answer, now), (answer["previous"], now - timedelta(hours=hours))):
            window = [until - timedelta(hours=hours), until]
            entries, errors, warnings, mean, timed = witness.execute(
                "SELECT count(*), count(*) FILTER (WHERE level = 'error'),"
                " count(*) FILTER (WHERE level = 'warn'), avg(response_ms), count(response_ms)"
                " FROM l WHERE ts >= $1::TIMESTAMPTZ::TIMESTAMP"
                " AND ts < $2::TIMESTAMPTZ::TIMESTAMP",
                window,
            ).fetchall()[0]
            assert figures["totalLogs"] == entries > 0
            assert figures["errorRate"] == pytest.approx(100 * errors / entries)
            assert figures["warnRate"] == pytest.approx(100 * warnings / entries)
            assert figures["avgResponseTime"] == pytest.approx(mean)
            assert figures["responseTimeCoverage"] == pytest.approx(100 * timed / entries)
            quantiles = witness.execute(
                "SELECT quantile_disc(response_ms, [0.5, 0.95, 0.99]) FROM l"
                " WHERE ts >= $1::TIMESTAMPTZ::TIMESTAMP AND ts < $2::TIMESTAMPTZ::TIMESTAMP",
                window,
            ).fetchall()[0][0]
            found = [figures[f"p{percent}ResponseTime"] for percent in (50, 95, 99)]
            assert found == pytest.approx(quantiles, rel=0.0101)
        assert [(top["message"], top["count"]) for top in answer["topErrorMessages"]] == witness.execute(
            "SELECT message, count(*) FROM l WHERE level = 'error' AND ts >= $1::TIMESTAMPTZ::TIMESTAMP"
            " AND ts < $2::TIMESTAMPTZ::TIMESTAMP GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5",
            [now - timedelta(hours=hours), now],
        ).fetchall()


def test_storage_growth_is_what_the_bucket_took_in(
    warehouse: Warehouse, witness: duckdb.DuckDBPyConnection
) -> None:
    answer = warehouse.analytics(24)

    stored = witness.execute("SELECT sum(size) FROM o").fetchall()[0][0]
    assert answer["storageGrowth"] == pytest.approx(stored / MB / 24)


def test_trends_tell_the_truth(warehouse: Warehouse, witness: duckdb.DuckDBPyConnection) -> None:
    for hours, points in ((24, 24), (48, 24), (6, 24), (24, 48)):
        answer = warehouse.trends(hours, points, END)["trends"]
        expected = witness.execute(
            "SELECT strftime(p.s, '%H:%M'), count(l.ts), count(*) FILTER (WHERE level = 'error'),"
            "  count(*) FILTER (WHERE level = 'warn'), coalesce(avg(response_ms), 0)"
            " FROM (SELECT $2::TIMESTAMPTZ::TIMESTAMP - to_seconds((n + 1) * $1 * 3600 / $3) AS s"
            "       FROM range($3::BIGINT) AS r (n)) AS p"
            " LEFT JOIN l ON l.ts >= p.s AND l.ts < p.s + to_seconds($1 * 3600 / $3)"
            " GROUP BY p.s ORDER BY p.s",
            [hours, END, points],
        ).fetchall()
        assert len(answer) == points
        assert [
            (point["period"], point["logsCount"], point["errorCount"], point["warnCount"]) for point in answer
        ] == [row[:4] for row in expected]
        assert [point["responseTime"] for point in answer] == pytest.approx([row[4] for row in expected])


def test_statistics_of_the_logs_tell_the_truth(
    demo: Mirror, warehouse: Warehouse, witness: duckdb.DuckDBPyConnection
) -> None:
    answer = warehouse.logs_stats()

    def count(query: str) -> dict[str, int]:
        return dict(witness.execute(query).fetchall())

    assert answer["levelDistribution"] == count("SELECT level, count(*) FROM l GROUP BY 1")
    assert answer["configDistribution"] == count("SELECT config_hash, count(*) FROM l GROUP BY 1")
    assert answer["sourceDistribution"] == count("SELECT source, count(*) FROM l GROUP BY 1")
    assert (answer["totalEntries"], answer["oldestEntry"], answer["newestEntry"]) == witness.execute(
        "SELECT count(*), epoch_ms(min(ts)), epoch_ms(max(ts)) FROM l"
    ).fetchall()[0]
    assert (answer["totalSize"], answer["objects"]) == witness.execute(
        "SELECT sum(size), count(*) FROM o WHERE key LIKE 'logs/%'"
    ).fetchall()[0]
    assert answer["rejectedLines"] == MALFORMED
    assert answer["warehouseSize"] == sum(demo.files().values())


def test_storage_figures_tell_the_truth(warehouse: Warehouse, witness: duckdb.DuckDBPyConnection) -> None:
    answer = warehouse.stats()["r2"]

    size, packages = witness.execute(
        "SELECT sum(size) FILTER (WHERE key LIKE 'logs/%' OR key LIKE 'packages/%'),"
        " count(DISTINCT regexp_extract(key, '^packages/[^/]+/(.+)/[^/]+$', 1))"
        " FILTER (WHERE key LIKE 'packages/%')"
        " FROM o"
    ).fetchall()[0]
    assert (answer["totalSize"], answer["totalPackages"]) == (size, packages)
    assert packages > 10
    assert datetime.fromisoformat(answer["lastSync"]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("true", LogFilter()),
        ("level = 'error'", LogFilter(levels=["error"])),
        ("level IN ('warn', 'error')", LogFilter(levels=["warn", "error"])),
        ("source = 'tarball-proxy'", LogFilter(source="tarball-proxy")),
        ("message ILIKE '%timeout%'", LogFilter(q="TIMEOUT")),
        ("status = 404", LogFilter(status=404)),
        ("method = 'PUT'", LogFilter(method="put")),
        ("response_ms >= 500", LogFilter(min_response_ms=500)),
        (
            "ts >= TIMESTAMP '2026-11-19 20:00' AND ts <= TIMESTAMP '2026-11-20 02:30' AND level = 'info'",
            LogFilter(
                start=datetime(2026, 11, 19, 20, tzinfo=UTC),
                end=datetime(2026, 11, 20, 2, 30, tzinfo=UTC),
                levels=["info"],
            ),
        ),
    ],
)
def test_the_log_viewer_counts_and_pages_truly(
    warehouse: Warehouse, witness: duckdb.DuckDBPyConnection, condition: str, wanted: LogFilter
) -> None:
    expected = witness.execute(
        f"SELECT object_key, line FROM l WHERE {condition} ORDER BY ts DESC, object_key DESC, line DESC"
    ).fetchall()
    assert expected
    pages: list[dict[str, Any]] = []
    cursor = None
    while not pages or cursor:
        pages.append(warehouse.logs(msgspec.structs.replace(wanted, limit=1_500, cursor=cursor)))
        cursor = pages[-1]["nextCursor"]

    assert {page["totalCount"] for page in pages} == {len(expected)}
    assert [page["hasMore"] for page in pages] == [True] * (len(pages) - 1) + [False]
    assert [(row["objectKey"], row["line"]) for page in pages for row in page["logs"]] == expected


def test_predictions_carry_the_line_of_the_whole_hours_on(
    warehouse: Warehouse, witness: duckdb.DuckDBPyConnection
) -> None:
    answer = warehouse.outlook.predict(6, END + timedelta(minutes=20), "linear")["prediction"]

    for name, condition in (("predictedLogs", "true"), ("predictedErrors", "level = 'error'")):
        counts = [
            row[0]
            for row in witness.execute(
                f"SELECT count(l.ts) FILTER (WHERE {condition}) FROM"
                " (SELECT unnest(range((SELECT date_trunc('hour', min(ts)) FROM l),"
                "  TIMESTAMP '2026-11-20 15:00', INTERVAL 1 HOUR)) AS h)"
                " LEFT JOIN l ON date_trunc('hour', l.ts) = h GROUP BY h ORDER BY h"
            ).fetchall()
        ]
        # Least squares by hand.
        n, mean = len(counts), sum(counts) / len(counts)
        middle = (n - 1) / 2
        slope = sum((i - middle) * (count - mean) for i, count in enumerate(counts)) / sum(
            (i - middle) ** 2 for i in range(n)
        )
        ahead = sum(max(0, mean + slope * (n + step - middle)) for step in range(6))
        assert n == 48
        assert answer[name] == round(ahead)
    assert 0 <= answer["confidence"] <= 100


def test_the_catalog_opens_with_plain_duckdb_and_agrees_with_the_service(
    demo: Mirror, warehouse: Warehouse
) -> None:
    path = str(demo.settings.data_dir / "warehouse.duckdb")
    stats = warehouse.logs_stats()

    with closing(duckdb.connect(path, read_only=True)) as con:

        def first(query: str) -> Any:
            return con.execute(query).fetchall()[0][0]

        assert first("SELECT count(*) FROM logs") == stats["totalEntries"] == ENTRIES
        assert first("SELECT sum(entries) FROM activity WHERE grain = 3600") == ENTRIES
        assert first("SELECT count(*) FROM quarantine") == stats["rejectedLines"]
        assert first("SELECT sum(bytes) FROM ledger WHERE prefix = 'logs/'") == stats["totalSize"]
        assert first("SELECT sum(bytes) FROM files") == stats["warehouseSize"]
        assert first("SELECT status FROM runs") == "ok"
        views = con.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_type = 'VIEW'"
        ).fetchall()
        for (view,) in views:
            expected = warehouse.sql(f"SELECT count(*) FROM {view}").rows
            assert con.execute(f"SELECT count(*) FROM {view}").fetchall() == expected
        with pytest.raises(duckdb.Error):
            con.execute("CREATE TABLE mine (i INTEGER)")


def test_an_open_session_of_the_catalog_keeps_its_snapshot_over_a_later_sync(mirror: Mirror) -> None:
    mirror.put("logs/1.gz", lines(5))
    mirror.sync()
    path: Path = mirror.settings.data_dir / "warehouse.duckdb"
    with closing(duckdb.connect(str(path), read_only=True)) as held:
        mirror.put("logs/1.gz", lines(2, tag="changed"))
        mirror.put("logs/2.gz", [line(DAY)])
        mirror.sync()

        assert held.execute("SELECT count(*), (SELECT sum(entries) FROM daily) FROM logs").fetchall() == [
            (5, 5)
        ]
    with closing(duckdb.connect(str(path), read_only=True)) as fresh:
        assert fresh.execute("SELECT count(*), (SELECT sum(entries) FROM daily) FROM logs").fetchall() == [
            (3, 3)
        ]
    assert [name.name for name in path.parent.glob("*catalog*")] == []

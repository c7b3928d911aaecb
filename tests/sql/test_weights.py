"""rollups: a row that stands for several entries (a sampled log) counts as many times as its weight says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.warehouse_builder import naive
from warehouse import duck, sqlfiles

ROWS = """
SELECT * FROM (VALUES
    (TIMESTAMP '2026-03-01 10:00:01', 'error', 'x', 'edge', 200.0, 503, 10),
    (TIMESTAMP '2026-03-01 10:00:02', 'info', 'ok', 'edge', 50.0, 200, 100),
    (TIMESTAMP '2026-03-01 10:00:03', 'info', 'ok', 'edge', NULL, NULL, 1)
) AS l (ts, level, message, source, response_ms, status, weight)
"""


@pytest.fixture(scope="module")
def con() -> Iterator[duck.Connection]:
    with closing(duck.connect(threads=1)) as opened:
        opened.execute(f"CREATE VIEW fresh_logs AS SELECT *, NULL::VARCHAR AS config_hash FROM ({ROWS})")
        yield opened


def rows(con: duck.Connection, rollup: str, columns: str) -> list[tuple[object, ...]]:
    con.execute(f"CREATE OR REPLACE VIEW prior AS {duck.empty_relation(rollup)}")
    return con.execute(f"SELECT {columns} FROM ({sqlfiles.read('rollups', rollup)}) ORDER BY ALL").fetchall()


def test_activity_counts_and_sums_by_weight(con: duck.Connection) -> None:
    columns = "grain, entries, debug, info, warn, error, timed, response_ns, requests, server_errors"
    # 10 answers of 200 ms and 100 of 50 ms: 7,000 ms in 110 timed entries.
    figures = (111, 0, 101, 0, 10, 110, 7_000_000_000, 110, 10)
    assert rows(con, "activity", columns) == [(grain, *figures) for grain in (30, 300, 3600)]


def test_latency_buckets_hold_weights(con: duck.Connection) -> None:
    buckets = [(math.floor(math.log(ms) / math.log(1.02)), weight) for ms, weight in ((50, 100), (200, 10))]
    assert [row[1:] for row in rows(con, "latency", "grain, bucket, entries")] == buckets * 3


def test_errors_and_days_count_by_weight(con: duck.Connection) -> None:
    assert rows(con, "errors", "message, entries") == [("x", 10)] * 3
    assert rows(con, "daily", "level, entries, last_ts") == [
        ("error", 10, naive("2026-03-01T10:00:01")),
        ("info", 101, naive("2026-03-01T10:00:03")),
    ]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([100_000], 8_640_000_000_000_000_000),
        ([1_000_000], 9_000_000_000_000_000_000),
        ([1_000_000, 1_000_000, 3], 9_223_372_036_854_775_807),
    ],
)
def test_the_longest_time_the_greatest_size_and_weight_do_not_burst_the_sums(
    con: duck.Connection, weights: list[int], expected: int
) -> None:
    con.execute(
        "CREATE TEMP TABLE fresh_logs AS SELECT TIMESTAMP '2026-03-01' AS ts, 'info' AS level,"
        " 86400000.0 AS response_ms, 200 AS status, w.weight AS weight, NULL::VARCHAR AS message,"
        " 'edge' AS source, NULL::VARCHAR AS package, NULL::VARCHAR AS config_hash, 'GET' AS method,"
        " '/a/-/a-1.0.0.tgz' AS path, NULL::VARCHAR AS package_version, NULL::VARCHAR AS user_agent,"
        " CAST(9223372036854775807 AS BIGINT) AS bytes"
        " FROM (SELECT unnest($weights::INTEGER[]) AS weight) AS w",
        {"weights": weights},
    )
    try:
        assert rows(con, "activity", "response_ns") == [(expected,)] * 3
        assert set(rows(con, "activity_by", "response_ns, entries")) == {(expected, sum(weights))}
        assert rows(con, "downloads", "downloads") == [(sum(weights),)]
        ((total,),) = rows(con, "downloads", "bytes")
        assert isinstance(total, int)
        assert 8_999_999_999_999_000_000 <= total <= 9_223_372_036_854_775_807
    finally:
        con.execute("DROP TABLE temp.fresh_logs")

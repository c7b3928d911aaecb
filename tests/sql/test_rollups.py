"""rollups/activity, rollups/activity_by, rollups/latency, rollups/errors, rollups/daily, rollups/facets,
rollups/storage: the grains and the sums, and that sums merged commit by commit are those of all rows at once.

The tables that they fill: tables/activity, tables/activity_by, tables/latency, tables/errors, tables/daily,
tables/facets, tables/storage; and tables/logs, tables/quarantine, tables/packages, which everything is made
from.
"""

from __future__ import annotations

import math
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.warehouse_builder import Builder, log, naive, utc
from warehouse import duck, sqlfiles
from warehouse.errors import UnavailableError
from warehouse.ingest.rollups import LOG_ROLLUPS
from warehouse.ingest.stored import stored_objects
from warehouse.lake import Lake
from warehouse.manifest import DataFile, Manifest

COLUMNS = {
    "logs": "ts level raw_level message source config_hash config_version response_ms status method path"
    " package package_version client_ip user_agent bytes weight metadata extra stored_at bucket object_key"
    " line",
    "quarantine": "bucket object_key line raw reason quarantined_at",
    "packages": "bucket object_key name version config_hash size etag integrity storage_class stored_at"
    " metadata",
    "anomalies": "grain slot metric subject value usual expected_low expected_high signal score anomaly since"
    " version reason",
    "forecasts": "issued metric model version ahead slot value low80 high80 low95 high95 confidence",
    "forecast_models": "issued metric model version entries hours gaps spikes members shares slope r2 tested"
    " mase smape coverage80 coverage95 reason",
    "activity": "grain slot entries debug info warn error timed response_ns response_min response_max"
    " requests server_errors",
    "activity_by": "dimension value slot entries warn error timed response_ns requests server_errors"
    " buckets counts",
    "latency": "grain slot bucket entries",
    "errors": "grain slot message entries",
    "error_templates": "grain dimension value slot template entries first_ts last_ts example example_bucket"
    " example_key example_line",
    "facets": "grain slot level source status method package config_hash entries",
    "daily": "day level source config_hash entries first_ts last_ts",
    "downloads": "day package version agent downloads not_modified failed bytes publishes last_ts",
    "installers": "day package version client agent downloads last_ts",
    "storage": "grain slot bucket prefix storage_class size_from objects bytes",
}


@pytest.mark.parametrize("table", sqlfiles.names("tables"))
def test_tables_have_the_columns_that_readers_know(table: str) -> None:
    assert [name for name, _ in duck.columns(table)] == COLUMNS[table].split()


def test_the_canonical_row_has_these_types() -> None:
    types = dict(duck.columns("logs"))
    assert {types.pop(name) for name in ("ts", "stored_at")} == {"TIMESTAMP"}
    assert [types.pop(name) for name in ("response_ms", "status", "bytes", "weight", "line")] == [
        "DOUBLE",
        "SMALLINT",
        "BIGINT",
        "INTEGER",
        "INTEGER",
    ]
    assert set(types.values()) == {"VARCHAR"}


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Five entries in three half minutes of one hour, one in the next, in two commits."""
    builder = Builder(tmp_path_factory.mktemp("hour"))
    builder.put(
        [
            log("2026-03-01T10:00:29.999", "error", "x", source="a", status=500, responseTime=1.5),
            log("2026-03-01T10:00:00", "info", source="a", status=200, responseTime=0),
            log("2026-03-01T10:04:30", "error", "y" * 1500, source="a", responseTime=100.25),
        ],
        size=10,
        stored=utc("2026-03-01T10:00:00"),
    )
    builder.sync()
    builder.put(
        [
            log("2026-03-01T10:00:15", "error", "x", source="b", status=404),
            log("2026-03-01T10:59:59.999999", "warn", source="b", configHash="0xab", responseTime=7),
            log("2026-03-01T11:00:00", "debug", source="b"),
        ],
        size=7,
        stored=utc("2026-03-01T23:59:59"),
    )
    builder.sync()
    return builder


def test_activity_counts_levels_requests_and_response_times_by_slot(hour: Builder) -> None:
    rows = hour.rows("SELECT * EXCLUDE (date) FROM activity WHERE grain = 30 ORDER BY slot")
    # entries debug info warn error, timed, nanoseconds, min, max, requests, server errors
    assert rows == [
        (30, naive("2026-03-01T10:00:00"), 3, 0, 1, 0, 2, 2, 1_500_000, 0, 1.5, 3, 1),
        (30, naive("2026-03-01T10:04:30"), 1, 0, 0, 0, 1, 1, 100_250_000, 100.25, 100.25, 0, 0),
        (30, naive("2026-03-01T10:59:30"), 1, 0, 0, 1, 0, 1, 7_000_000, 7, 7, 0, 0),
        (30, naive("2026-03-01T11:00:00"), 1, 1, 0, 0, 0, 0, 0, None, None, 0, 0),
    ]
    rows = hour.rows("SELECT grain, slot, entries, response_ns FROM activity WHERE grain > 30 ORDER BY ALL")
    assert rows == [
        (300, naive("2026-03-01T10:00:00"), 4, 101_750_000),
        (300, naive("2026-03-01T10:55:00"), 1, 7_000_000),
        (300, naive("2026-03-01T11:00:00"), 1, 0),
        (3600, naive("2026-03-01T10:00:00"), 5, 108_750_000),
        (3600, naive("2026-03-01T11:00:00"), 1, 0),
    ]


def test_latency_counts_response_times_by_bucket(hour: Builder) -> None:
    def bucket(ms: float) -> int:
        return math.floor(math.log(ms) / math.log(1.02))

    rows = hour.rows("SELECT bucket, entries FROM latency WHERE grain = 3600 ORDER BY bucket")
    # An answer in no time counts as a microsecond.
    assert rows == [(bucket(0.001), 1), (bucket(1.5), 1), (bucket(7), 1), (bucket(100.25), 1)]
    rows = hour.rows(
        "SELECT slot, count(*), sum(entries) FROM latency WHERE grain = 300 GROUP BY slot ORDER BY slot"
    )
    assert rows == [(naive("2026-03-01T10:00:00"), 3, 3), (naive("2026-03-01T10:55:00"), 1, 1)]


def test_facets_count_combinations_by_quarters_and_hours(hour: Builder) -> None:
    rows = hour.rows("SELECT * EXCLUDE (date) FROM facets ORDER BY ALL")
    combinations = [
        ("debug", "b", None, None, None, None),
        ("error", "a", 500, None, None, None),
        ("error", "a", None, None, None, None),
        ("error", "b", 404, None, None, None),
        ("info", "a", 200, None, None, None),
        ("warn", "b", None, None, None, "0xab"),
    ]
    quarters = ["11:00", "10:00", "10:00", "10:00", "10:00", "10:45"]
    assert sorted(rows, key=str) == sorted(
        (
            (grain, naive(f"2026-03-01T{slot if grain == 900 else slot[:3] + '00'}:00"), *combination, 1)
            for grain in (900, 3600)
            for slot, combination in zip(quarters, combinations, strict=True)
        ),
        key=str,
    )


def test_errors_count_messages_by_their_first_thousand_characters(hour: Builder) -> None:
    rows = hour.rows("SELECT grain, slot, message, entries FROM errors ORDER BY ALL")
    assert rows == [
        (30, naive("2026-03-01T10:00:00"), "x", 2),
        (30, naive("2026-03-01T10:04:30"), "y" * 1000, 1),
        (300, naive("2026-03-01T10:00:00"), "x", 2),
        (300, naive("2026-03-01T10:00:00"), "y" * 1000, 1),
        (3600, naive("2026-03-01T10:00:00"), "x", 2),
        (3600, naive("2026-03-01T10:00:00"), "y" * 1000, 1),
    ]


def test_daily_counts_by_level_source_and_hash_with_the_first_and_last_time(hour: Builder) -> None:
    rows = hour.rows(
        "SELECT level, source, config_hash, entries, first_ts, last_ts FROM daily"
        " ORDER BY level, source, config_hash"
    )
    day = naive("2026-03-01T00:00:00")
    assert [(*row[:4], row[4] - day, row[5] - day) for row in rows] == [
        ("debug", "b", None, 1, timedelta(hours=11), timedelta(hours=11)),
        (
            "error",
            "a",
            None,
            2,
            timedelta(hours=10, seconds=29.999),
            timedelta(hours=10, minutes=4, seconds=30),
        ),
        ("error", "b", None, 1, timedelta(hours=10, seconds=15), timedelta(hours=10, seconds=15)),
        ("info", "a", None, 1, timedelta(hours=10), timedelta(hours=10)),
        ("warn", "b", "0xab", 1, timedelta(hours=11, microseconds=-1), timedelta(hours=11, microseconds=-1)),
    ]


def test_storage_sums_objects_and_bytes_by_the_time_they_were_stored(hour: Builder) -> None:
    rows = hour.rows("SELECT grain, slot, objects, bytes FROM storage ORDER BY ALL")
    assert rows == [
        (30, naive("2026-03-01T10:00:00"), 1, 10),
        (30, naive("2026-03-01T23:59:30"), 1, 7),
        (300, naive("2026-03-01T10:00:00"), 1, 10),
        (300, naive("2026-03-01T23:55:00"), 1, 7),
        (3600, naive("2026-03-01T10:00:00"), 1, 10),
        (3600, naive("2026-03-01T23:00:00"), 1, 7),
        (86400, naive("2026-03-01T00:00:00"), 2, 17),
    ]


def test_storage_of_what_came_and_went_leaves_no_row(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    key = builder.put([log("2026-03-01T10:00:00")], size=10, stored=utc("2026-03-01T10:00:00"))
    builder.sync()
    builder.delete(key)
    builder.sync()
    assert builder.rows("SELECT * FROM storage") == []
    assert builder.rows("SELECT count(*) FROM logs") == [(1,)]


# -- an audit: merged commit by commit, or built at once --------------------------------------------------

entries = st.builds(
    lambda minute, level, message, source, ms, status: log(
        utc("2026-02-27T23:58:00") + timedelta(minutes=minute),
        level,
        message,
        source=source,
        **({} if ms is None else {"responseTime": ms}),
        **({} if status is None else {"status": status}),
    ),
    # Three days around the end of a month, with many equal minutes.
    st.sampled_from([0, 1, 2, 2.5, 3, 1439, 1442, 1443, 2881, 2882, 4000]),
    st.sampled_from(["debug", "info", "warn", "error"]),
    st.sampled_from(["x", "y", ""]),
    st.sampled_from(["a", None]),
    st.none() | st.floats(0, 1e5),
    st.sampled_from([None, 200, 500]),
)
#: What happens to a few keys before each sync: entries and size, or None for gone.
changes = st.dictionaries(
    st.sampled_from(["k1", "k2", "k3"]),
    st.none() | st.tuples(st.lists(entries, max_size=6), st.integers(0, 1000), st.integers(0, 5000)),
    min_size=1,
    max_size=3,
)


def built_at_once(data_dir: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rollups of the logs from all rows, and that of the storage from the ledger."""
    answers = {}
    with closing(Manifest(data_dir)) as manifest, closing(duck.connect(threads=1)) as con:
        lake = Lake(data_dir)
        paths = [lake.path(file) for file in manifest.files("logs")]
        con.execute(f"CREATE VIEW fresh_logs AS {duck.parquet_relation('logs', paths)}")
        held = [item for item in manifest.objects("memory", "logs/").values() if not item.gone]
        duck.register(con, "fresh_objects", stored_objects(held, []))
        for table in [*LOG_ROLLUPS, "storage"]:
            con.execute(f"CREATE OR REPLACE VIEW prior AS {duck.empty_relation(table)}")
            query = f"SELECT * FROM ({sqlfiles.read('rollups', table)}) ORDER BY ALL"
            answers[table] = con.execute(query).fetchall()
    return answers


# An example takes a second: a failure is shown as it was found, not made smaller for minutes.
@settings(max_examples=5, phases=[Phase.generate])
@given(history=st.lists(changes, min_size=2, max_size=4))
def test_rollups_merged_over_many_commits_equal_those_built_from_all_rows(
    history: list[dict[str, Any]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        builder = Builder(Path(folder))
        for step in history:
            for key, change in step.items():
                if change is not None:
                    rows, size, hours = change
                    stored = utc("2026-02-01T00:00:00") + timedelta(hours=hours)
                    builder.put(rows, f"logs/{key}", size=size, stored=stored)
                elif f"logs/{key}" in builder.bucket.objects:
                    builder.delete(f"logs/{key}")
            builder.sync()
        expected = built_at_once(builder.settings.data_dir)
        for table, rows in expected.items():
            columns = duck.column_list(table)
            assert builder.rows(f"SELECT {columns} FROM {table} ORDER BY ALL") == rows, table


def test_a_rollup_that_cannot_be_written_takes_the_files_of_all_others_with_it(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.put([log("2026-03-01T10:00:00", "error"), log("2026-03-02T10:00:00")])
    write = Lake.write

    def full(lake: Lake, con: duck.Connection, query: str, **options: Any) -> DataFile | None:
        if (options["table"], options["partition"]) == ("daily", "2026-03"):
            raise UnavailableError("no space left")
        return write(lake, con, query, **options)

    monkeypatch.setattr(Lake, "write", full)
    with pytest.raises(UnavailableError, match="no space left"):
        builder.sync()
    assert list((builder.settings.data_dir / "lake").rglob("*.parquet")) == []

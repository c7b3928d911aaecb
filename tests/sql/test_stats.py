"""GET /logs/stats, GET /stats, `warehouse status` and `warehouse doctor`: endpoints/logs_stats,
endpoints/log_distributions, endpoints/storage_stats, endpoints/package_distribution, endpoints/status,
endpoints/status_last_run, endpoints/status_bucket_runs, endpoints/status_tables, endpoints/doctor_entries;
views/files, views/ledger, views/runs.
"""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import Builder, log, millis, ndjson, utc
from warehouse.manifest import Manifest, Run
from warehouse.service import Warehouse

FIRST = [
    log("2026-03-01T10:00:00.500", "info", source="api", configHash="0xAA11", status=200),
    log("2026-03-01T10:05:00", "error", source="api", configHash="aa11"),
    "no JSON",
    log("2026-03-31T23:59:59.999", "warn", source="sync"),
]
SECOND = [log("2026-04-01T00:00:00", "error"), "", "[1]"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Two log objects, three packages; one of the logs left the bucket afterwards."""
    builder = Builder(tmp_path_factory.mktemp("filled"))
    builder.put(FIRST, "logs/0xbb22cc/1.jsonl", size=1000)
    builder.put(SECOND, "logs/2.jsonl", size=300, storage_class="STANDARD_IA")
    builder.put([log("2026-02-01T00:00:00", "debug", source="api")], "logs/3.jsonl", size=50_000)
    builder.put([], "packages/0xaa11bb/left-pad/1.0.0.tgz", size=70, stored=utc("2026-03-01T00:00:00"))
    builder.put([], "packages/left-pad/1.1.0.tgz", size=80, stored=utc("2026-03-02T00:00:00"))
    builder.put([], "packages/@scope/tool/1.0.0.tgz", size=5_000, storage_class="STANDARD_IA")
    builder.sync()
    builder.delete("logs/3.jsonl")
    return builder


@pytest.fixture(scope="module")
def warehouse(filled: Builder, synced_once: Open) -> Warehouse:
    return synced_once(filled)


def parquet(builder: Builder, table: str = "*") -> int:
    """Bytes of the files that count, on the disk."""
    manifest = Manifest(builder.settings.data_dir)
    try:
        files = [file for file in manifest.files() if table in ("*", file.table)]
        return sum((builder.settings.data_dir / "lake" / file.path).stat().st_size for file in files)
    finally:
        manifest.close()


def test_the_stats_of_the_logs_cover_the_whole_history(filled: Builder, warehouse: Warehouse) -> None:
    stats = warehouse.logs_stats()
    raw = (
        len(ndjson(FIRST))
        + len(ndjson(SECOND))
        + len(ndjson([log("2026-02-01T00:00:00", "debug", source="api")]))
    )
    assert stats["totalEntries"] == 5
    assert stats["totalSize"] == 1300  # without the one that left
    assert stats["objects"] == 2
    assert stats["oldestEntry"] == millis("2026-02-01T00:00:00")
    assert stats["newestEntry"] == millis("2026-04-01T00:00:00")
    assert stats["rejectedLines"] == 3
    assert stats["warehouseSize"] == parquet(filled)
    assert stats["compressionRatio"] == pytest.approx(raw / parquet(filled, "logs"))
    assert abs(stats["lastSync"] - time.time() * 1000) < 60_000


def test_the_distributions_count_every_entry_and_name_what_is_unknown(warehouse: Warehouse) -> None:
    stats = warehouse.logs_stats()
    assert stats["levelDistribution"] == {"error": 2, "info": 1, "warn": 1, "debug": 1}
    assert stats["sourceDistribution"] == {"api": 3, "sync": 1, "unknown": 1}
    # The third entry has its hash from the key of its object; two entries have none.
    assert stats["configDistribution"] == {"0xaa11": 2, "0xbb22cc": 1, "unknown": 2}


def test_the_stats_of_the_bucket_cover_every_mirrored_prefix(warehouse: Warehouse) -> None:
    stats = warehouse.stats()["r2"]
    assert stats["totalPackages"] == 2  # two names in three objects
    assert stats["totalSize"] == 1300 + 70 + 80 + 5_000
    assert stats["configDistribution"] == {"unknown": 2, "0xaa11bb": 1}
    assert stats["storageClass"] == "STANDARD_IA"  # 5,300 bytes against 1,150
    last = datetime.fromisoformat(stats["lastSync"])
    assert stats["lastSync"].endswith("Z")
    assert abs(last.timestamp() - time.time()) < 60


def test_the_status_tells_what_the_warehouse_holds(filled: Builder, warehouse: Warehouse) -> None:
    status = warehouse.run("status", {"log_prefixes": ["logs/"]})[0]
    raw = (
        len(ndjson(FIRST))
        + len(ndjson(SECOND))
        + len(ndjson([log("2026-02-01T00:00:00", "debug", source="api")]))
    )
    files = list((filled.settings.data_dir / "lake").rglob("*.parquet"))
    assert status == {
        "entries": 5,
        "oldestEntry": millis("2026-02-01T00:00:00"),
        "newestEntry": millis("2026-04-01T00:00:00"),
        "dates": 4,
        "files": len(warehouse_files(filled)),
        "parquetBytes": parquet(filled),
        "objects": 2,
        "compressedBytes": 1300,
        "rawBytes": raw,
        "quarantinedLines": 3,
    }
    assert len(files) >= status["files"]  # those that retired lately lie there still


def warehouse_files(builder: Builder) -> list[str]:
    manifest = Manifest(builder.settings.data_dir)
    try:
        return [file.path for file in manifest.files()]
    finally:
        manifest.close()


def test_the_tables_of_the_status_add_up(filled: Builder, warehouse: Warehouse) -> None:
    rows = {row["table"]: row for row in warehouse.run("status_tables")}
    assert set(rows) == {
        "activity", "activity_by", "daily", "errors", "error_templates", "facets", "logs", "packages",
        "quarantine", "storage",
    }  # fmt: skip
    assert (rows["logs"]["entries"], rows["logs"]["files"]) == (5, 4)
    assert (rows["quarantine"]["entries"], rows["packages"]["entries"]) == (3, 3)
    assert sum(row["bytes"] for row in rows.values()) == parquet(filled)


def test_the_doctor_counts_in_the_files_what_the_manifest_says(warehouse: Warehouse) -> None:
    rows = warehouse.run("doctor_entries")
    assert all(row["entries"] == row["expected"] for row in rows)
    counts = {row["table"]: row["entries"] for row in rows}
    assert (counts["logs"], counts["quarantine"], counts["packages"], counts["latency"]) == (5, 3, 3, 0)
    # Entries differ in day, level, source and hash: one row each.
    assert counts["daily"] == 5


def test_the_doctor_sees_a_file_that_lost_rows(builder: Builder, synced: Open) -> None:
    import duckdb

    builder.put([log("2026-03-01T10:00:00"), log("2026-03-01T11:00:00")])
    builder.sync()
    path = next((builder.settings.data_dir / "lake" / "logs").rglob("*.parquet"))
    duckdb.sql(f"COPY (SELECT * FROM '{path}' LIMIT 1) TO '{path}.new' (FORMAT parquet)")
    path.with_name(path.name + ".new").replace(path)
    rows = synced(builder).run("doctor_entries")
    assert {row["table"]: (row["entries"], row["expected"]) for row in rows}["logs"] == (1, 2)


def test_the_latest_run_is_shown(builder: Builder) -> None:
    manifest = Manifest(builder.settings.data_dir)
    for number, (run_id, kind) in enumerate([("r1", "sync"), ("r2", "cleanup")]):
        run = Run(run_id=run_id, kind=kind, status="running", started_us=(1_000 + number) * 1_000_000)
        manifest.start_run(run)
        run.status, run.finished_us, run.entries, run.rejected = "ok", run.started_us + 2_500_000, 7, 2
        manifest.finish_run(run)
    manifest.close()
    warehouse = builder.open()
    assert warehouse.run("status_last_run") == [
        {
            "runId": "r2",
            "kind": "cleanup",
            "bucket": None,
            "status": "ok",
            "startedAt": 1_001_000,
            "finishedAt": 1_003_500,
            "durationMs": 2_500,
            "objects": 0,
            "entries": 7,
            "rejectedLines": 2,
            "detail": None,
        }
    ]
    # Only a sync that went well is the last sync.
    assert warehouse.logs_stats()["lastSync"] == 1_002_500
    assert warehouse.stats()["r2"]["lastSync"] == "1970-01-01T00:16:42.500Z"
    warehouse.close()


def test_the_latest_sync_of_each_bucket_is_shown(builder: Builder) -> None:
    manifest = Manifest(builder.settings.data_dir)
    told = [("r1", "sync", "a"), ("r2", "sync", "b"), ("r3", "sync", "a"), ("r4", "compact", None)]
    for number, (run_id, kind, bucket) in enumerate(told):
        run = Run(run_id=run_id, kind=kind, status="ok", started_us=number * 1_000_000, bucket=bucket)
        manifest.start_run(run)
        run.status, run.finished_us, run.objects, run.entries = "ok", run.started_us + 500_000, number, 7
        manifest.finish_run(run)
    manifest.close()
    warehouse = builder.open()
    every = warehouse.run("status_bucket_runs", {"buckets": []})
    assert [(row["bucket"], row["runId"], row["objects"]) for row in every] == [
        ("a", "r3", 2),
        ("b", "r2", 1),
    ]
    assert every[0] == {
        "runId": "r3",
        "kind": "sync",
        "bucket": "a",
        "status": "ok",
        "startedAt": 2_000,
        "finishedAt": 2_500,
        "durationMs": 500,
        "objects": 2,
        "entries": 7,
        "rejectedLines": 0,
        "detail": None,
    }
    chosen = warehouse.run("status_bucket_runs", {"buckets": ["b", "never-synced"]})
    assert [row["runId"] for row in chosen] == ["r2"]
    warehouse.close()


def test_the_views_of_the_manifest_tell_of_runs_files_and_objects(
    filled: Builder, warehouse: Warehouse
) -> None:
    ledger = warehouse.sql(
        "SELECT prefix, objects, bytes, lines, accepted, rejected FROM ledger ORDER BY prefix"
    )
    assert ledger.rows == [("logs/", 2, 1300, 8, 5, 3), ("packages/", 3, 5150, 0, 0, 0)]
    runs = warehouse.sql("SELECT kind, status, objects, entries, rejected FROM runs ORDER BY started_at")
    assert runs.rows == [("sync", "ok", 3, 5, 3), ("sync", "ok", 0, 0, 0)]
    files = warehouse.sql(
        'SELECT "partition", files, entries FROM files WHERE "table" = \'logs\' ORDER BY "partition"'
    )
    assert files.rows == [
        ("2026-02-01", 1, 1),
        ("2026-03-01", 1, 2),
        ("2026-03-31", 1, 1),
        ("2026-04-01", 1, 1),
    ]

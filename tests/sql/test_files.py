"""Every .sql file says what it is, has a test, and answers on an empty warehouse."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import Builder, naive, utc, window_of
from warehouse import duck, sqlfiles
from warehouse.service import Warehouse

TESTS = Path(__file__).parents[1]
FOLDERS = sorted(path.name for path in sqlfiles.root().iterdir() if path.is_dir())
FILES = [f"{folder}/{name}" for folder in FOLDERS for name in sqlfiles.names(folder)]
NOW = naive("2026-03-02T12:00:00")

#: A value for every parameter that a query of sql/endpoints names.
PARAMETERS: dict[str, Any] = {
    "now": NOW,
    "hours": 24,
    "points": 24,
    "log_prefixes": ["logs/"],
    "limit": 50,
    "object": "logs/a",
    "line": 1,
    "start": NOW,
    "end": NOW,
    "first_date": NOW.date(),
    "last_date": NOW.date(),
    "first": NOW.date(),
    "last": NOW.date(),
    "today": NOW.date(),
    "most": 10,
    "by": "package",
    "apdex_ms": 500,
    "metric": "errorRate",
    "model": "ensemble",
    "issued": NOW,
    "starts": NOW,
    "ends": NOW,
    "interval": 95,
    "seconds": 3_600,
    "grain": 3_600,
    "first_whole": NOW,
    "after_whole": NOW,
    "slot_grain": 3_600,
    "from_slot": NOW,
    "to_ts": NOW,
    "edge_slot": NOW,
    "descending": True,
    "window_start": NOW,
    "window_end": NOW,
    "operator": ">",
    "threshold": 10,
    "dimension": "source",
    "zone": "UTC",
    "empty_as_null": False,
    "free_tier": False,
    "class_a_price": 4.5,
    "class_b_price": 0.36,
    "storage_price": 0.015,
    "entries": 0,
    "error_rate": 0.0,
    "warn_rate": 0.0,
    "response_ms": 0.0,
    "growth": 0.0,
    "coverage": 0.0,
    "previous_error_rate": 0.0,
}

#: What an empty warehouse answers, by query; the others have no row.
EMPTY: dict[str, list[dict[str, Any]]] = {
    "gaps_window": [{"grain": 30, "step": 60, "last_sync": None}],
    "alert_metric": [{"name": None, "value": None, "breached": None}],
    "analytics": [
        {
            "totalLogs": 0,
            "errorRate": 0,
            "warnRate": 0,
            "avgResponseTime": 0,
            "storageGrowth": 0,
            "systemHealth": "healthy",
            "performanceScore": 100,
            "p50ResponseTime": None,
            "responseTimeCoverage": 0,
            "apdex": None,
            "throughput": 0,
        }
    ]
    * 2,
    "history": [{"totalLogs": 0, "errorRate": None, "apdex": None, "throughput": 0, "performanceScore": None}]
    * 24,
    "uptime": [
        {
            "uptime": 0,
            "availability": None,
            "heartbeat": 0,
            "slots": 288,
            "missingSlots": 0,
            "unknownSlots": 288,
            "missing": [],
        }
    ],
    "downloads_days": [{"first": NOW.date(), "last": NOW.date()}],
    "downloads_range": [{"package": None, "day": "2026-03-02", "downloads": 0, "total": 0}],
    "downloads_totals": [{"downloads": 0, "bytes": 0, "packages": 0, "versions": 0, "clients": 0}],
    "costs": [{"storedBytes": 0, "classA": 0, "storageDollars": 0, "growthPerDay": 0}] * 12,
    "costs_cleanup": [{"bucketObjects": 0, "bucketBytes": 0, "entries": 0, "warehouseBytes": 0}] * 5,
    "doctor_entries": [{"table": name, "entries": 0, "expected": 0} for name in sqlfiles.names("tables")],
    "health_factors": [{"cost": 0}] * 3,
    "logs_stats": [
        {
            "totalEntries": 0,
            "totalSize": 0,
            "oldestEntry": None,
            "newestEntry": None,
            "objects": 0,
            "warehouseSize": 0,
            "compressionRatio": None,
            "rejectedLines": 0,
            "lastSync": None,
        }
    ],
    "alert_forecast": [{"value": None}],
    "logs_histogram": [{"count": 0, "debug": 0, "error": 0}] * 24,
    "logs_histogram_slots": [{"count": 0, "debug": 0, "error": 0}] * 24,
    "logs_reach": [{"first_slot": None, "last_slot": None, "reach": None}],
    "packages_count": [{"matches": 0}],
    "recommendations": [{}],
    "report_summary": [{"avgPerformanceScore": 100, "uptime": 0}],
    "status": [{"entries": 0, "oldestEntry": None, "dates": 0, "files": 0, "objects": 0, "rawBytes": 0}],
    "storage_stats": [{"totalPackages": 0, "totalSize": 0, "lastSync": None, "storageClass": "STANDARD"}],
    "time_zone": [{"known": True}],
    "trends": [{"logsCount": 0, "errorCount": 0, "storageUsed": 0, "responseTime": 0, "storageTotal": 0}]
    * 24,
    "window": [{"window_end": NOW}],
    "window_slots": [{"reads": "activity", "grain": 30}],
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A warehouse that never synced."""
    with closing(Builder(tmp_path_factory.mktemp("empty")).open()) as opened:
        yield opened


@pytest.mark.parametrize("file", FILES)
def test_every_file_opens_with_a_comment(file: str) -> None:
    first = sqlfiles.read(*file.split("/")).splitlines()[0]
    assert re.fullmatch(r"-- \S.{10,}", first)


@pytest.mark.parametrize("file", FILES)
def test_every_file_has_a_test_that_names_it(file: str) -> None:
    named = re.compile(rf"\b{file}\b")
    tests = (path for path in TESTS.rglob("test_*.py") if path != Path(__file__))
    assert any(named.search(path.read_text(encoding="utf-8")) for path in tests), f"no test names {file}"


@pytest.mark.parametrize("name", sqlfiles.names("endpoints"))
def test_every_endpoint_answers_on_an_empty_warehouse(empty: Warehouse, name: str) -> None:
    window = window_of(empty, PARAMETERS)
    rows = empty.run(name, PARAMETERS | window)
    expected = EMPTY.get(name, [])
    assert [{key: row[key] for key in wanted} for row, wanted in zip(rows, expected, strict=True)] == expected


@pytest.mark.parametrize("name", [*sqlfiles.names("views"), *sqlfiles.names("tables")])
def test_every_view_and_table_can_be_read_on_an_empty_warehouse(empty: Warehouse, name: str) -> None:
    assert empty.sql(f"SELECT * FROM {name}").rows == []


@pytest.mark.parametrize("name", sqlfiles.names("rollups"))
def test_every_rollup_of_nothing_is_nothing_with_the_columns_of_its_table(
    con: duck.Connection, name: str
) -> None:
    con.execute(f"CREATE OR REPLACE TEMP VIEW fresh_logs AS {duck.empty_relation('logs')}")
    con.execute(
        "CREATE OR REPLACE TEMP VIEW fresh_objects AS SELECT '' AS bucket, '' AS prefix, '' AS storage_class,"
        " TIMESTAMP '2026-01-01' AS last_modified, CAST(1 AS BIGINT) AS sign, CAST(1 AS BIGINT) AS size"
        " WHERE false"
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW prior AS {duck.empty_relation(name)}")
    answer = con.execute(sqlfiles.read("rollups", name))
    assert [(column[0], str(column[1])) for column in answer.description or ()] == list(duck.columns(name))
    assert answer.fetchall() == []


@pytest.mark.parametrize("name", sqlfiles.names("inventory"))
def test_every_inventory_of_nothing_is_nothing(con: duck.Connection, name: str) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP VIEW package_objects AS SELECT '' AS bucket, '' AS object_key, '' AS path,"
        " '' AS etag, CAST(0 AS BIGINT) AS size, TIMESTAMP '2026-01-01' AS last_modified,"
        " '' AS storage_class, '{}' AS metadata WHERE false"
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW other_packages AS {duck.empty_relation('packages')}")
    answer = con.execute(sqlfiles.read("inventory", name))
    assert [(column[0], str(column[1])) for column in answer.description or ()] == list(duck.columns(name))
    assert answer.fetchall() == []


@pytest.mark.parametrize("name", sqlfiles.names("formats"))
def test_every_format_of_no_line_is_no_row(con: duck.Connection, name: str) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE raw_lines (object_no INTEGER, line INTEGER, raw VARCHAR, fault VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE raw_objects"
        " (object_no INTEGER, bucket VARCHAR, object_key VARCHAR, sample INTEGER)"
    )
    answer = con.execute(sqlfiles.read("formats", name))
    assert {column[0] for column in answer.description or ()} >= {name for name, _ in duck.columns("logs")}
    assert answer.fetchall() == []


@pytest.mark.parametrize("name", sqlfiles.names("macros"))
def test_every_file_of_macros_makes_what_it_says(con: duck.Connection, name: str) -> None:
    made = re.findall(r"CREATE OR REPLACE MACRO (\w+)", sqlfiles.read("macros", name))
    known = con.execute(
        "SELECT function_name FROM duckdb_functions() WHERE function_type = 'macro'"
    ).fetchall()
    assert made
    assert {(macro,) for macro in made} <= set(known)


def test_the_methods_answer_on_an_empty_warehouse_too(empty: Warehouse) -> None:
    now = utc("2026-03-02T12:00:00")
    assert empty.analytics(now=now)["topErrorMessages"] == []
    assert empty.alerts(now=now) == {"alerts": [], "count": 0}
    report = empty.report(now=now)
    assert report["summary"] == {"avgPerformanceScore": 100, "uptime": 0, "totalAlerts": 0}
    assert len(report["trends"]) == 24
    assert empty.outlook.predict(now=now)["prediction"]["confidence"] == 0
    assert empty.logs_stats()["levelDistribution"] == {}
    assert empty.stats()["r2"]["configDistribution"] == {}
    assert empty.packages() == {"packages": [], "totalCount": 0, "nextContinuationToken": None}


def test_a_bucket_without_objects_syncs_to_an_empty_warehouse(builder: Builder, synced: Open) -> None:
    warehouse = synced(builder)
    assert warehouse.logs_stats()["totalEntries"] == 0
    assert warehouse.logs_stats()["lastSync"] is not None

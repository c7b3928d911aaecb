"""What runs cost: the views `views/runs` and `views/run_months`, against sums worked out by hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse_builder import Builder
from warehouse import retry
from warehouse.billing import price
from warehouse.housekeeping import job
from warehouse.manifest import LedgerObject, Manifest, Run
from warehouse.service import Warehouse
from warehouse.settings import Settings

GB = 1_000_000_000


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def noted(manifest: Manifest, run_id: str, started: str, kind: str = "sync", **fields: Any) -> None:
    run = Run(run_id=run_id, kind=kind, status="running", started_us=us(started))
    manifest.start_run(run)
    for name, value in ({"status": "ok", "finished_us": run.started_us + 1_500_000} | fields).items():
        setattr(run, name, value)
    manifest.finish_run(run)


@pytest.fixture
def manifest(tmp_path: Path) -> Any:
    with closing(Manifest(tmp_path)) as opened:
        yield opened


def rows(tmp_path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(Warehouse(Settings(data_dir=tmp_path))) as warehouse:
        return warehouse.sql(query).rows


def test_a_run_costs_its_operations_at_the_prices_of_its_time(manifest: Manifest, tmp_path: Path) -> None:
    prices = {"class_a_price": 4.5, "class_b_price": 0.36, "storage_price": 0.015}
    manifest.commit(
        objects=[
            LedgerObject(
                bucket="b",
                key=f"logs/{number}",
                prefix="logs/",
                etag="e",
                size=100 * GB,
                modified_us=0,
                storage_class="STANDARD",
                run_id="r",
                gone=number == 2,
            )
            for number in range(3)
        ]
    )
    noted(manifest, "first", "2026-11-10", class_a=200_000, class_b=1_000_000, retries=7, **prices)
    noted(manifest, "dearer", "2026-11-11", class_a=200_000, **prices | {"class_a_price": 9.0})

    # 0.2 x 4.50 + 1 x 0.36 = 1.26; 0.2 x 9.00 = 1.80; 200 GB x 0.015 = 3.00, the third object is gone.
    assert rows(
        tmp_path,
        "SELECT run_id, round(operations_dollars, 9), stored_bytes, round(storage_dollars, 9), retries"
        " FROM runs ORDER BY started_at",
    ) == [("first", 1.26, 200 * GB, 3.0, 7), ("dearer", 1.8, 200 * GB, 3.0, 0)]


def test_months_add_up_all_runs_by_their_start_in_utc(manifest: Manifest, tmp_path: Path) -> None:
    prices = {"class_a_price": 4.5, "class_b_price": 0.36, "storage_price": 0.015}
    noted(manifest, "october", "2026-10-31T23:59:59.999999", class_a=1, class_b=2, listed=10, **prices)
    noted(manifest, "november", "2026-11-01", class_a=3, downloaded_bytes=500, retries=1, **prices)
    noted(manifest, "failed", "2026-11-30T23:59:59", class_a=4, class_b=5, status="failed", **prices)

    assert rows(
        tmp_path,
        "SELECT month, runs, listed, downloaded_bytes, class_a, class_b, retries,"
        " round(operations_dollars * 1000000, 6) FROM run_months ORDER BY month",
    ) == [
        # (1 x 4.50 + 2 x 0.36), (7 x 4.50 + 5 x 0.36) millionths of a dollar
        ("2026-10", 1, 10, 0, 1, 2, 0, 5.22),
        ("2026-11", 2, 0, 500, 7, 5, 1, 33.3),
    ]


def test_a_month_whose_prices_changed_has_a_row_for_each(manifest: Manifest, tmp_path: Path) -> None:
    noted(manifest, "before", "2026-11-01", class_a=1_000_000, class_a_price=4.5)
    noted(manifest, "after", "2026-11-02", class_a=1_000_000, class_a_price=5.0)

    assert rows(tmp_path, "SELECT class_a_price, operations_dollars FROM run_months ORDER BY 1") == [
        (4.5, 4.5),
        (5.0, 5.0),
    ]


def test_a_run_that_was_killed_costs_what_it_had_cost_at_its_last_commit(
    manifest: Manifest, tmp_path: Path
) -> None:
    run = Run(run_id="killed", kind="sync", status="running", started_us=us("2026-11-01"))
    manifest.start_run(run)
    run.class_a, run.class_b, run.class_a_price, run.class_b_price = 1, 10, 4.5, 0.36
    manifest.commit(run=run)
    noted(manifest, "next", "2026-11-02")

    assert rows(
        tmp_path,
        "SELECT status, class_b, round(operations_dollars * 1000000, 6) FROM runs WHERE run_id = 'killed'",
    ) == [("killed", 10, 8.1)]


def test_the_free_tier_is_taken_off_each_month_once(manifest: Manifest, tmp_path: Path) -> None:
    """`endpoints/run_months`: two runs at different prices, 3 of 4 million and 5 of 15 million are billed."""
    manifest.commit(
        objects=[
            LedgerObject(
                bucket="b",
                key="logs/1",
                prefix="logs/",
                etag="e",
                size=110 * GB,
                modified_us=0,
                storage_class="STANDARD",
                run_id="r",
            )
        ]
    )
    both = {"class_b_price": 0.36, "storage_price": 0.015}
    noted(manifest, "a", "2026-11-01", class_a=1_000_000, class_b=15_000_000, class_a_price=4.0, **both)
    noted(manifest, "b", "2026-11-02", class_a=3_000_000, class_a_price=8.0, **both)
    noted(manifest, "c", "2026-12-02", class_a=1_000_000, class_a_price=8.0, **both)

    with closing(Warehouse(Settings(data_dir=tmp_path))) as warehouse:
        paid, free = warehouse.runs(limit=2), warehouse.runs(limit=2, free_tier=True)

    def money(month: dict[str, Any]) -> list[float]:
        names = ("classADollars", "classBDollars", "operationsDollars", "storageDollars")
        return [round(month[name], 9) for name in names]

    assert [run["runId"] for run in paid["runs"]] == ["c", "b"]
    assert [month["month"] for month in paid["months"]] == ["2026-12", "2026-11"]
    assert [money(month) for month in paid["months"]] == [[8.0, 0, 8.0, 1.65], [28.0, 5.4, 33.4, 1.65]]
    # 28 x 3/4 = 21; 5.4 x 5/15 = 1.8; 100 GB x 0.015
    assert [money(month) for month in free["months"]] == [[0, 0, 0, 1.5], [21.0, 1.8, 22.8, 1.5]]


def test_runs_are_the_newest_first_with_their_length(manifest: Manifest, tmp_path: Path) -> None:
    """`endpoints/runs`."""
    noted(manifest, "first", "2026-11-01", full_listing=True, listed=3)
    manifest.start_run(Run(run_id="now", kind="cleanup", status="running", started_us=us("2026-11-02")))

    with closing(Warehouse(Settings(data_dir=tmp_path))) as warehouse:
        rows = warehouse.run("runs", {"limit": 10})

    assert [(row["runId"], row["status"], row["durationMs"], row["fullListing"]) for row in rows] == [
        ("now", "running", None, False),
        ("first", "ok", 1_500, True),
    ]
    assert rows[1]["finishedAt"] - rows[1]["startedAt"] == 1_500


def test_runs_without_prices_of_former_versions_get_those_of_the_run_before(tmp_path: Path) -> None:
    today = {"class_a_price": 4.5, "class_b_price": 0.36, "storage_price": 0.015}
    dearer = today | {"storage_price": 0.02}
    with closing(Manifest(tmp_path)) as manifest:
        noted(manifest, "compact-first", "2026-09-30", kind="compact")
        noted(manifest, "first", "2026-10-01", class_a=5, **today)
        noted(manifest, "killed", "2026-10-02")
        noted(manifest, "free", "2026-10-03", class_a=5)  # somebody's own store: that is its price
        noted(manifest, "compact-free", "2026-10-04", kind="compact")
        noted(manifest, "second", "2026-11-01", class_a=5, **dearer)
        noted(manifest, "compact-last", "2026-11-02", kind="compact")
    with closing(sqlite3.connect(tmp_path / "manifest.sqlite")) as db:
        db.execute("UPDATE meta SET value = 6 WHERE key = 'schema'")
        db.commit()

    assert rows(
        tmp_path, "SELECT run_id, class_a_price, class_b_price, storage_price FROM runs ORDER BY started_at"
    ) == [
        ("compact-first", 4.5, 0.36, 0.015),
        ("first", 4.5, 0.36, 0.015),
        ("killed", 4.5, 0.36, 0.015),
        ("free", 0, 0, 0),
        ("compact-free", 0, 0, 0),
        ("second", 4.5, 0.36, 0.02),
        ("compact-last", 4.5, 0.36, 0.02),
    ]
    assert rows(tmp_path, "SELECT runs, storage_price FROM run_months WHERE month = '2026-11'") == [(2, 0.02)]


def test_a_manifest_whose_runs_have_no_prices_at_all_stays_as_it_is(tmp_path: Path) -> None:
    with closing(Manifest(tmp_path)) as manifest:
        noted(manifest, "compact", "2026-09-30", kind="compact")
    with closing(sqlite3.connect(tmp_path / "manifest.sqlite")) as db:
        db.execute("UPDATE meta SET value = 6 WHERE key = 'schema'")
        db.commit()
    assert rows(tmp_path, "SELECT run_id, storage_price FROM runs") == [("compact", 0)]


def test_a_run_that_was_killed_before_its_first_commit_has_its_prices(
    manifest: Manifest, tmp_path: Path
) -> None:
    price(run := Run(run_id="r", kind="sync", status="running", started_us=us("2026-11-01")), Settings())
    manifest.start_run(run)
    noted(manifest, "next", "2026-11-02")
    assert rows(tmp_path, "SELECT status, storage_price FROM runs WHERE run_id = 'r'") == [("killed", 0.015)]


@pytest.mark.parametrize("kind", ["compact", "cleanup", "retention", "retry"])
def test_a_month_has_one_row_with_its_prices_also_when_a_run_without_a_bucket_was_the_last(
    tmp_path: Path, kind: str
) -> None:
    builder = Builder(tmp_path / "data")
    builder.put([{"timestamp": 1767225600000}], size=100 * GB)
    builder.sync()
    if kind == "retry":
        retry.run(builder.settings)
    else:
        with job.locked(builder.settings) as manifest, job.job(builder.settings, manifest, kind):
            pass

    ran = builder.rows("SELECT kind, storage_price FROM runs ORDER BY started_at")
    assert ran == [("sync", 0.015), (kind, 0.015)]
    with closing(builder.open()) as warehouse:
        (month,) = warehouse.sql("SELECT runs, storage_price, storage_dollars FROM run_months").rows
        (told,) = warehouse.runs()["months"]
    assert month == (2, 0.015, 1.5)
    assert told["storageDollars"] == 1.5

"""What `warehouse status` tells; every number comes from `sql/endpoints/status*.sql`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from warehouse import gaps
from warehouse.errors import UnavailableError
from warehouse.service import Warehouse
from warehouse.settings import Settings
from warehouse.settings_file import log_prefixes, targets


def require_warehouse(data_dir: Path) -> None:
    """Raise UnavailableError when no sync or demo has made a warehouse in `data_dir` yet.

    Commands that only read ask this first: opening the manifest would make an empty warehouse.
    """
    if not (data_dir / "manifest.sqlite").is_file():
        raise UnavailableError(
            f"there is no warehouse in {data_dir}",
            hint="make one with `warehouse sync`, or set WAREHOUSE_DATA_DIR or --data-dir to where it lies",
        )


@contextmanager
def reading(settings: Settings) -> Iterator[Warehouse]:
    """The warehouse of `settings`, open for the length of one command."""
    require_warehouse(settings.data_dir)
    with closing(Warehouse(settings)) as warehouse:
        yield warehouse


def read(settings: Settings) -> dict[str, Any]:
    """The facts, under camelCase names; times in epoch milliseconds, sizes in bytes.

    `lastRun` is null when there was none, `bucketRuns` holds the latest sync of each bucket, `schedule` is
    null without WAREHOUSE_SCHEDULE; `tables` holds files, entries and bytes by table, `gaps` how many the
    last `hours` have and the newest of them. Raises UnavailableError when there is no warehouse.
    """
    with reading(settings) as warehouse:
        facts = warehouse.run("status", {"log_prefixes": log_prefixes(settings)})[0]
        last_run = warehouse.run("status_last_run")
        buckets = [target.bucket for target in targets(settings) if target.bucket is not None]
        bucket_runs = warehouse.run("status_bucket_runs", {"buckets": buckets})
        tables = warehouse.run("status_tables")
        schedule = warehouse.health()["schedule"]
        missing = warehouse.gaps(gaps.HOURS)
    return {
        "dataDir": str(settings.data_dir),
        **facts,
        "tables": tables,
        "lastRun": last_run[0] if last_run else None,
        "bucketRuns": bucket_runs,
        "schedule": schedule,
        "gaps": {
            "hours": missing["hours"],
            "count": missing["count"],
            "newest": missing["gaps"][0] if missing["gaps"] else None,
        },
    }

"""Keeps the rollups in step with the logs: runs `sql/rollups/` over the partitions that a change touches.

A partition has one file per rollup. Adding logs merges their aggregates with what the file holds; where log
rows went away (a replaced object, a cleanup) the dates in question are built again from their raw rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

import pyarrow as pa
from msgspec import Struct, field

from warehouse import duck, sqlfiles
from warehouse.lake import Lake
from warehouse.manifest import DataFile

#: Rollups of the logs, and the column that tells a row's date.
LOG_ROLLUPS = {
    "activity": "slot",
    "activity_by": "slot",
    "latency": "slot",
    "errors": "slot",
    "error_templates": "slot",
    "facets": "slot",
    "daily": "day",
    "downloads": "day",
    "installers": "day",
}

STORED_OBJECTS = pa.schema(
    [
        ("bucket", pa.string()),
        ("prefix", pa.string()),
        ("last_modified", pa.timestamp("us")),
        ("storage_class", pa.string()),
        ("sign", pa.int64()),
        ("size", pa.int64()),
    ]
)


class DateChange(Struct):
    """What happened to one date: log files to add, or (rebuild) all the log files that it has now."""

    files: list[Path] = field(default_factory=list)
    rebuild: bool = False


class Change(Struct):
    """Files for the manifest to add, and paths for it to drop."""

    add: list[DataFile] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)

    def extend(self, other: Change) -> None:
        """Take in another change."""
        self.add += other.add
        self.remove += other.remove


def refresh_logs(
    con: duck.Connection,
    lake: Lake,
    dates: Mapping[str, DateChange],
    current: Iterable[DataFile],
    run_id: str,
) -> Change:
    """New rollup files for the dates (ISO) whose logs changed; `current` are the manifest's files.

    None of them needs another: as many are made at a time as the connection has threads, each by one thread.
    """
    held = _by_partition(current)
    logs = {partition for table, partition in held if table == "logs"}
    partitions: dict[tuple[str, str], dict[str, DateChange]] = defaultdict(dict)
    for rollup in LOG_ROLLUPS:
        for date, date_change in dates.items():
            partitions[rollup, _partition_of(rollup, date)][date] = date_change

    change = Change()

    def refresh(cursor: duck.Connection, place: tuple[str, str]) -> None:
        rollup, partition = place
        every = {date for date in logs if _partition_of(rollup, date) == partition}
        made = _refreshed(cursor, lake, *place, partitions[place], every, held.get(place, []), run_id)
        change.extend(made)

    try:
        for _ in duck.side_by_side(con, refresh, partitions):
            pass
    except BaseException:
        lake.discard(change.add)
        raise
    return change


def refresh_storage(
    con: duck.Connection, lake: Lake, objects: pa.Table, current: Iterable[DataFile], run_id: str
) -> Change:
    """New files of the storage rollup for objects (STORED_OBJECTS) that came (sign 1) or went (sign -1)."""
    change = Change()
    held = _by_partition(current)
    duck.register(con, "stored_objects", objects)
    months = con.execute(
        "SELECT DISTINCT strftime(last_modified, '%Y-%m') FROM stored_objects ORDER BY 1"
    ).fetchall()
    for (month,) in months:
        con.execute(
            "CREATE OR REPLACE TEMP VIEW fresh_objects AS SELECT * FROM stored_objects"
            f" WHERE strftime(last_modified, '%Y-%m') = '{month}'"
        )
        old = held.get(("storage", month), [])
        _bind_prior(con, lake, "storage", old, "slot", [])
        change.extend(_replace(con, lake, "storage", month, old, run_id))
    return change


def _refreshed(
    con: duck.Connection,
    lake: Lake,
    rollup: str,
    partition: str,
    dates: Mapping[str, DateChange],
    every: Set[str],
    old: list[DataFile],
    run_id: str,
) -> Change:
    """One rollup's new file for one partition, instead of its `old` ones; `every` date of it has logs."""
    rebuilt = [date for date, date_change in dates.items() if date_change.rebuild]
    fresh = [path for date_change in dates.values() for path in date_change.files]
    con.execute(f"CREATE OR REPLACE TEMP VIEW fresh_logs AS {duck.parquet_relation('logs', fresh)}")
    # Nothing is left where every date is made anew; the file may be damaged, or lack columns of today.
    kept = [] if rebuilt and every <= set(rebuilt) else old
    _bind_prior(con, lake, rollup, kept, LOG_ROLLUPS[rollup], rebuilt)
    return _replace(con, lake, rollup, partition, old, run_id)


def _by_partition(files: Iterable[DataFile]) -> dict[tuple[str, str], list[DataFile]]:
    held: dict[tuple[str, str], list[DataFile]] = defaultdict(list)
    for file in files:
        held[file.table, file.partition].append(file)
    return held


def _partition_of(rollup: str, date: str) -> str:
    return date[:7] if duck.PARTITIONS[rollup] == "month" else date


def _bind_prior(
    con: duck.Connection,
    lake: Lake,
    rollup: str,
    old: list[DataFile],
    time_column: str,
    rebuilt: list[str],
) -> None:
    """The rollup as it stands, without the dates that are built again from their raw rows."""
    relation = duck.parquet_relation(rollup, [lake.path(file) for file in old])
    dates = ", ".join(f"DATE '{date}'" for date in rebuilt)
    where = f" WHERE CAST({time_column} AS DATE) NOT IN ({dates})" if rebuilt else ""
    con.execute(f"CREATE OR REPLACE TEMP VIEW prior AS SELECT * FROM ({relation}){where}")


def _replace(
    con: duck.Connection, lake: Lake, rollup: str, partition: str, old: list[DataFile], run_id: str
) -> Change:
    file = lake.write(con, sqlfiles.read("rollups", rollup), table=rollup, partition=partition, run_id=run_id)
    return Change(add=[file] if file else [], remove=[item.path for item in old])

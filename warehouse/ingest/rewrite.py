"""Takes rows out of immutable files: writes what stays into new files, for one commit to swap."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from warehouse import duck
from warehouse.ingest.rollups import Change
from warehouse.lake import Lake
from warehouse.manifest import DataFile


class Rewritten(Struct):
    """The change to files, the partitions that lost rows, and how many rows went."""

    change: Change = field(default_factory=Change)
    partitions: set[str] = field(default_factory=set)
    rows: int = 0


def without(
    con: duck.Connection,
    lake: Lake,
    files: Iterable[DataFile],
    condition: str,
    parameters: dict[str, object],
    run_id: str,
) -> Rewritten:
    """Take the rows that meet a SQL condition out of files of one table; untouched files stay."""
    result = Rewritten()
    for file in files:
        relation = duck.parquet_relation(file.table, [lake.path(file)])
        going = con.execute(
            f"SELECT count(*) FILTER (WHERE {condition}) FROM ({relation})", parameters
        ).fetchone()
        rows = int(going[0]) if going else 0
        if rows == 0:
            continue
        result.rows += rows
        result.partitions.add(file.partition)
        result.change.remove.append(file.path)
        if rows < file.entries:
            # What is damaged would have a checksum of its own afterwards.
            lake.require_sound([file])
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM ({relation}) WHERE NOT ({condition})",
                parameters,
            )
            kept = lake.write(
                con,
                "SELECT * FROM kept",
                table=file.table,
                partition=file.partition,
                run_id=run_id,
                time_column="ts" if file.table == "logs" else None,
            )
            con.execute("DROP TABLE kept")
            result.change.add += [kept] if kept else []
    return result

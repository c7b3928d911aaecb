"""From numbered lines to log rows in Parquet: runs a format of `sql/formats/` over one batch."""

from __future__ import annotations

import pyarrow as pa
from msgspec import Struct

from warehouse import duck, sqlfiles
from warehouse.ingest.lines import Batch, split
from warehouse.lake import Lake
from warehouse.manifest import DataFile

FORMAT = "registry"


class ObjectCount(Struct):
    """What became of the lines of one object; times are epoch microseconds (UTC).

    `faults` counts the quarantine rows that stand for the object itself and not for a line of it.
    """

    lines: int = 0
    accepted: int = 0
    rejected: int = 0
    faults: int = 0
    raw_bytes: int = 0
    first_us: int | None = None
    last_us: int | None = None

    def add(self, other: ObjectCount) -> None:
        """Add the counts of another batch of the same object."""
        self.lines += other.lines
        self.accepted += other.accepted
        self.rejected += other.rejected
        self.faults += other.faults
        self.raw_bytes += other.raw_bytes
        firsts = [us for us in (self.first_us, other.first_us) if us is not None]
        lasts = [us for us in (self.last_us, other.last_us) if us is not None]
        self.first_us = min(firsts, default=None)
        self.last_us = max(lasts, default=None)


class Converted(Struct):
    """The files that a batch became, and the counts per object number."""

    files: list[DataFile]
    counts: dict[int, ObjectCount]


class Converter:
    """Converts batches, one at a time, on a DuckDB of its own with one thread.

    Two converters on two cores are faster than one query on two threads: no stage waits for the other.
    """

    def __init__(self, lake: Lake, run_id: str, quarantine_date: str) -> None:
        self._lake = lake
        self._run_id = run_id
        self._quarantine_date = quarantine_date
        self._con = duck.connect(threads=1)

    def close(self) -> None:
        """Close the database."""
        self._con.close()

    def convert(self, batch: Batch, objects: dict[int, tuple[str, str]]) -> Converted:
        """Write a batch into the lake, one file per date; `objects` gives (bucket, key) by number."""
        duck.register(self._con, "raw_lines", split(batch))
        duck.register(self._con, "raw_objects", _object_table(batch, objects))
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE conformed AS {sqlfiles.read('formats', FORMAT)}")
        self._con.unregister("raw_lines")
        try:
            files = [*self._write_logs(), *self._write_quarantine()]
            return Converted(files, self._counts())
        finally:
            self._con.execute("DROP TABLE conformed")

    def _write_logs(self) -> list[DataFile]:
        dates = self._con.execute(
            "SELECT DISTINCT CAST(ts AS DATE) FROM conformed WHERE reason IS NULL ORDER BY 1"
        ).fetchall()
        files = [
            self._lake.write(
                self._con,
                f"SELECT * FROM conformed WHERE reason IS NULL AND ts >= DATE '{day}'"
                f" AND ts < DATE '{day}' + INTERVAL 1 DAY ORDER BY ts, object_key, line",
                table="logs",
                partition=str(day),
                run_id=self._run_id,
                time_column="ts",
            )
            for (day,) in dates
        ]
        return [file for file in files if file]

    def _write_quarantine(self) -> list[DataFile]:
        file = self._lake.write(
            self._con,
            "SELECT *, CAST(now() AS TIMESTAMP) AS quarantined_at FROM conformed WHERE reason IS NOT NULL"
            " ORDER BY object_key, line",
            table="quarantine",
            partition=self._quarantine_date,
            run_id=self._run_id,
        )
        return [file] if file else []

    def _counts(self) -> dict[int, ObjectCount]:
        rows = self._con.execute(
            "SELECT object_no, count(*) FILTER (WHERE reason IS NULL),"
            " count(*) FILTER (WHERE reason IS NOT NULL AND line > 0),"
            " count(*) FILTER (WHERE reason IS NOT NULL AND line = 0), epoch_us(min(ts)), epoch_us(max(ts))"
            " FROM conformed GROUP BY object_no"
        ).fetchall()
        return {
            number: ObjectCount(
                accepted=accepted, rejected=rejected, faults=faults, first_us=first, last_us=last
            )
            for number, accepted, rejected, faults, first, last in rows
        }


def _object_table(batch: Batch, objects: dict[int, tuple[str, str]]) -> pa.Table:
    numbers = sorted({piece.object_no for piece in batch.pieces} | {number for number, _ in batch.faults})
    return pa.table(
        {
            "object_no": pa.array(numbers, pa.int32()),
            "bucket": pa.array([objects[number][0] for number in numbers], pa.string()),
            "object_key": pa.array([objects[number][1] for number in numbers], pa.string()),
        }
    )

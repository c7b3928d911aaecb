"""From numbered lines to log rows in Parquet: runs a format of `sql/formats/` over one batch.

A format may have a fast lane in `sql/lanes/`, which takes the lines that are as usual; the format itself then
judges only those that the lane left. What became a row is read back from the files, not taken for granted.
"""

from __future__ import annotations

import pyarrow as pa
from msgspec import Struct

from warehouse import duck, formats, sqlfiles
from warehouse.ingest import lanes
from warehouse.ingest.lines import Batch
from warehouse.ingest.split import Lines, days
from warehouse.lake import Lake
from warehouse.manifest import DataFile
from warehouse.settings import Settings


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

    def count(self, number: int, counts: ObjectCount) -> None:
        """Add to the counts of an object."""
        self.counts.setdefault(number, ObjectCount()).add(counts)


class Converter:
    """Converts batches, one at a time, on a DuckDB of its own with one thread.

    Two converters on two cores are faster than one query on two threads: no stage waits for the other.
    """

    def __init__(self, lake: Lake, run_id: str, quarantine_date: str, settings: Settings) -> None:
        self._lake = lake
        self._settings = settings
        self._run_id = run_id
        self._quarantine_date = quarantine_date
        self._con = duck.connect(threads=1)
        self._con.execute(lanes.LANE_SETTINGS)
        # What lines of megabytes took goes back to the system, instead of waiting here for the next ones.
        self._con.execute("SET allocator_bulk_deallocation_flush_threshold = '16MB'")

    def close(self) -> None:
        """Close the database."""
        self._con.close()

    def convert(self, batch: Batch, objects: dict[int, tuple[str, str]]) -> Converted:
        """Write a batch into the lake, a file per date and lane; `objects` gives (bucket, key) by number."""
        lines = Lines(batch)
        duck.register(self._con, "raw_objects", self._object_table(batch, objects))
        duck.register(self._con, "raw_lines", lines.table)
        converted = Converted([], {})
        opening = lanes.opening(batch.format)
        usual = lines.usual(opening) if opening is not None else None
        try:
            if usual is not None and usual.num_rows:
                self._take_fast_lane(batch.format, usual, converted, objects)
            # The lines that the lane took and those that it left are all: the objects' counts prove it.
            taken = sum(file.entries for file in converted.files)
            if taken < lines.table.num_rows:
                if usual is not None and taken == usual.num_rows:
                    duck.register(self._con, "raw_lines", lines.unusual())
                elif taken:
                    self._leave_out(converted.files)
                self._take_careful_lane(batch.format, converted)
        except BaseException:
            self._lake.discard(converted.files)
            raise
        finally:
            self._con.execute("DROP VIEW IF EXISTS raw_lines; DROP TABLE IF EXISTS left_lines")
        return converted

    def _take_fast_lane(
        self, form: str, usual: pa.Table, converted: Converted, objects: dict[int, tuple[str, str]]
    ) -> None:
        """Write the rows of usual lines, straight from their JSON into a sorted file per date."""
        query = sqlfiles.read("lanes", form)
        files: list[DataFile] = []
        for date, part in days(usual):
            duck.register(self._con, "usual_lines", part)
            file = self._lake.write(
                self._con, query, table="logs", partition=date, run_id=self._run_id, time_column="ts"
            )
            if file:
                files.append(file)
                converted.files.append(file)
        numbers = {place: number for number, place in objects.items()}
        counted = self._con.execute(
            "SELECT bucket, object_key, count(*), epoch_us(min(ts)), epoch_us(max(ts))"
            f" FROM ({self._relation(files)}) GROUP BY bucket, object_key"
        ).fetchall()
        for bucket, key, accepted, first, last in counted:
            converted.count(
                numbers[bucket, key], ObjectCount(accepted=accepted, first_us=first, last_us=last)
            )

    def _leave_out(self, files: list[DataFile]) -> None:
        """Narrow raw_lines to those that have no row in the files."""
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE left_lines AS SELECT r.* FROM raw_lines AS r"
            " JOIN raw_objects AS o ON o.object_no = r.object_no"
            f" ANTI JOIN ({self._relation(files)}) AS t"
            " ON t.bucket = o.bucket AND t.object_key = o.object_key AND t.line = r.line"
        )
        self._con.execute("CREATE OR REPLACE TEMP VIEW raw_lines AS SELECT * FROM left_lines")

    def _take_careful_lane(self, form: str, converted: Converted) -> None:
        """Judge each line of raw_lines: a log row, or a reason and a place in quarantine."""
        try:
            formats.conform(self._con, form, self._settings)
            converted.files += self._lake.write_by_date(
                self._con,
                "SELECT * FROM conformed WHERE reason IS NULL ORDER BY ts, object_key, line",
                table="logs",
                run_id=self._run_id,
                time_column="ts",
            )
            converted.files += self._write_quarantine()
            for number, counts in self._counts().items():
                converted.count(number, counts)
        finally:
            self._con.execute("DROP TABLE IF EXISTS conformed")

    def _relation(self, files: list[DataFile]) -> str:
        return duck.parquet_relation("logs", [self._lake.path(file) for file in files])

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

    def _object_table(self, batch: Batch, objects: dict[int, tuple[str, str]]) -> pa.Table:
        """raw_objects: where the batch's objects lie, and how many entries each of their lines stands for."""
        numbers = sorted({piece.object_no for piece in batch.pieces} | {number for number, _ in batch.faults})
        samples = [formats.sample_weight(objects[number][1], self._settings) for number in numbers]
        buckets, keys = [objects[number][0] for number in numbers], [objects[number][1] for number in numbers]
        return pa.table([numbers, buckets, keys, samples], schema=formats.RAW_OBJECTS)

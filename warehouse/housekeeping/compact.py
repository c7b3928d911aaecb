"""Compaction: the many small files of a day that is over become at most four, sorted by time.

A day is closed when it is over and a grace for late files has passed; when a late file comes all the same,
the day is compacted again. Rollups need none of it: every commit merges them into one file per partition.
Each day is one transaction; what it replaces stays on the disk for the readers' grace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from msgspec import Struct

from warehouse import duck, sqlfiles
from warehouse.errors import BadRequestError, IntegrityError, UnavailableError, WarehouseError
from warehouse.housekeeping.job import Job, job, locked
from warehouse.lake import Lake
from warehouse.manifest import DataFile, Manifest
from warehouse.settings import Settings

#: Files of a date, at most, and rows that one file has before there is a second one.
MOST_FILES = 4
ROWS_PER_FILE = 2_000_000
_TABLES = ("logs", "quarantine")


class CompactSummary(Struct, frozen=True):
    """What a compaction did: partitions, files and bytes that count before and after; left: still to do."""

    partitions: int = 0
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    left: int = 0


def run(settings: Settings, dates: Collection[str] = (), *, now: datetime | None = None) -> CompactSummary:
    """Compact every closed day that needs it, or the named dates (ISO), closed or not.

    Raises BusyError when another writer runs, BadRequestError for a date that is none, and
    UnavailableError when the disk is full; what was committed before stays.
    """
    for name in dates:
        try:
            date.fromisoformat(name)
        except ValueError as error:
            raise BadRequestError(f"{name} is no date (YYYY-MM-DD)", field="date") from error
    with locked(settings) as manifest:
        return within(settings, manifest, dates, now=now)


def within(
    settings: Settings,
    manifest: Manifest,
    dates: Collection[str] = (),
    *,
    most: int | None = None,
    now: datetime | None = None,
) -> CompactSummary:
    """The same for the holder of the writer's lock; at most `most` partitions, oldest first."""
    closed = (now or datetime.now(UTC)) - timedelta(hours=settings.closed_hours)
    due = _due(manifest.files(), dates, closed.date())
    taken = due[:most]
    before = [file for files in taken for file in files]
    after: list[DataFile] = []
    with job(settings, manifest, "compact") if taken else nullcontext() as work:
        for files in taken:
            if work is not None:
                after += _compact(work, files)
    return CompactSummary(
        partitions=len(taken),
        files_before=len(before),
        files_after=len(after),
        bytes_before=sum(file.bytes for file in before),
        bytes_after=sum(file.bytes for file in after),
        left=len(due) - len(taken),
    )


def after_sync(settings: Settings, manifest: Manifest) -> str | None:
    """The bounded share of the work that a sync does at its end; tells why it failed, if it did.

    A sync that mirrored everything has not failed because of it, and the next one tries again.
    """
    if settings.compact_days:
        try:
            within(settings, manifest, most=settings.compact_days)
        except WarehouseError as error:
            return f"the compaction failed: {error}"
    return None


def _due(files: Iterable[DataFile], dates: Collection[str], before: date) -> list[list[DataFile]]:
    """The partitions to compact, oldest first: those that have too many files, or overlapping ones."""
    held: dict[tuple[str, str], list[DataFile]] = defaultdict(list)
    for file in files:
        if file.table in _TABLES and (
            file.partition in dates if dates else file.partition < before.isoformat()
        ):
            held[file.partition, file.table].append(file)
    return [held[key] for key in sorted(held) if not _is_compact(held[key])]


def _is_compact(files: list[DataFile]) -> bool:
    """Whether one more compaction would change nothing worth it."""
    if len(files) > _parts(files):
        return False
    spans = sorted((file.min_us or 0, file.max_us or 0) for file in files)
    return all(later[0] > earlier[1] for earlier, later in pairwise(spans))


def _parts(files: list[DataFile]) -> int:
    if files[0].table == "quarantine":
        return 1
    return min(MOST_FILES, -(-sum(file.entries for file in files) // ROWS_PER_FILE))


def _compact(work: Job, files: list[DataFile]) -> list[DataFile]:
    """Write one partition anew and swap its files. Raises IntegrityError when a row would be missing."""
    written: list[DataFile] = []
    # What is damaged would have a checksum of its own afterwards.
    work.lake.require_sound(files)
    try:
        for query in _queries(work.con, work.lake, files):
            file = work.lake.write(
                work.con,
                query,
                table=files[0].table,
                partition=files[0].partition,
                run_id=work.run.run_id,
                time_column="ts" if files[0].table == "logs" else None,
            )
            written += [file] if file else []
        held, kept = sum(file.entries for file in files), sum(file.entries for file in written)
        if held != kept:
            raise IntegrityError(
                f"{files[0].table} of {files[0].partition}: {held} rows before the compaction, {kept} after;"
                " the files stay as they are"
            )
        work.run.entries += kept
    except duck.Error as error:
        work.lake.discard(written)
        raise UnavailableError(
            f"{files[0].table} of {files[0].partition} cannot be compacted: {str(error).splitlines()[0]}",
            hint="a file may be damaged, the disk full, or WAREHOUSE_COMPACT_MIB too small",
        ) from error
    except BaseException:
        work.lake.discard(written)
        raise
    # Outside: whoever interrupts a commit cannot know whether the manifest names the files already.
    work.manifest.commit(add=written, remove=[file.path for file in files], run=work.run)
    return written


def _queries(con: duck.Connection, lake: Lake, files: list[DataFile]) -> list[str]:
    """One query per new file: each sorts no more than its own span of time."""
    table = files[0].table
    relation = duck.parquet_relation(table, [lake.path(file) for file in files])
    if table == "quarantine":
        return [f"SELECT * FROM ({relation}) ORDER BY quarantined_at, bucket, object_key, line"]
    order = "ORDER BY ts, bucket, object_key, line"
    parts = _parts(files)
    if parts == 1:
        return [f"SELECT * FROM ({relation}) {order}"]
    con.execute(f"CREATE OR REPLACE TEMP VIEW day_logs AS {relation}")
    rows = con.execute(sqlfiles.read("housekeeping", "cuts"), {"parts": parts}).fetchall()
    starts = [row[0] for row in rows]
    spans = zip(starts, [*starts[1:], None], strict=True)
    return [
        f"SELECT * FROM ({relation}) WHERE ts >= TIMESTAMP '{first}'"
        + (f" AND ts < TIMESTAMP '{end}'" if end is not None else "")
        + f" {order}"
        for first, end in spans
    ]

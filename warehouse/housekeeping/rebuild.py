"""Rebuilding: the rollups of a date made again from its log rows, as if no sync had ever added to them.

Rebuilding everything also makes the storage figures again, from the ledger, and writes files anew that lack
columns which came with a later version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from itertools import groupby

import pyarrow as pa
from msgspec import Struct

from warehouse import columns, duck
from warehouse.errors import BadRequestError, UnavailableError
from warehouse.housekeeping.job import Job, job, locked
from warehouse.ingest.rollups import LOG_ROLLUPS, Change, DateChange, refresh_logs, refresh_storage
from warehouse.ingest.stored import stored_objects
from warehouse.ledger import everything
from warehouse.settings import Settings


class RebuildSummary(Struct, frozen=True):
    """What was built again: dates, and the log rows that they were built from."""

    dates: list[str]
    entries: int


def run(
    settings: Settings, dates: Collection[str] = (), told: Callable[[int, int], None] = lambda done, of: None
) -> RebuildSummary:
    """Build the rollups of these dates (ISO), or all that can be built; one transaction per month.

    `told` hears how many dates of how many are done. Raises BadRequestError for a date that is none,
    BusyError when another writer runs, UnavailableError when a log file cannot be read.
    """
    for name in dates:
        try:
            date.fromisoformat(name)
        except ValueError as error:
            raise BadRequestError(f"{name} is no date (YYYY-MM-DD)", field="date") from error
    with locked(settings) as manifest, job(settings, manifest, "rebuild", outdated=not dates) as work:
        if not dates:
            _complete(work)
            _rebuild_storage(work)
        # A date without logs counts too: what a rollup still holds of it goes.
        every = {file.partition for file in manifest.files() if file.table in ("logs", "activity")}
        chosen = sorted(set(dates) or every)
        entries = done = 0
        # By month, so that a damaged file of a rollup by month is made anew without being read.
        for month, names in groupby(chosen, lambda name: name[:7]):
            taken = [*names]
            entries += _rebuild(work, month, taken)
            done += len(taken)
            told(done, len(chosen))
        work.run.entries = entries
        if not dates:
            columns.remember(manifest)
    return RebuildSummary(chosen, entries)


def _complete(work: Job) -> None:
    """Write files anew that lack columns, with what those held before there were any."""
    for file in work.manifest.files():
        if file.table in (*LOG_ROLLUPS, "storage"):  # are made again
            continue
        try:
            missing = columns.lacks(work.con, work.lake.root, file)
            if not missing:
                continue
            query = columns.completed(file, work.lake.root, missing)
            if query is None:
                raise columns.lacking(work.lake.path(file), ", ".join(sorted(missing)))
            fresh = work.lake.write(
                work.con,
                query,
                table=file.table,
                partition=file.partition,
                run_id=work.run.run_id,
                time_column="ts" if file.table == "logs" else None,
            )
        except duck.Error as error:
            raise _unreadable(file.table, file.partition, error) from error
        work.manifest.commit(add=[fresh] if fresh else [], remove=[file.path], run=work.run)


def _unreadable(table: str, partition: str, error: duck.Error) -> UnavailableError:
    return UnavailableError(
        f"the {table} of {partition} cannot be read: {str(error).splitlines()[0]}",
        hint="restore the file, or move the data directory away and sync again",
    )


def _rebuild_storage(work: Job) -> None:
    """Make the storage figures again: what the ledger holds now, and nothing that was taken back since."""
    none = stored_objects([], [])
    objects = pa.concat_tables([none, *(stored_objects(items, []) for items in everything(work.manifest))])
    change = refresh_storage(work.con, work.lake, objects, [], work.run.run_id)
    change.remove += [file.path for file in work.manifest.files("storage")]
    work.manifest.commit(add=change.add, remove=change.remove, run=work.run)


def _rebuild(work: Job, month: str, names: list[str]) -> int:
    current = work.manifest.files()
    dates = {name: DateChange(rebuild=True) for name in names}
    files = [file for file in current if file.table == "logs" and file.partition in dates]
    for file in files:
        dates[file.partition].files.append(work.lake.path(file))
    change = Change()
    try:
        change.extend(refresh_logs(work.con, work.lake, dates, current, work.run.run_id))
    except duck.Error as error:
        work.lake.discard(change.add)
        raise _unreadable("logs", month, error) from error
    except BaseException:
        work.lake.discard(change.add)
        raise
    # Outside: whoever interrupts a commit cannot know whether the manifest names the files already.
    work.manifest.commit(add=change.add, remove=change.remove, run=work.run)
    return sum(file.entries for file in files)

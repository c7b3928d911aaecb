"""Rebuilding: the rollups of a date made again from its log rows, as if no sync had ever added to them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from msgspec import Struct

from warehouse import duck
from warehouse.errors import BadRequestError, UnavailableError
from warehouse.housekeeping.job import Job, job, locked
from warehouse.ingest.rollups import Change, DateChange, refresh_logs
from warehouse.settings import Settings


class RebuildSummary(Struct, frozen=True):
    """What was built again: dates, and the log rows that they were built from."""

    dates: list[str]
    entries: int


def run(
    settings: Settings, dates: Collection[str] = (), told: Callable[[int, int], None] = lambda done, of: None
) -> RebuildSummary:
    """Build the rollups of these dates (ISO), or of all; one transaction per date.

    `told` hears how many dates of how many are done. Raises BadRequestError for a date that is none,
    BusyError when another writer runs, UnavailableError when a log file cannot be read.
    """
    for name in dates:
        try:
            date.fromisoformat(name)
        except ValueError as error:
            raise BadRequestError(f"{name} is no date (YYYY-MM-DD)", field="date") from error
    with locked(settings) as manifest, job(settings, manifest, "rebuild") as work:
        # A date without logs counts too: what a rollup still holds of it goes.
        every = {file.partition for file in manifest.files() if file.table in ("logs", "activity")}
        chosen = sorted(set(dates) or every)
        entries = 0
        for number, name in enumerate(chosen, start=1):
            entries += _rebuild(work, name)
            told(number, len(chosen))
        work.run.entries = entries
    return RebuildSummary(chosen, entries)


def _rebuild(work: Job, name: str) -> int:
    current = work.manifest.files()
    files = [file for file in current if file.table == "logs" and file.partition == name]
    change = Change()
    try:
        dates = {name: DateChange([work.lake.path(file) for file in files], rebuild=True)}
        change.extend(refresh_logs(work.con, work.lake, dates, current, work.run.run_id))
    except duck.Error as error:
        work.lake.discard(change.add)
        raise UnavailableError(
            f"the logs of {name} cannot be read: {str(error).splitlines()[0]}",
            hint="restore the file, or move the data directory away and sync again",
        ) from error
    except BaseException:
        work.lake.discard(change.add)
        raise
    # Outside: whoever interrupts a commit cannot know whether the manifest names the files already.
    work.manifest.commit(add=change.add, remove=change.remove, run=work.run)
    return sum(file.entries for file in files)

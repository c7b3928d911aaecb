"""Removes what is older than the retention: rows from the warehouse, objects from the buckets.

Freed space is measured: what was deleted, file by file and object by object. A dry run does the same work,
so that its figures are the real ones, and throws it away instead of committing it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct, field

from warehouse import billing, columns
from warehouse.bucket import Bucket
from warehouse.engine import readable
from warehouse.errors import BadRequestError, BucketError, WarehouseError
from warehouse.housekeeping import bucket_cleanup
from warehouse.housekeeping.bucket_cleanup import BucketOutcome
from warehouse.housekeeping.job import Job, bounded, job, locked
from warehouse.ingest import rewrite
from warehouse.ingest.rollups import Change, DateChange, refresh_logs
from warehouse.lake import Lake
from warehouse.manifest import DataFile, Manifest, Run, now_us
from warehouse.settings import Settings
from warehouse.settings_file import targets

Scope = Literal["warehouse", "bucket", "both"]

#: Where the manifest remembers the latest cut-off of all cleanups (epoch microseconds): what was read and is
#: older need not be there, what is younger must.
CUTOFF = ("cleanup", "cutoff_us")


class CleanupSummary(Struct, frozen=True):
    """What a cleanup did, or would do (`dry_run`): entries, and bytes of Parquet and objects."""

    deleted_count: int
    freed_space: int
    deleted_objects: int
    cutoff: datetime
    dry_run: bool
    scope: Scope
    #: Lines that went from quarantine.
    deleted_quarantined: int = 0
    #: Each bucket's part, when objects of buckets were to go.
    buckets: list[BucketOutcome] = field(default_factory=list)

    @property
    def failed(self) -> list[BucketOutcome]:
        """The buckets in which something failed."""
        return [outcome for outcome in self.buckets if outcome.error is not None]


def run(
    settings: Settings,
    retention_days: int = 30,
    scope: Scope = "warehouse",
    *,
    dry_run: bool = False,
    now: datetime | None = None,
) -> CleanupSummary:
    """Delete entries older than `retention_days` days in the named scope; "bucket" is every bucket.

    A bucket that fails does not keep the others from being cleaned. Raises BadRequestError for a retention
    below one day or beyond the calendar, BusyError when another writer runs, and BucketError when every
    bucket failed (of a single one the error itself); the warehouse is whole then.
    """
    if retention_days < 1:
        raise BadRequestError("retentionDays must be at least 1", field="retentionDays")
    if scope not in ("warehouse", "bucket", "both"):
        raise BadRequestError("scope must be warehouse, bucket or both", field="scope")
    try:
        cutoff = (now or datetime.now(UTC)) - timedelta(days=retention_days)
    except OverflowError as error:
        raise BadRequestError(
            "retentionDays reaches back beyond the year 1", field="retentionDays"
        ) from error
    with locked(settings) as manifest:
        return within(settings, manifest, cutoff, scope, dry_run=dry_run)


def within(
    settings: Settings,
    manifest: Manifest,
    cutoff: datetime,
    scope: Scope = "warehouse",
    *,
    dry_run: bool = False,
    kind: str = "cleanup",
) -> CleanupSummary:
    """The same for the holder of the writer's lock, with the cut-off itself."""
    with ExitStack() as running:
        if dry_run:
            columns.require_current(settings.data_dir.resolve() / "lake", manifest)
            work = Job(
                settings,
                manifest,
                Lake(settings.data_dir),
                running.enter_context(bounded(settings)),
                Run(run_id=f"dry-{uuid.uuid4().hex[:8]}", kind=kind, status="running", started_us=now_us()),
            )
        else:
            work = running.enter_context(job(settings, manifest, kind))
        buckets = _clean_buckets(work, cutoff, scope, dry_run) if scope != "warehouse" else []
        entries = quarantined = freed = 0
        if scope in ("warehouse", "both"):
            with readable():
                entries, quarantined, freed = _clean_warehouse(work, cutoff, dry_run)
        objects = sum(outcome.deleted_objects for outcome in buckets)
        work.run.entries, work.run.objects = entries, objects
        work.run.detail = "; ".join(f"{item.bucket}: {item.error}" for item in buckets if item.error) or None
        return CleanupSummary(
            deleted_count=entries,
            freed_space=freed + sum(outcome.freed_space for outcome in buckets),
            deleted_objects=objects,
            cutoff=cutoff,
            dry_run=dry_run,
            scope=scope,
            deleted_quarantined=quarantined,
            buckets=buckets,
        )


def _clean_buckets(work: Job, cutoff: datetime, scope: Scope, dry_run: bool) -> list[BucketOutcome]:
    """The buckets come first: a failure there leaves the warehouse whole."""
    outcomes: list[BucketOutcome] = []
    errors: list[WarehouseError] = []
    used: list[Bucket] = []
    try:
        for target in targets(work.settings):
            try:
                bucket = Bucket(target)
            except WarehouseError as error:
                outcomes.append(BucketOutcome(target.bucket or "", error=str(error)))
                errors.append(error)
                continue
            used.append(bucket)
            outcome, failure = bucket_cleanup.clean(
                work, target, bucket, cutoff, with_rows=scope == "both", dry_run=dry_run
            )
            outcomes.append(outcome)
            if failure is not None:
                errors.append(failure)
    finally:
        billing.note(work.run, used, work.settings)
        for bucket in used:
            bucket.close()
    if len(errors) == len(outcomes) == 1:
        raise errors[0]
    if errors and len(errors) == len(outcomes):
        reasons = "; ".join(f"{outcome.bucket}: {outcome.error}" for outcome in outcomes)
        raise BucketError(f"none of the {len(outcomes)} buckets could be cleaned: {reasons}") from errors[0]
    return outcomes


def _clean_warehouse(work: Job, cutoff: datetime, dry_run: bool) -> tuple[int, int, int]:
    """Take old rows out of the lake and build the rollups of their dates again.

    Gives the entries, the quarantined lines and the bytes that went.
    """
    cutoff_us = round(cutoff.timestamp() * 1_000_000)
    current = work.manifest.files()
    parameters: dict[str, object] = {"cutoff": cutoff.astimezone(UTC).replace(tzinfo=None)}
    old = [
        file
        for file in current
        if file.table == "logs" and file.min_us is not None and file.min_us < cutoff_us
    ]
    quarantine = [
        file
        for file in current
        if file.table == "quarantine" and file.partition <= f"{cutoff.astimezone(UTC):%Y-%m-%d}"
    ]
    # What was expected and what was found of the days that go; whole days, because they are small.
    outlook = [
        file.path
        for file in current
        if file.table in ("forecasts", "forecast_models", "anomalies")
        and file.partition < f"{cutoff.astimezone(UTC):%Y-%m-%d}"
    ]
    change = Change(remove=outlook)
    try:
        logs = rewrite.without(work.con, work.lake, old, "ts < $cutoff", parameters, work.run.run_id)
        change.extend(logs.change)
        lines = rewrite.without(
            work.con, work.lake, quarantine, "quarantined_at < $cutoff", parameters, work.run.run_id
        )
        change.extend(lines.change)
        dates = _dates(work.lake, logs.partitions, current, change)
        change.extend(refresh_logs(work.con, work.lake, dates, current, work.run.run_id))
    except BaseException:
        work.lake.discard(change.add)
        raise
    sizes = {file.path: file.bytes for file in current}
    freed = sum(sizes[path] for path in change.remove) - sum(file.bytes for file in change.add)
    if dry_run:
        work.lake.discard(change.add)
        return logs.rows, lines.rows, freed
    latest = max(cutoff_us, work.manifest.state(CUTOFF[0]).get(CUTOFF[1], cutoff_us))
    # Outside: whoever interrupts a commit cannot know whether the manifest names the files already.
    work.manifest.commit(add=change.add, remove=change.remove, state={CUTOFF: latest})
    return logs.rows, lines.rows, freed


def _dates(
    lake: Lake, partitions: set[str], current: Sequence[DataFile], change: Change
) -> dict[str, DateChange]:
    """The dates that lost rows, with the log files that they have now."""
    removed = set(change.remove)
    staying = [file for file in [*current, *change.add] if file.table == "logs" and file.path not in removed]
    return {
        date: DateChange([lake.path(file) for file in staying if file.partition == date], rebuild=True)
        for date in partitions
    }

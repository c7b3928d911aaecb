"""Removes what is older than the retention: rows from the warehouse, objects from the bucket.

An object leaves the bucket only when it is mirrored whole and all its rows are older than the cut-off.
Freed space is measured: what was deleted, file by file and object by object.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct

from warehouse import catalog, duck, lock
from warehouse.bucket import Bucket
from warehouse.errors import BadRequestError, WarehouseError
from warehouse.ingest import rewrite
from warehouse.ingest.rollups import Change, DateChange, refresh_logs, refresh_storage
from warehouse.ingest.stored import stored_objects
from warehouse.lake import Lake
from warehouse.manifest import DataFile, LedgerObject, Manifest, Run, now_us
from warehouse.settings import Settings
from warehouse.settings_file import targets

Scope = Literal["warehouse", "bucket", "both"]


class CleanupSummary(Struct, frozen=True):
    """What a cleanup did, or would do (`dry_run`): entries and bytes of Parquet and objects."""

    deleted_count: int
    freed_space: int
    deleted_objects: int
    cutoff: datetime
    dry_run: bool
    scope: Scope


def run(
    settings: Settings,
    retention_days: int = 30,
    scope: Scope = "warehouse",
    *,
    dry_run: bool = False,
    now: datetime | None = None,
) -> CleanupSummary:
    """Delete entries older than `retention_days` days in the named scope; "bucket" is every bucket.

    Raises BadRequestError for a retention below one day or beyond the calendar, BusyError when another
    writer runs.
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
    buckets: list[tuple[str, Bucket]] = []
    try:
        for target in targets(settings) if scope != "warehouse" else ():
            buckets.append((target.log_prefix, Bucket(target)))
        with lock.writer(settings.data_dir):
            manifest = Manifest(settings.data_dir)
            try:
                return _Cleanup(settings, manifest, buckets, cutoff, dry_run, scope).run()
            finally:
                manifest.close()
    finally:
        for _, bucket in buckets:
            bucket.close()


class _Cleanup:
    def __init__(
        self,
        settings: Settings,
        manifest: Manifest,
        buckets: list[tuple[str, Bucket]],
        cutoff: datetime,
        dry_run: bool,
        scope: Scope,
    ) -> None:
        self._settings = settings
        self._manifest = manifest
        self._buckets = buckets
        self._cutoff = cutoff
        self._dry_run = dry_run
        self._scope: Scope = scope
        self._lake = Lake(settings.data_dir)
        self._con = duck.connect()
        self._run = Run(
            run_id=f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
            kind="cleanup",
            status="running",
            started_us=now_us(),
        )
        self._freed = 0

    def run(self) -> CleanupSummary:
        if not self._dry_run and self._lake.begin(self._manifest, self._run):
            # A killed run told the catalog nothing of what it committed.
            catalog.publish_if_possible(self._settings.data_dir, self._manifest)
        entries = objects = 0
        try:
            # The buckets first: they need the ledger only, and a failure there leaves the warehouse whole.
            for log_prefix, bucket in self._buckets:
                objects += self._clean_bucket(bucket, log_prefix)
            if self._scope in ("warehouse", "both"):
                entries = self._clean_warehouse()
            self._run.status = "ok"
        except BaseException as error:
            self._run.status = "failed"
            self._run.detail = str(error) if isinstance(error, WarehouseError) else type(error).__name__
            raise
        finally:
            self._con.close()
            if not self._dry_run:
                self._run.finished_us = now_us()
                self._run.entries, self._run.objects = entries, objects
                self._manifest.finish_run(self._run)
                publish = catalog.publish if self._run.status == "ok" else catalog.publish_if_possible
                publish(self._settings.data_dir, self._manifest)
        return CleanupSummary(entries, self._freed, objects, self._cutoff, self._dry_run, self._scope)

    def _clean_warehouse(self) -> int:
        """Take the old rows out of the lake and build the rollups of their dates again."""
        cutoff_us = round(self._cutoff.timestamp() * 1_000_000)
        current = self._manifest.files()
        old = [
            file
            for file in current
            if file.table == "logs" and file.min_us is not None and file.min_us < cutoff_us
        ]
        result = rewrite.without(
            self._con,
            self._lake,
            old,
            "ts < $cutoff",
            {"cutoff": self._cutoff.astimezone(UTC).replace(tzinfo=None)},
            self._run.run_id,
            dry_run=self._dry_run,
        )
        change = result.change
        if self._dry_run:
            self._freed += self._expected(change, current)
            return result.rows
        try:
            removed = set(change.remove)
            staying = [
                file for file in [*current, *change.add] if file.table == "logs" and file.path not in removed
            ]
            dates = {
                date: DateChange(
                    [self._lake.path(file) for file in staying if file.partition == date], rebuild=True
                )
                for date in result.partitions
            }
            change.extend(refresh_logs(self._con, self._lake, dates, current, self._run.run_id))
        except BaseException:
            self._lake.discard(change.add)
            raise
        # Outside: whoever interrupts a commit cannot know whether the manifest names the files already.
        self._manifest.commit(add=change.add, remove=change.remove)
        self._freed += self._difference(change, current)
        return result.rows

    def _difference(self, change: Change, current: list[DataFile]) -> int:
        """Bytes that the swap of files frees."""
        sizes = {file.path: file.bytes for file in current}
        return sum(sizes.get(path, 0) for path in change.remove) - sum(file.bytes for file in change.add)

    def _expected(self, change: Change, current: list[DataFile]) -> int:
        """Bytes that would go: whole files count whole, others by their share of old rows."""
        total = 0
        cutoff = self._cutoff.astimezone(UTC).replace(tzinfo=None)
        for file in current:
            if file.path in set(change.remove):
                row = self._con.execute(
                    "SELECT count(*) FILTER (WHERE ts < $cutoff)"
                    f" FROM ({duck.parquet_relation('logs', [self._lake.path(file)])})",
                    {"cutoff": cutoff},
                ).fetchone()
                total += file.bytes * (int(row[0]) if row else 0) // file.entries
        return total

    def _clean_bucket(self, bucket: Bucket, log_prefix: str) -> int:
        """Delete objects that are mirrored whole and wholly older than the cut-off."""
        cutoff_us = round(self._cutoff.timestamp() * 1_000_000)
        ledger = self._manifest.objects(bucket.name, log_prefix)
        listed = {info.key: info.etag for info in bucket.list(log_prefix)}
        going = [
            item
            for item in ledger.values()
            if not item.gone
            and item.rejected == 0
            and item.last_us is not None
            and item.last_us < cutoff_us
            and listed.get(item.key) == item.etag
        ]
        self._freed += sum(item.size for item in going)
        if not self._dry_run:
            self._delete(bucket, going)
        return len(going)

    def _delete(self, bucket: Bucket, going: list[LedgerObject]) -> None:
        """Delete one by one (bulk deletes may fail on R2); what went is noted even if a later one fails."""
        done: list[LedgerObject] = []
        try:
            for item in going:
                bucket.delete(item.key)
                done.append(item)
        finally:
            change = refresh_storage(
                self._con, self._lake, stored_objects([], done), self._manifest.files(), self._run.run_id
            )
            self._manifest.commit(
                gone=[(item.bucket, item.key) for item in done], add=change.add, remove=change.remove
            )

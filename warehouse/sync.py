"""The sync job: mirror what the bucket has and the ledger lacks, and commit it.

Listing, comparing with the ledger, ingesting in chunks. Each chunk is one manifest transaction that adds
its objects, log files and rollup files together; a run that is killed leaves whole chunks and no parts.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from msgspec import Struct

from warehouse import catalog, duck, lock
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.errors import WarehouseError
from warehouse.ingest import rewrite
from warehouse.ingest.packages import PackageSync
from warehouse.ingest.pipeline import Fetched, Ingested, Pipeline
from warehouse.ingest.rollups import Change, DateChange, refresh_logs, refresh_storage
from warehouse.ingest.stored import stored_objects
from warehouse.lake import Lake
from warehouse.manifest import DataFile, LedgerObject, Manifest, Run, now_us
from warehouse.settings import MIB, Settings

#: A chunk is committed as a whole: what a kill can cost is the work on one chunk.
_CHUNK_BYTES = 64 * MIB
_CHUNK_OBJECTS = 10_000


class Progress(Protocol):
    """Is told how far a sync is."""

    def start(self, objects: int, size: int) -> None:
        """`objects` objects of `size` compressed bytes together are to be fetched."""

    def advance(self, objects: int, size: int) -> None:
        """So many more are done."""

    def close(self) -> None:
        """Nothing more comes."""


class _Silent:
    def start(self, objects: int, size: int) -> None: ...
    def advance(self, objects: int, size: int) -> None: ...
    def close(self) -> None: ...


class SyncSummary(Struct, frozen=True):
    """What one sync did. Sizes in bytes: compressed as fetched, raw after decompression.

    `skipped` objects changed or went away while they were read; the next sync takes them.
    """

    run_id: str
    status: str
    objects: int
    replaced: int
    gone: int
    skipped: int
    packages: int
    entries: int
    rejected_lines: int
    compressed_bytes: int
    raw_bytes: int
    files: int
    duration_ms: int
    class_a: int
    class_b: int
    sync_url: str


def run(settings: Settings, progress: Progress | None = None) -> SyncSummary:
    """Mirror the bucket once.

    Raises BusyError when another writer runs, BucketError or CredentialsError when the bucket does not
    answer; what was committed before stays.
    """
    bucket = Bucket(settings)
    try:
        with lock.writer(settings.data_dir):
            manifest = Manifest(settings.data_dir)
            try:
                return _Sync(settings, bucket, manifest, progress or _Silent()).run()
            finally:
                manifest.close()
    finally:
        bucket.close()


class _Sync:
    def __init__(self, settings: Settings, bucket: Bucket, manifest: Manifest, progress: Progress) -> None:
        self._settings = settings
        self._bucket = bucket
        self._manifest = manifest
        self._progress = progress
        self._lake = Lake(settings.data_dir)
        self._con = duck.connect()
        started = now_us()
        self._run = Run(
            run_id=f"{datetime.fromtimestamp(started / 1e6, UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
            kind="sync",
            status="running",
            started_us=started,
        )
        self._files = 0
        self._gone = 0
        self._skipped = 0
        self._packages = 0

    def run(self) -> SyncSummary:
        clock = time.monotonic()
        if self._lake.begin(self._manifest, self._run):
            # A killed run told the catalog nothing of what it committed.
            catalog.publish(self._settings.data_dir, self._manifest)
        try:
            self._mirror()
            self._run.status = "ok"
        except BaseException as error:
            self._run.status = "failed"
            self._run.detail = str(error) if isinstance(error, WarehouseError) else type(error).__name__
            raise
        finally:
            self._progress.close()
            self._con.close()
            self._run.finished_us = now_us()
            self._run.class_a, self._run.class_b = self._bucket.class_a, self._bucket.class_b
            self._manifest.finish_run(self._run)
            # After a failure too: what was committed counts, and what it replaced will be swept.
            catalog.publish(self._settings.data_dir, self._manifest)
        return SyncSummary(
            run_id=self._run.run_id,
            status=self._run.status,
            objects=self._run.objects,
            replaced=self._run.replaced,
            gone=self._gone,
            skipped=self._skipped,
            packages=self._packages,
            entries=self._run.entries,
            rejected_lines=self._run.rejected,
            compressed_bytes=self._run.compressed_bytes,
            raw_bytes=self._run.raw_bytes,
            files=self._files,
            duration_ms=round((time.monotonic() - clock) * 1000),
            class_a=self._run.class_a,
            class_b=self._run.class_b,
            sync_url=f"s3://{self._bucket.name}/{self._settings.log_prefix}",
        )

    def _mirror(self) -> None:
        prefix = self._settings.log_prefix
        ledger = self._manifest.objects(self._bucket.name, prefix)
        # A key that ends with a slash is a folder marker of some S3 browser.
        listed = {info.key: info for info in self._bucket.list(prefix) if not info.key.endswith("/")}
        todo = [info for key, info in listed.items() if key not in ledger or ledger[key].etag != info.etag]
        # Oldest first: a chunk then touches few dates.
        todo.sort(key=lambda info: (info.last_modified, info.key))
        back = [
            item
            for key, item in ledger.items()
            if item.gone and key in listed and item.etag == listed[key].etag
        ]
        gone = [item for key, item in ledger.items() if not item.gone and key not in listed]
        self._progress.start(len(todo), sum(info.size for info in todo))
        today = f"{datetime.fromtimestamp(self._run.started_us / 1e6, UTC):%Y-%m-%d}"
        with Pipeline(self._settings, self._bucket, self._lake, self._run.run_id, today) as pipeline:
            for chunk in _chunks(todo):
                ingested = pipeline.run(chunk, self._progress.advance)
                self._commit(ingested, ledger)
        if gone or back:
            self._commit_listing(gone, back, listed)
        packages = PackageSync(
            self._settings, self._bucket, self._manifest, self._lake, self._con, self._run.run_id
        )
        self._packages = packages.run()
        self._files += packages.files

    def _commit(self, ingested: Ingested, ledger: dict[str, LedgerObject]) -> None:
        """One chunk: its objects, files and rollups in one transaction."""
        taken = [item for item in ingested.objects if item.skipped is None]
        replaced = [ledger[item.info.key] for item in taken if item.info.key in ledger]
        change = Change(add=list(ingested.files))
        try:
            current = self._manifest.files()
            dates = self._take_out(replaced, current, change)
            for file in ingested.files:
                if file.table == "logs":
                    dates.setdefault(file.partition, DateChange()).files.append(self._lake.path(file))
            change.extend(refresh_logs(self._con, self._lake, dates, current, self._run.run_id))
            objects = [self._ledger_row(item) for item in taken]
            moved = stored_objects(objects, [item for item in replaced if not item.gone])
            change.extend(refresh_storage(self._con, self._lake, moved, current, self._run.run_id))
        except BaseException:
            self._lake.discard(change.add)
            raise
        # Outside: whoever interrupts a commit cannot know whether the manifest names the files already.
        self._manifest.commit(objects=objects, add=change.add, remove=change.remove)
        self._files += len(change.add)
        self._skipped += len(ingested.objects) - len(taken)
        self._run.objects += len(taken)
        self._run.replaced += len(replaced)
        self._run.entries += sum(item.counts.accepted for item in taken)
        self._run.rejected += sum(item.counts.rejected + item.counts.faults for item in taken)
        self._run.compressed_bytes += sum(item.info.size for item in taken)
        self._run.raw_bytes += sum(item.counts.raw_bytes for item in taken)

    def _take_out(
        self, replaced: Sequence[LedgerObject], current: list[DataFile], change: Change
    ) -> dict[str, DateChange]:
        """Take the rows of objects that changed out of the lake; gives the dates to build again."""
        if not replaced:
            return {}
        keys = [item.key for item in replaced]
        first = min((item.first_us for item in replaced if item.first_us is not None), default=None)
        last = max((item.last_us for item in replaced if item.last_us is not None), default=None)
        candidates = [
            file
            for file in current
            if file.table == "quarantine"
            or (
                file.table == "logs"
                and None not in (first, last, file.min_us, file.max_us)
                and file.min_us <= last  # type: ignore[operator]
                and file.max_us >= first  # type: ignore[operator]
            )
        ]
        condition = "bucket = $bucket AND list_contains($keys, object_key)"
        parameters: dict[str, object] = {"bucket": self._bucket.name, "keys": keys}
        rebuilt: dict[str, DateChange] = {}
        for table in ("logs", "quarantine"):
            files = [file for file in candidates if file.table == table]
            result = rewrite.without(self._con, self._lake, files, condition, parameters, self._run.run_id)
            change.extend(result.change)
            if table == "logs":
                staying = [*current, *result.change.add]
                removed = set(result.change.remove)
                for date in result.partitions:
                    rebuilt[date] = DateChange(
                        files=[
                            self._lake.path(file)
                            for file in staying
                            if file.table == "logs" and file.partition == date and file.path not in removed
                        ],
                        rebuild=True,
                    )
        return rebuilt

    def _commit_listing(
        self, gone: list[LedgerObject], back: list[LedgerObject], listed: dict[str, ObjectInfo]
    ) -> None:
        """Objects that left the bucket or came back unchanged: their rows stay, the storage figures move."""
        returned = [
            msgspec.structs.replace(item, gone=False, modified_us=_us(listed[item.key].last_modified))
            for item in back
        ]
        moved = stored_objects(returned, gone)
        change = refresh_storage(self._con, self._lake, moved, self._manifest.files(), self._run.run_id)
        self._manifest.commit(
            objects=returned,
            gone=[(item.bucket, item.key) for item in gone],
            add=change.add,
            remove=change.remove,
        )
        self._gone = len(gone)

    def _ledger_row(self, item: Fetched) -> LedgerObject:
        counts = item.counts
        return LedgerObject(
            bucket=self._bucket.name,
            key=item.info.key,
            prefix=self._settings.log_prefix,
            etag=item.info.etag,
            size=item.info.size,
            modified_us=_us(item.info.last_modified),
            storage_class=item.info.storage_class,
            format="registry",
            raw_bytes=counts.raw_bytes,
            lines=counts.lines,
            accepted=counts.accepted,
            rejected=counts.rejected + counts.faults,
            first_us=counts.first_us,
            last_us=counts.last_us,
            run_id=self._run.run_id,
        )


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _chunks(infos: Sequence[ObjectInfo]) -> Iterator[list[ObjectInfo]]:
    """Consecutive objects of about a chunk's size together."""
    chunk: list[ObjectInfo] = []
    size = 0
    for info in infos:
        chunk.append(info)
        size += info.size
        if size >= _CHUNK_BYTES or len(chunk) >= _CHUNK_OBJECTS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk

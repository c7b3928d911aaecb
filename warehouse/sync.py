"""The sync job: mirror what the bucket has and the ledger lacks, and commit it.

The listing goes on while what it found so far is ingested in chunks, and each chunk is committed as a whole.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct

from warehouse import catalog, duck, lock
from warehouse.billing import note
from warehouse.bucket import Bucket
from warehouse.commit import Committer
from warehouse.errors import WarehouseError
from warehouse.ingest.packages import PackageSync
from warehouse.ingest.pipeline import Pipeline
from warehouse.lake import Lake
from warehouse.listing import Found, Listing
from warehouse.manifest import Manifest, Run, now_us
from warehouse.settings import MIB, Settings

#: A chunk is committed as a whole: what a kill can cost is the work on one chunk.
_CHUNK_BYTES = 64 * MIB
_CHUNK_OBJECTS = 10_000


class Progress(Protocol):
    """Is told how far a sync is."""

    def start(self, objects: int, size: int) -> None:
        """`objects` objects of `size` compressed bytes together are to be fetched, as far as is known.

        Told again with larger figures while the listing goes on; not told when there is nothing to fetch.
        """

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

    `listed` objects were named by the bucket, all of the prefix if `full_listing`. `skipped` objects changed
    or went away while they were read; the next sync takes them. `class_a` and `class_b` count every attempt,
    `retries` those that repeat another. `notes` are for people.
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
    full_listing: bool
    listed: int
    downloaded_bytes: int
    retries: int
    notes: list[str]


def run(settings: Settings, progress: Progress | None = None, *, full: bool = False) -> SyncSummary:
    """Mirror the bucket once; with `full`, list all of it, not only where something new can be.

    Raises BusyError when another writer runs, BucketError or CredentialsError when the bucket does not
    answer; what was committed before stays.
    """
    bucket = Bucket(settings)
    try:
        with lock.writer(settings.data_dir):
            manifest = Manifest(settings.data_dir)
            try:
                return _Sync(settings, bucket, manifest, progress or _Silent(), full).run()
            finally:
                manifest.close()
    finally:
        bucket.close()


class _Sync:
    def __init__(
        self, settings: Settings, bucket: Bucket, manifest: Manifest, progress: Progress, full: bool
    ) -> None:
        self._settings = settings
        self._bucket = bucket
        self._manifest = manifest
        self._progress = progress
        self._full = full
        self._lake = Lake(settings.data_dir)
        self._con = duck.connect()
        started = now_us()
        self._run = Run(
            run_id=f"{datetime.fromtimestamp(started / 1e6, UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
            kind="sync",
            status="running",
            started_us=started,
        )
        self._committer = Committer(settings, bucket, manifest, self._lake, self._con, self._run)
        self._gone = 0
        self._packages = 0
        self._notes: list[str] = []

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
            note(self._run, self._bucket, self._settings)
            self._manifest.finish_run(self._run)
            # After a failure too: what was committed counts, and what it replaced will be swept.
            catalog.publish(self._settings.data_dir, self._manifest)
        return SyncSummary(
            run_id=self._run.run_id,
            status=self._run.status,
            objects=self._run.objects,
            replaced=self._run.replaced,
            gone=self._gone,
            skipped=self._committer.skipped,
            packages=self._packages,
            entries=self._run.entries,
            rejected_lines=self._run.rejected,
            compressed_bytes=self._run.compressed_bytes,
            raw_bytes=self._run.raw_bytes,
            files=self._committer.files,
            duration_ms=round((time.monotonic() - clock) * 1000),
            class_a=self._run.class_a,
            class_b=self._run.class_b,
            sync_url=f"s3://{self._bucket.name}/{self._settings.log_prefix}",
            full_listing=self._run.full_listing,
            listed=self._run.listed,
            downloaded_bytes=self._run.downloaded_bytes,
            retries=self._run.retries,
            notes=self._notes,
        )

    def _mirror(self) -> None:
        listing = Listing(self._settings, self._bucket, self._manifest, self._run.started_us, full=self._full)
        self._run.full_listing = listing.full
        committer = self._committer
        today = f"{datetime.fromtimestamp(self._run.started_us / 1e6, UTC):%Y-%m-%d}"
        with Pipeline(self._settings, self._bucket, self._lake, self._run.run_id, today) as pipeline:
            for chunk in _chunks(self._found(listing)):
                ingested = pipeline.run([item.info for item in chunk], self._progress.advance)
                skipped = {item.info.key for item in ingested.objects if item.skipped is not None}
                taken = [item.info.key for item in chunk if item.info.key not in skipped]
                prior = {item.info.key: item.prior for item in chunk if item.prior is not None}
                committer.chunk(ingested, prior, listing.missed(taken, skipped))
        for items in listing.vanished():
            committer.gone(items)
            self._gone += len(items)
        # Only now: where listings start must not move before what they listed is committed.
        self._manifest.remember(listing.remember())
        self._notes = listing.notes
        self._run.detail = "; ".join(listing.notes) or None
        packages = PackageSync(
            self._settings, self._bucket, self._manifest, self._lake, self._con, self._run.run_id
        )
        self._packages = packages.run()
        committer.files += packages.files

    def _found(self, listing: Listing) -> Iterator[Found]:
        """What is to be fetched, while the listing goes on; what came back unchanged is committed here."""
        objects = size = 0
        for page in listing.pages():
            self._run.listed, self._run.listed_bytes = listing.objects, listing.bytes
            if page.back:
                self._committer.back(page.back)
            if page.fetch:
                objects += len(page.fetch)
                size += sum(item.info.size for item in page.fetch)
                self._progress.start(objects, size)
                yield from page.fetch


def _chunks(found: Iterable[Found]) -> Iterator[list[Found]]:
    """Consecutive objects of about a chunk's size together."""
    chunk: list[Found] = []
    size = 0
    for item in found:
        chunk.append(item)
        size += item.info.size
        if size >= _CHUNK_BYTES or len(chunk) >= _CHUNK_OBJECTS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk

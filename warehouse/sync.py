"""The sync job: mirror what the bucket has and the ledger lacks, and commit it.

The listing goes on while what it found so far is ingested in chunks, and each chunk is committed as a whole.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Protocol

from warehouse import catalog, duck, gaps, lock
from warehouse.billing import note, price
from warehouse.bucket import Bucket
from warehouse.commit import Committer
from warehouse.comparison import Comparison, Found
from warehouse.engine import readable
from warehouse.errors import BadRequestError, BucketError, WarehouseError
from warehouse.fetcher import Fetcher
from warehouse.forecast import issue
from warehouse.housekeeping import compact, retention
from warehouse.ingest.others import OtherObjects
from warehouse.ingest.packages import PackageSync
from warehouse.ingest.pipeline import Pipeline
from warehouse.lake import Lake
from warehouse.listing import Listing
from warehouse.manifest import Manifest, Run, now_us
from warehouse.named import Keys, Named
from warehouse.settings import MIB, Settings
from warehouse.settings_file import targets
from warehouse.sync_summary import BucketOutcome, SyncSummary, kept, together

__all__ = ["Progress", "SyncSummary", "attempt", "run"]

#: A chunk is committed as a whole: what a kill can cost is the work on one chunk.
_CHUNK_BYTES = 64 * MIB
_CHUNK_OBJECTS = 10_000
#: Objects that a note names.
_SHOWN = 3


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


def run(
    settings: Settings,
    progress: Progress | None = None,
    *,
    full: bool = False,
    only: Sequence[str] = (),
) -> SyncSummary:
    """Mirror every bucket once, or those named in `only`; with `full`, list all, not only what can be new.

    A bucket that fails does not keep the others from being mirrored. Raises BusyError when another writer
    runs, BadRequestError when `only` names a bucket that is not set, and BucketError when no bucket could be
    mirrored (of a single one the error itself: CredentialsError …); what was committed before stays, and the
    error says how much that is.
    """
    summary, error = attempt(settings, progress, full=full, only=only)
    if error is not None:
        raise error
    return summary


def attempt(
    settings: Settings,
    progress: Progress | None = None,
    *,
    full: bool = False,
    only: Sequence[str] = (),
    keys: Mapping[str, Keys] | None = None,
) -> tuple[SyncSummary, WarehouseError | None]:
    """`run`, but a failure of all buckets is given back, with the summary of what it left done.

    With `keys`, by bucket, nothing is listed: only these are asked for and mirrored. Raises what keeps a sync
    from beginning.
    """
    chosen = _chosen(settings, only if keys is None else [*keys])
    buckets = [_opened(target) for target in chosen] if len(chosen) > 1 else [Bucket(chosen[0])]
    progress = progress or _Silent()
    try:
        with lock.writer(settings.data_dir), closing(Manifest(settings.data_dir)) as manifest:
            newest = gaps.newest_us(manifest)
            ended = [
                _ended(_Sync(target, bucket, manifest, progress, full, keys[bucket.name] if keys else None))
                for target, bucket in zip(chosen, buckets, strict=True)
            ]
            summary = together([each for each, _ in ended])
            if summary.status == "failed":
                return summary, _failure([error for _, error in ended if error is not None], summary)
            if note_of_it := retention.after_sync(settings, manifest):
                summary.notes.append(note_of_it)
            if note_of_it := compact.after_sync(settings, manifest):
                summary.notes.append(note_of_it)
            if summary.entries and (note_of_it := gaps.after_sync(settings, manifest, newest)):
                summary.notes.append(note_of_it)
            if note_of_it := issue.after_sync(settings, manifest, summary.run_id, summary.entries):
                summary.notes.append(note_of_it)
    finally:
        progress.close()
        for bucket in buckets:
            bucket.close()
    return summary, None


def _ended(job: _Sync) -> tuple[SyncSummary, WarehouseError | None]:
    """How the sync of one bucket ended; the failure of one of several is part of the summary."""
    try:
        return job.run(), None
    except WarehouseError as error:
        return job.summary(str(error)), error


def _failure(errors: Sequence[WarehouseError], summary: SyncSummary) -> WarehouseError:
    """The error of a sync that mirrored no bucket to its end."""
    if len(errors) == 1:
        error = errors[0]
    else:
        reasons = "; ".join(f"{bucket.bucket}: {bucket.error}" for bucket in summary.failed)
        error = BucketError(f"none of the {len(errors)} buckets could be mirrored: {reasons}")
    error.kept = kept(summary.objects, summary.entries)
    return error


def _chosen(settings: Settings, only: Sequence[str]) -> list[Settings]:
    every = targets(settings)
    names = [target.bucket for target in every]
    for name in only:
        if name not in names:
            known = ", ".join(str(name) for name in names if name is not None)
            raise BadRequestError(f"bucket {name!r} is not set", hint=f"there is {known}", field="bucket")
    return [target for target in every if not only or target.bucket in only]


class _Unopened(Bucket):
    """Stands for a bucket whose settings make no client (a secret is missing, a token is refused)."""

    def __init__(self, settings: Settings, failure: WarehouseError) -> None:
        self.name = settings.bucket or ""
        self.failure = failure

    class_a = class_b = retries = downloaded_bytes = 0

    def close(self) -> None:
        """There is nothing to close."""


def _opened(settings: Settings) -> Bucket:
    try:
        return Bucket(settings)
    except WarehouseError as error:
        return _Unopened(settings, error)


class _Sync:
    def __init__(
        self,
        settings: Settings,
        bucket: Bucket,
        manifest: Manifest,
        progress: Progress,
        full: bool,
        keys: Keys | None,
    ) -> None:
        self._settings = settings
        self._keys = keys
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
            bucket=bucket.name,
        )
        price(self._run, settings)
        self._clock = time.monotonic()
        self._committer = Committer(settings, bucket, manifest, self._lake, self._con, self._run)
        self._gone = 0
        self._packages = 0
        self._notes: list[str] = []
        self._unfetched: list[BucketError] = []

    def run(self) -> SyncSummary:
        if self._lake.begin(self._manifest, self._run):
            # A killed run told the catalog nothing of what it committed.
            catalog.publish_if_possible(self._settings.data_dir, self._manifest)
        try:
            with readable():
                self._mirror()
            self._run.status = "ok"
        except BaseException as error:
            self._run.status = "failed"
            self._run.detail = str(error) if isinstance(error, WarehouseError) else type(error).__name__
            # A commit that failed had been counted already.
            self._manifest.reload(self._run)
            raise
        finally:
            self._con.close()
            self._run.finished_us = now_us()
            note(self._run, [self._bucket], self._settings)
            self._manifest.finish_run(self._run)
            # After a failure too: what was committed counts, and what it replaced will be swept.
            publish = catalog.publish if self._run.status == "ok" else catalog.publish_if_possible
            publish(self._settings.data_dir, self._manifest)
        return self.summary()

    def summary(self, error: str | None = None) -> SyncSummary:
        """What came of it; `error` is why it ended before it was done."""
        # A run that went well can fail at the very end, when its catalog cannot be written.
        status = self._run.status if error is None else "failed"
        if status == "ok" and self._unfetched:
            status = "partial"
        return SyncSummary(
            run_id=self._run.run_id,
            status=status,
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
            duration_ms=round((time.monotonic() - self._clock) * 1000),
            class_a=self._run.class_a,
            class_b=self._run.class_b,
            sync_url=f"s3://{self._bucket.name}/{self._settings.log_prefix}",
            full_listing=self._run.full_listing,
            listed=self._run.listed,
            downloaded_bytes=self._run.downloaded_bytes,
            retries=self._run.retries,
            notes=self._notes,
            buckets=[
                BucketOutcome(
                    bucket=self._bucket.name,
                    status=status,
                    run_id=self._run.run_id,
                    objects=self._run.objects,
                    entries=self._run.entries,
                    error=error,
                    kept=kept(self._run.objects, self._run.entries) if error is not None else None,
                )
            ],
        )

    def _mirror(self) -> None:
        if isinstance(self._bucket, _Unopened):
            raise self._bucket.failure
        listing = self._compared()
        self._run.full_listing = listing.full
        committer = self._committer
        today = f"{datetime.fromtimestamp(self._run.started_us / 1e6, UTC):%Y-%m-%d}"
        fetcher = Fetcher(self._settings, self._bucket)
        with Pipeline(
            self._settings, self._bucket.name, fetcher, self._lake, self._run.run_id, today
        ) as pipeline:
            for chunk in _chunks(self._found(listing)):
                ingested = pipeline.run([item.info for item in chunk], self._progress.advance)
                skipped = [item.info.key for item in ingested.objects if item.skipped is not None]
                taken = [item.info.key for item in ingested.objects if item.skipped is None]
                prior = {item.info.key: item.prior for item in chunk if item.prior is not None}
                committer.chunk(ingested, prior, listing.missed(taken, skipped))
                self._unfetched += ingested.unfetched
                if ingested.failure is not None:
                    raise ingested.failure
        if self._unfetched and not self._run.objects:
            # Not one that came: whatever it is, it is no matter of an object.
            raise self._unfetched[0]
        for items in listing.vanished():
            committer.gone(items)
            self._gone += len(items)
        # Only now: where listings start must not move before what they listed is committed.
        self._manifest.remember(listing.remember())
        self._notes = [*_noted(self._unfetched), *listing.notes]
        self._run.detail = "; ".join(self._notes) or None
        if self._keys is None:
            self._take_inventory()

    def _compared(self) -> Comparison:
        """The bucket's objects against the ledger."""
        at = self._run.started_us
        if self._keys is not None:
            return Named(self._settings, self._bucket, self._manifest, at, self._keys)
        return Listing(self._settings, self._bucket, self._manifest, at, full=self._full)

    def _take_inventory(self) -> None:
        """What is no log: packages and other prefixes."""
        packages = PackageSync(
            self._settings, self._bucket, self._manifest, self._lake, self._con, self._run.run_id
        )
        self._packages = packages.run()
        others = OtherObjects(
            self._settings, self._bucket, self._manifest, self._lake, self._con, self._run.run_id
        )
        others.run()
        self._committer.files += packages.files + others.files

    def _found(self, listing: Comparison) -> Iterator[Found]:
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


def _noted(unfetched: list[BucketError]) -> list[str]:
    """What a person should know of objects that the bucket did not give."""
    if not unfetched:
        return []
    more = f" and {len(unfetched) - _SHOWN:,} more" if len(unfetched) > _SHOWN else ""
    return [
        f"objects that could not be fetched, and are asked for again by the next sync: {len(unfetched):,}"
        f" ({'; '.join(error.explained for error in unfetched[:_SHOWN])}{more})"
    ]


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

"""Deletes old log objects of one bucket.

An object leaves the bucket only when it is mirrored whole, every line of it a row, all its rows are older
than the cut-off, and it is still the object that was mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

from msgspec import Struct

from warehouse.bucket import Bucket
from warehouse.errors import ObjectError, WarehouseError
from warehouse.housekeeping.job import Job
from warehouse.ingest.rollups import refresh_storage
from warehouse.ingest.stored import stored_objects
from warehouse.manifest import LedgerObject
from warehouse.settings import Settings

#: Deletions are committed so many at a time: what a kill can leave to the next sync to notice.
_AT_ONCE = 500


class BucketOutcome(Struct, frozen=True):
    """What a cleanup did in one bucket; `changed` objects were written anew at that moment and stayed."""

    bucket: str
    deleted_objects: int = 0
    freed_space: int = 0
    changed: int = 0
    error: str | None = None


def clean(
    work: Job, settings: Settings, bucket: Bucket, cutoff: datetime, *, dry_run: bool
) -> tuple[BucketOutcome, WarehouseError | None]:
    """Delete what may go; the error is why it ended before all of it had gone."""
    deleted: list[LedgerObject] = []
    changed = 0
    failure: WarehouseError | None = None
    try:
        going = _going(work, settings, bucket, cutoff)
        if dry_run:
            deleted = going
        for start in range(0, 0 if dry_run else len(going), _AT_ONCE):
            chunk = going[start : start + _AT_ONCE]
            gone, failure = _delete(work, settings, bucket, chunk)
            deleted += gone
            if failure is not None:
                break
            changed += len(chunk) - len(gone)
    except WarehouseError as error:
        failure = error
    outcome = BucketOutcome(
        bucket.name,
        deleted_objects=len(deleted),
        freed_space=sum(item.size for item in deleted),
        changed=changed,
        error=None if failure is None else str(failure),
    )
    return outcome, failure


def _going(work: Job, settings: Settings, bucket: Bucket, cutoff: datetime) -> list[LedgerObject]:
    """The objects that may go, by the ledger and a listing."""
    cutoff_us = round(cutoff.timestamp() * 1_000_000)
    old = {
        item.key: item
        for item in work.manifest.objects(bucket.name, settings.log_prefix).values()
        if not item.gone
        and item.rejected == 0
        and item.accepted == item.lines
        and item.last_us is not None
        and item.last_us < cutoff_us
    }
    listed = (info for info in bucket.list(settings.log_prefix) if info.key in old)
    return [old[info.key] for info in listed if info.etag == old[info.key].etag]


def _delete(
    work: Job, settings: Settings, bucket: Bucket, going: Sequence[LedgerObject]
) -> tuple[list[LedgerObject], WarehouseError | None]:
    """Delete objects, several at a time but one by one, for bulk deletes may fail on R2.

    What went is committed even if another deletion fails.
    """
    with ThreadPoolExecutor(settings.fetch_threads, "delete") as pool:
        deletions: dict[Future[bool], LedgerObject] = {}
        try:
            deletions = {pool.submit(_delete_same, bucket, item): item for item in going}
            for deletion in deletions:
                if deletion.exception() is not None:
                    break
        finally:
            for deletion in deletions:
                deletion.cancel()
            wait(deletions)
            ended = {deletion: item for deletion, item in deletions.items() if not deletion.cancelled()}
            gone = [
                item for deletion, item in ended.items() if not deletion.exception() and deletion.result()
            ]
            _commit(work, gone)
    failures = [error for deletion in ended if (error := deletion.exception()) is not None]
    for error in failures:
        if not isinstance(error, WarehouseError):
            raise error
    return gone, failures[0] if failures and isinstance(failures[0], WarehouseError) else None


def _delete_same(bucket: Bucket, item: LedgerObject) -> bool:
    """Delete an object if it is still the one that was mirrored; it may have been written anew just now."""
    try:
        if bucket.head(item.key).info.etag != item.etag:
            return False
    except ObjectError:  # somebody else deleted it; the next sync will notice
        return False
    bucket.delete(item.key)
    return True


def _commit(work: Job, gone: Sequence[LedgerObject]) -> None:
    if not gone:
        return
    change = refresh_storage(
        work.con, work.lake, stored_objects([], list(gone)), work.manifest.files(), work.run.run_id
    )
    work.manifest.commit(
        gone=[(item.bucket, item.key) for item in gone], add=change.add, remove=change.remove
    )

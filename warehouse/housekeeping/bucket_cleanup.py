"""Deletes old log objects of one bucket.

An object leaves the bucket only when it is mirrored whole, every line of it a row that the warehouse holds in
a file that is sound, all its rows are older than the cut-off, and it is still the object that was mirrored.
Where the warehouse's own rows of that time go too, they may have gone before: by a retention.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

from msgspec import Struct

from warehouse import duck, sqlfiles
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
    """What a cleanup did in one bucket; `changed` objects were written anew at that moment and stayed.

    So did `only_copies`: objects whose rows the warehouse no longer holds, all or some of them.
    """

    bucket: str
    deleted_objects: int = 0
    freed_space: int = 0
    changed: int = 0
    only_copies: int = 0
    error: str | None = None


def clean(
    work: Job, settings: Settings, bucket: Bucket, cutoff: datetime, *, with_rows: bool, dry_run: bool
) -> tuple[BucketOutcome, WarehouseError | None]:
    """Delete what may go; the error is why it ended before all of it had gone.

    With `with_rows`, the warehouse's rows older than the cut-off go as well.
    """
    deleted: list[LedgerObject] = []
    changed = only = 0
    failure: WarehouseError | None = None
    try:
        going, only = _going(work, settings, bucket, cutoff, with_rows=with_rows)
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
        only_copies=only,
        error=None if failure is None else str(failure),
    )
    return outcome, failure


def _going(
    work: Job, settings: Settings, bucket: Bucket, cutoff: datetime, *, with_rows: bool
) -> tuple[list[LedgerObject], int]:
    """The objects that may go, by the ledger, a listing and the lake, and how many stay for their rows' sake.

    Raises UnavailableError when a file that may hold rows of theirs is damaged.
    """
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
    same = [old[info.key] for info in listed if info.etag == old[info.key].etag]
    held = _held(work, bucket, same)
    if with_rows:
        return same, 0
    going = [item for item in same if held.get(item.key, 0) == item.accepted]
    return going, len(same) - len(going)


def _held(work: Job, bucket: Bucket, objects: Sequence[LedgerObject]) -> dict[str, int]:
    """How many rows of which object the lake holds, in files whose content is what was written."""
    if not objects:
        return {}
    first = min(item.first_us or 0 for item in objects)
    last = max(item.last_us or 0 for item in objects)
    files = [
        file
        for file in work.manifest.files("logs")
        if file.min_us is not None
        and file.max_us is not None
        and file.min_us <= last
        and file.max_us >= first
    ]
    work.lake.require_sound(files)
    relation = duck.parquet_relation("logs", [work.lake.path(file) for file in files])
    work.con.execute(f"CREATE OR REPLACE TEMP VIEW held_logs AS {relation}")
    rows = work.con.execute(sqlfiles.read("housekeeping", "held_rows"), {"bucket": bucket.name})
    return dict(rows.fetchall())


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

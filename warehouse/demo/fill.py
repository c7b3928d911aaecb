"""Put the demo's objects where they belong: into a bucket, or into a folder.

The last thing written is a summary under `SUMMARY_KEY`, so a fill that was cut short is known as such.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from warehouse.bucket import Bucket
from warehouse.demo.objects import FLUSH_SECONDS, MALFORMED_LINES, DemoObject, generate
from warehouse.errors import ObjectError, UnavailableError

SUMMARY_KEY = "demo/summary.json"
DAYS = 28.0
ENTRIES = 200_000
SEED = 42
_THREADS = 8
_WAITING = 32
"""Objects that may wait for an upload: bounds the memory, whatever the number of entries."""
_STALE = timedelta(hours=1)


class Progress(Protocol):
    """Who wants to know how far it is. `objects` of `start` is an estimate, its `bytes` unknown (0)."""

    def start(self, objects: int, bytes: int) -> None:
        """Called once, before the first object."""

    def advance(self, objects: int, bytes: int) -> None:
        """Called after each object, from several threads but never at the same time."""

    def close(self) -> None:
        """Called once, at the end or after a failure."""


class DemoSummary(Struct, frozen=True, rename="camel"):
    """What was written: `objects` of logs and `packages`, good and `malformed` lines, `bytes` as stored."""

    objects: int
    entries: int
    malformed: int
    packages: int
    bytes: int
    raw_bytes: int
    start: datetime
    end: datetime
    seed: int


class _Tally:
    """Adds up what was written. Threads may share it."""

    def __init__(self, progress: Progress | None) -> None:
        self._lock = threading.Lock()
        self._progress = progress
        self.objects = self.entries = self.malformed = self.packages = self.bytes = self.raw_bytes = 0

    def add(self, item: DemoObject) -> None:
        is_log = item.raw_bytes > 0
        with self._lock:
            self.objects += is_log
            self.packages += not is_log
            self.entries += item.entries
            self.malformed += item.malformed
            self.bytes += len(item.body)
            self.raw_bytes += item.raw_bytes
            if self._progress is not None:
                self._progress.advance(1, len(item.body))

    def summary(self, end: datetime, days: float, seed: int) -> DemoSummary:
        return DemoSummary(
            objects=self.objects,
            entries=self.entries,
            malformed=self.malformed,
            packages=self.packages,
            bytes=self.bytes,
            raw_bytes=self.raw_bytes,
            start=end - timedelta(days=days),
            end=end,
            seed=seed,
        )


def fill(
    bucket: Bucket,
    *,
    end: datetime | None = None,
    days: float = DAYS,
    entries: int = ENTRIES,
    seed: int = SEED,
    flush_seconds: float = FLUSH_SECONDS,
    malformed: int = MALFORMED_LINES,
    progress: Progress | None = None,
) -> DemoSummary:
    """Upload logs of the `days` before `end` (default: now) and the packages; returns what was written.

    Raises BucketError when an upload fails; no summary is left in the bucket then.
    """
    end = end or datetime.now(UTC).replace(microsecond=0)
    objects = generate(end, days, entries, seed, flush_seconds=flush_seconds, malformed=malformed)
    with _watched(progress, days, flush_seconds) as tally:
        _upload(objects, bucket, tally)
    summary = tally.summary(end, days, seed)
    bucket.put(SUMMARY_KEY, msgspec.json.encode(summary), content_type="application/json")
    return summary


def filled(bucket: Bucket) -> DemoSummary | None:
    """What the last complete fill of this bucket wrote; None if there was none."""
    try:
        return msgspec.json.decode(bucket.get(SUMMARY_KEY), type=DemoSummary)
    except (ObjectError, msgspec.DecodeError):
        return None


def ensure(
    bucket: Bucket,
    *,
    now: datetime | None = None,
    days: float = DAYS,
    entries: int = ENTRIES,
    seed: int = SEED,
    progress: Progress | None = None,
) -> DemoSummary:
    """Bring the bucket up to date: fill an empty one, let the logs of an older one go on until now.

    What a fill that was cut short left behind is deleted first. Returns what stands for the bucket now:
    what this call wrote, or the last fill if that is younger than an hour.
    """
    now = now or datetime.now(UTC).replace(microsecond=0)
    last = filled(bucket)
    if last is None:
        clear(bucket)
        return fill(bucket, end=now, days=days, entries=entries, seed=seed, progress=progress)
    missing_days = min((now - last.end) / timedelta(days=1), days)
    if missing_days < _STALE / timedelta(days=1):
        return last
    share = missing_days / days
    return fill(
        bucket,
        end=now,
        days=missing_days,
        entries=max(1, round(entries * share)),
        seed=last.seed,
        malformed=round(MALFORMED_LINES * share),
        progress=progress,
    )


def clear(bucket: Bucket) -> int:
    """Delete every object of the bucket, the summary first; returns how many there were."""
    bucket.delete(SUMMARY_KEY)
    keys = [info.key for info in bucket.list("")]
    with ThreadPoolExecutor(_THREADS) as pool:
        for done in [pool.submit(bucket.delete, key) for key in keys]:
            done.result()
    return len(keys)


def write_to(
    directory: Path,
    *,
    end: datetime | None = None,
    days: float = DAYS,
    entries: int = ENTRIES,
    seed: int = SEED,
    flush_seconds: float = FLUSH_SECONDS,
    malformed: int = MALFORMED_LINES,
    progress: Progress | None = None,
) -> DemoSummary:
    """Write the same objects as files, each key being a path below `directory`.

    Raises UnavailableError when a file cannot be written.
    """
    end = end or datetime.now(UTC).replace(microsecond=0)
    with _watched(progress, days, flush_seconds) as tally:
        for item in generate(end, days, entries, seed, flush_seconds=flush_seconds, malformed=malformed):
            path = directory / item.key
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(item.body)
            except OSError as error:
                raise UnavailableError(f"cannot write {path}: {error.strerror}") from error
            tally.add(item)
    return tally.summary(end, days, seed)


@contextmanager
def _watched(progress: Progress | None, days: float, flush_seconds: float) -> Iterator[_Tally]:
    if progress is not None:
        # A flush of the main configuration each time, every fourth time one of the canary, the packages.
        progress.start(round(days * 86_400 / flush_seconds * 1.25) + 120, 0)
    try:
        yield _Tally(progress)
    finally:
        if progress is not None:
            progress.close()


def _upload(objects: Iterator[DemoObject], bucket: Bucket, tally: _Tally) -> None:
    """Upload with a few threads while the next objects are made; the first failure ends it."""
    free = threading.Semaphore(_WAITING)
    failed: list[BaseException] = []

    def put(item: DemoObject) -> None:
        bucket.put(item.key, item.body, item.metadata or None)
        tally.add(item)

    def settled(upload: Future[None]) -> None:
        free.release()
        error = upload.exception() if not upload.cancelled() else None
        if error is not None:
            failed.append(error)

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="demo-upload") as pool:
        for item in objects:
            free.acquire()
            if failed:
                break
            pool.submit(put, item).add_done_callback(settled)
        if failed:
            pool.shutdown(cancel_futures=True)
    if failed:
        raise failed[0]

"""Fetch, inflate, convert: the stages of a sync, each working while the others do.

Bodies are fetched ahead by a bounded pool and taken in order, large ones part by part; the calling thread
inflates them into batches; a second bounded pool converts the batches. What waits between two stages is
bounded, so memory does not grow with the number or the size of the objects.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from msgspec import Struct, field

from warehouse import formats
from warehouse.bucket import ObjectInfo
from warehouse.errors import BucketError, IntegrityError, ObjectError
from warehouse.fetcher import LargeBody
from warehouse.ingest.conform import Converted, Converter, ObjectCount
from warehouse.ingest.heads import Head
from warehouse.ingest.lines import Batch, Batcher
from warehouse.lake import Lake
from warehouse.manifest import DataFile
from warehouse.settings import MIB, Settings

#: Compressed bytes that may be fetched ahead of the inflating stage.
_AHEAD_BYTES = 64 * MIB
#: An object larger than this is not held as a whole.
_LARGE_BYTES = 16 * MIB
#: So many objects in a row that the bucket does not give: then it is not the objects.
_MOST_FAILURES = 3


class Fetched(Struct):
    """One object of a chunk: its listing, its counts, the format of its lines; skipped says why not."""

    info: ObjectInfo
    counts: ObjectCount
    skipped: str | None = None
    format: str = formats.DEFAULT


class Ingested(Struct):
    """What a chunk of objects became: files that no transaction names yet, and counts per object.

    With a `failure`, the bucket gives nothing more: the objects are those up to it. `unfetched` says of each
    object that the bucket did not give why.
    """

    objects: list[Fetched]
    files: list[DataFile]
    unfetched: list[BucketError] = field(default_factory=list)
    failure: BucketError | None = None


class _Broken(Exception):
    """An object could not be read to its end, and rows of its beginning are written already."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number
        self.reason = reason


class _Parts:
    """The parts of a large body; what keeps them from being read is no damage of the body."""

    def __init__(self, number: int, body: LargeBody) -> None:
        self._number = number
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except (ObjectError, BucketError) as error:
            raise _Broken(self._number, error.detail) from error


class Source(Protocol):
    """Where bodies come from: `warehouse.fetcher.Fetcher`, or a test's own."""

    def get(self, info: ObjectInfo, span: tuple[int, int] | None = None) -> bytes:
        """The body of an object, or its bytes in a span."""


class Pipeline:
    """The pools of one sync run; use it as a context manager."""

    def __init__(
        self,
        settings: Settings,
        bucket: str,
        source: Source,
        lake: Lake,
        run_id: str,
        quarantine_date: str,
    ) -> None:
        self._settings = settings
        self._bucket = bucket
        self._source = source
        self._lake = lake
        self._batch_bytes = settings.batch_mib * MIB
        self._fetchers = ThreadPoolExecutor(settings.fetch_threads, "fetch")
        # Parts of a large body: its iterator waits for them in the calling thread.
        self._parts = ThreadPoolExecutor(2, "part")
        self._fetch_threads = settings.fetch_threads
        self._workers = ThreadPoolExecutor(settings.ingest_workers, "convert")
        self._worker_count = settings.ingest_workers
        # Of the objects asked for last, one after the other.
        self._failures: list[BucketError] = []
        self._converter = partial(Converter, lake, run_id, quarantine_date, settings)
        # One for each worker, opened with the first object: most syncs find nothing new.
        self._converters: queue.SimpleQueue[Converter | None] = queue.SimpleQueue()
        for _ in range(settings.ingest_workers):
            self._converters.put(None)

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self._fetchers.shutdown(wait=True, cancel_futures=True)
        self._parts.shutdown(wait=True, cancel_futures=True)
        self._workers.shutdown(wait=True, cancel_futures=True)
        while not self._converters.empty():
            if converter := self._converters.get():
                converter.close()

    def run(self, infos: Sequence[ObjectInfo], advance: Callable[[int, int], None]) -> Ingested:
        """Ingest objects; `advance(objects, compressed bytes)` is called as they go in.

        Raises IntegrityError when lines and rows do not add up, after unlinking what was written.
        """
        try:
            return self._run(infos, advance)
        except _Broken as broken:
            # A large object changed while it was read: all of it goes, and the others go in again.
            broken_info = infos[broken.number]
            others = self.run([info for info in infos if info is not broken_info], lambda *_: None)
            others.objects.append(Fetched(broken_info, ObjectCount(), skipped=broken.reason))
            if isinstance(broken.__cause__, BucketError):
                others.unfetched.append(broken.__cause__)
            return others

    def _run(self, infos: Sequence[ObjectInfo], advance: Callable[[int, int], None]) -> Ingested:
        objects = [Fetched(info, ObjectCount()) for info in infos]
        places = {number: (self._bucket, info.key) for number, info in enumerate(infos)}
        pending: set[Future[Converted]] = set()
        done: list[Future[Converted]] = []
        unfetched: list[BucketError] = []
        failure: BucketError | None = None
        batcher = Batcher(self._batch_bytes)
        for _ in infos[: self._worker_count]:
            # While the first objects are on their way.
            self._workers.submit(self._open_converter)

        def submit(batch: Batch) -> None:
            # One batch may wait per worker; more would only hold memory.
            while len(pending) >= 2 * self._worker_count:
                finished, rest = wait(pending, return_when=FIRST_COMPLETED)
                pending.clear()
                pending.update(rest)
                done.extend(finished)
                for future in finished:
                    future.result()
            for piece in batch.pieces:
                objects[piece.object_no].counts.lines += piece.count
                objects[piece.object_no].counts.raw_bytes += piece.bytes
            pending.add(self._workers.submit(convert, batch))

        def convert(batch: Batch) -> Converted:
            try:
                return self._convert(batch, places)
            finally:
                batcher.give_back(batch)

        def choose(item: Fetched, head: Head) -> str | None:
            item.format = formats.detect(head, item.info.key, self._settings)
            return None if item.format == formats.SKIP else item.format

        try:
            for number, body in self._bodies(infos):
                if isinstance(body, BucketError):
                    objects[number].skipped = body.detail
                    unfetched.append(body)
                    self._failures.append(body)
                    if len(self._failures) == _MOST_FAILURES:
                        failure = self._failures[0]
                        del objects[number + 1 :]
                        break
                elif isinstance(body, ObjectError):
                    objects[number].skipped = body.detail
                else:
                    self._failures.clear()
                    for batch in batcher.add(number, body, partial(choose, objects[number])):
                        submit(batch)
                advance(1, infos[number].size)
            while (last := batcher.take()).pieces or last.faults:
                submit(last)
            wait(pending)
            done.extend(pending)
            converted = [future.result() for future in done]
        except BaseException:
            for future in pending:
                future.cancel()
            wait(pending)
            for future in [*done, *pending]:
                if not future.cancelled() and future.exception() is None:
                    self._lake.discard(future.result().files)
            raise
        files = [file for item in converted for file in item.files]
        for item in converted:
            for number, counts in item.counts.items():
                objects[number].counts.add(counts)
        try:
            _check(objects)
        except IntegrityError:
            self._lake.discard(files)
            raise
        return Ingested(objects, files, unfetched, failure)

    @contextmanager
    def _borrowed(self) -> Iterator[Converter]:
        """A converter that nobody else uses meanwhile."""
        converter = self._converters.get()
        try:
            converter = converter or self._converter()
            yield converter
        finally:
            self._converters.put(converter)

    def _open_converter(self) -> None:
        with self._borrowed():
            pass

    def _convert(self, batch: Batch, places: dict[int, tuple[str, str]]) -> Converted:
        with self._borrowed() as converter:
            return converter.convert(batch, places)

    def _bodies(
        self, infos: Sequence[ObjectInfo]
    ) -> Iterator[tuple[int, Iterable[bytes] | ObjectError | BucketError]]:
        """The bodies in order, fetched ahead within the bounds of threads and bytes; large ones in parts."""
        ahead: deque[tuple[int, Future[bytes] | None]] = deque()
        try:
            yield from self._ahead(infos, ahead)
        finally:
            for _, future in ahead:
                if future is not None:
                    future.cancel()

    def _ahead(
        self, infos: Sequence[ObjectInfo], ahead: deque[tuple[int, Future[bytes] | None]]
    ) -> Iterator[tuple[int, Iterable[bytes] | ObjectError | BucketError]]:
        ahead_bytes = 0
        following = 0
        while following < len(infos) or ahead:
            while following < len(infos):
                info = infos[following]
                large = info.size > _LARGE_BYTES
                size = 0 if large else info.size
                full = len(ahead) >= 4 * self._fetch_threads or ahead_bytes + size > _AHEAD_BYTES
                if ahead and full:
                    break
                ahead.append((following, None if large else self._fetchers.submit(self._source.get, info)))
                ahead_bytes += size
                following += 1
            number, future = ahead.popleft()
            if future is None:
                yield number, _Parts(number, LargeBody(self._source.get, infos[number], self._parts))
                continue
            ahead_bytes -= infos[number].size
            try:
                yield number, [future.result()]
            except (ObjectError, BucketError) as error:
                yield number, error


def _check(objects: list[Fetched]) -> None:
    """Every line of every object is a log row or in quarantine, or nothing of the chunk counts."""
    for item in objects:
        counts = item.counts
        if counts.lines != counts.accepted + counts.rejected:
            raise IntegrityError(
                f"{item.info.key}: {counts.lines} lines in, {counts.accepted} rows and"
                f" {counts.rejected} quarantined"
            )

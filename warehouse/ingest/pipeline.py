"""Fetch, inflate, convert: the stages of a sync, each working while the others do.

Bodies are fetched ahead by a bounded pool and taken in order; the calling thread inflates them into
batches; a second bounded pool converts the batches. What waits between two stages is bounded, so memory
does not grow with the number or (but for one compressed body) the size of the objects.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial

from msgspec import Struct

from warehouse import formats
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.errors import IntegrityError, ObjectError
from warehouse.ingest.conform import Converted, Converter, ObjectCount
from warehouse.ingest.lines import Batch, Batcher
from warehouse.lake import Lake
from warehouse.manifest import DataFile
from warehouse.settings import MIB, Settings

#: Compressed bytes that may be fetched ahead of the inflating stage.
_AHEAD_BYTES = 64 * MIB


class Fetched(Struct):
    """One object of a chunk: its listing, its counts, the format of its lines; skipped says why not."""

    info: ObjectInfo
    counts: ObjectCount
    skipped: str | None = None
    format: str = formats.DEFAULT


class Ingested(Struct):
    """What a chunk of objects became: files that no transaction names yet, and counts per object."""

    objects: list[Fetched]
    files: list[DataFile]


class Pipeline:
    """The pools of one sync run; use it as a context manager."""

    def __init__(
        self, settings: Settings, bucket: Bucket, lake: Lake, run_id: str, quarantine_date: str
    ) -> None:
        self._settings = settings
        self._bucket = bucket
        self._lake = lake
        self._batch_bytes = settings.batch_mib * MIB
        self._fetchers = ThreadPoolExecutor(settings.fetch_threads, "fetch")
        self._fetch_threads = settings.fetch_threads
        self._workers = ThreadPoolExecutor(settings.ingest_workers, "convert")
        self._worker_count = settings.ingest_workers
        self._converters: queue.SimpleQueue[Converter] = queue.SimpleQueue()
        for _ in range(settings.ingest_workers):
            self._converters.put(Converter(lake, run_id, quarantine_date, settings))

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self._fetchers.shutdown(wait=True, cancel_futures=True)
        self._workers.shutdown(wait=True, cancel_futures=True)
        while not self._converters.empty():
            self._converters.get().close()

    def run(self, infos: Sequence[ObjectInfo], advance: Callable[[int, int], None]) -> Ingested:
        """Ingest objects; `advance(objects, compressed bytes)` is called as they go in.

        Raises IntegrityError when lines and rows do not add up, after unlinking what was written.
        """
        objects = [Fetched(info, ObjectCount()) for info in infos]
        places = {number: (self._bucket.name, info.key) for number, info in enumerate(infos)}
        pending: set[Future[Converted]] = set()
        done: list[Future[Converted]] = []
        batcher = Batcher(self._batch_bytes)

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
            pending.add(self._workers.submit(self._convert, batch, places))

        def choose(item: Fetched, sample: bytes) -> str | None:
            item.format = formats.detect(sample, item.info.key, self._settings)
            return None if item.format == formats.SKIP else item.format

        try:
            for number, body in self._bodies(infos):
                if isinstance(body, ObjectError):
                    objects[number].skipped = body.detail
                else:
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
        return Ingested(objects, files)

    def _convert(self, batch: Batch, places: dict[int, tuple[str, str]]) -> Converted:
        converter = self._converters.get()
        try:
            return converter.convert(batch, places)
        finally:
            self._converters.put(converter)

    def _bodies(self, infos: Sequence[ObjectInfo]) -> Iterator[tuple[int, bytes | ObjectError]]:
        """The bodies in order, fetched ahead within the bounds of threads and bytes."""
        ahead: deque[tuple[int, Future[bytes]]] = deque()
        ahead_bytes = 0
        following = 0
        while following < len(infos) or ahead:
            while following < len(infos):
                info = infos[following]
                full = len(ahead) >= 4 * self._fetch_threads or ahead_bytes + info.size > _AHEAD_BYTES
                if ahead and full:
                    break
                ahead.append((following, self._fetchers.submit(self._bucket.get, info.key, etag=info.etag)))
                ahead_bytes += info.size
                following += 1
            number, future = ahead.popleft()
            ahead_bytes -= infos[number].size
            try:
                yield number, future.result()
            except ObjectError as error:
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

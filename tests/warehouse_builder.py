"""Builds small warehouses without an S3 server: real sync, real lake, real manifest, a bucket in memory.

Sizes, times and storage classes of the objects are what the test says, so that storage figures are known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from msgspec import Struct

from warehouse import sync
from warehouse.bucket import ObjectHead, ObjectInfo
from warehouse.errors import ObjectError
from warehouse.service import Warehouse
from warehouse.settings import Settings

MB = 1024 * 1024
#: A time before every window of the tests, for objects whose storage should not count.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    """A moment in UTC from ISO 8601."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def naive(text: str) -> datetime:
    """A moment in UTC as DuckDB gives it: without a zone."""
    return datetime.fromisoformat(text)


def millis(moment: datetime | str) -> int:
    """Epoch milliseconds of a moment."""
    return round((utc(moment) if isinstance(moment, str) else moment).timestamp() * 1000)


def window_of(warehouse: Warehouse, asked: dict[str, Any]) -> dict[str, Any]:
    """The window of a question: its slots (endpoints/window_slots) and its edges (endpoints/window)."""
    slots = warehouse.run("window_slots", asked)[0]
    return slots | warehouse.run("window", asked | slots)[0]


def log(
    at: datetime | str | float, level: Any = "info", message: Any = "served", **fields: Any
) -> dict[str, Any]:
    """One entry of the registry's format; what is no top-level field goes into the metadata."""
    moment = utc(at) if isinstance(at, str) else at
    ms = moment.timestamp() * 1000 if isinstance(moment, datetime) else moment
    entry: dict[str, Any] = {
        "timestamp": int(ms) if ms == int(ms) else ms,
        "level": level,
        "message": message,
    }
    for name in ("source", "configHash", "configVersion", "storedAt", "registryUrl", "systemInfo"):
        if name in fields:
            entry[name] = fields.pop(name)
    entry["metadata"] = fields
    return entry


def ndjson(entries: Iterable[Mapping[str, Any] | str | bytes]) -> bytes:
    """The body of an object as the registry writes it; strings and bytes are lines as they stand."""
    lines = (
        entry
        if isinstance(entry, bytes)
        else (entry if isinstance(entry, str) else json.dumps(entry, separators=(",", ":"))).encode()
        for entry in entries
    )
    return b"".join(line + b"\n" for line in lines)


class _Stored(Struct):
    info: ObjectInfo
    body: bytes
    metadata: dict[str, str]


class MemoryBucket:
    """What the sync needs of a bucket, in a dictionary."""

    def __init__(self) -> None:
        self.name = "memory"
        self.endpoint = "memory://"
        self.class_a = 0
        self.class_b = 0
        self.retries = 0
        self.downloaded_bytes = 0
        self.objects: dict[str, _Stored] = {}

    def close(self) -> None:
        """Nothing to close."""

    def list(self, prefix: str, start_after: str | None = None) -> Iterator[ObjectInfo]:
        """The objects below a prefix, by key."""
        self.class_a += 1
        for key in sorted(self.objects):
            if key.startswith(prefix) and (start_after is None or key > start_after):
                yield self.objects[key].info

    def get(self, key: str, *, etag: str | None = None) -> bytes:
        """An object's bytes; raises ObjectError when it is not there or has changed."""
        self.class_b += 1
        stored = self.objects.get(key)
        if stored is None or etag not in (None, stored.info.etag):
            raise ObjectError(f"{key} changed or went away")
        return stored.body

    def head(self, key: str) -> ObjectHead:
        """An object's info and metadata; raises ObjectError when it is not there."""
        self.class_b += 1
        stored = self.objects.get(key)
        if stored is None:
            raise ObjectError(f"{key} is gone")
        return ObjectHead(stored.info, stored.metadata)


class MemorySource:
    """Bodies of a bucket in memory, as the pipeline asks for them."""

    def __init__(self, bucket: MemoryBucket) -> None:
        self._bucket = bucket

    def get(self, info: ObjectInfo, span: tuple[int, int] | None = None) -> bytes:
        """The body of an object, or its bytes in a span."""
        return self._bucket.get(info.key, etag=info.etag)[slice(*(span or (None,)))]


class Builder:
    """A bucket in memory and the warehouse that mirrors it."""

    def __init__(self, data_dir: Path) -> None:
        self.settings = Settings(bucket="memory", data_dir=data_dir, compact_days=0)
        self.bucket = MemoryBucket()
        self._puts = 0

    def put(
        self,
        entries: Iterable[Mapping[str, Any] | str | bytes] | bytes,
        key: str | None = None,
        *,
        size: int = 0,
        stored: datetime = LONG_AGO,
        storage_class: str = "STANDARD",
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Store an object (`size` bytes, LastModified `stored`, whatever its body is); gives its key."""
        self._puts += 1
        key = key or f"logs/{self._puts:06}.jsonl"
        info = ObjectInfo(key, f"etag-{self._puts}", size, stored, storage_class)
        body = entries if isinstance(entries, bytes) else ndjson(entries)
        self.bucket.objects[key] = _Stored(info, body, dict(metadata or {}))
        return key

    def delete(self, key: str) -> None:
        """Take an object out of the bucket."""
        del self.bucket.objects[key]

    def sync(self) -> sync.SyncSummary:
        """Mirror the bucket as it is now."""
        with (
            patch("warehouse.sync.Bucket", lambda settings: self.bucket),
            patch("warehouse.sync.Fetcher", lambda settings, bucket: MemorySource(bucket)),
        ):
            return sync.run(self.settings)

    def open(self) -> Warehouse:
        """The warehouse, for reading; the caller closes it."""
        return Warehouse(self.settings)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query over the views."""
        with closing(self.open()) as warehouse:
            return warehouse.sql(query).rows

    def tables(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query over the views, by column."""
        with closing(self.open()) as warehouse:
            answer = warehouse.sql(query)
            return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def build(data_dir: Path, entries: Iterable[Mapping[str, Any]], **object_fields: Any) -> Warehouse:
    """An open warehouse of one object with these entries."""
    builder = Builder(data_dir)
    builder.put(entries, **object_fields)
    builder.sync()
    return builder.open()

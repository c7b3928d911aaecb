"""What the manifest holds, as structs: objects, files, runs, and a snapshot of all of it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class LedgerObject(Struct, frozen=True, kw_only=True):
    """One mirrored object. Sizes in bytes, times in epoch microseconds (UTC)."""

    bucket: str
    key: str
    prefix: str
    etag: str
    size: int
    modified_us: int
    storage_class: str
    format: str | None = None
    raw_bytes: int = 0
    lines: int = 0
    accepted: int = 0
    rejected: int = 0
    first_us: int | None = None
    last_us: int | None = None
    metadata: dict[str, str] = {}
    run_id: str
    gone: bool = False


class DataFile(Struct, frozen=True, kw_only=True):
    """One Parquet file; `path` is relative to the lake, times are epoch microseconds (UTC)."""

    path: str
    table: str
    partition: str
    entries: int
    bytes: int
    min_us: int | None
    max_us: int | None
    run_id: str
    sha256: str | None = None


class Run(Struct, kw_only=True):
    """One run of sync (of one bucket), cleanup or retry; `status` is running, ok, failed or killed.

    Sizes in bytes; prices in dollars, of a million operations and of a GB for a month. `class_a`, `class_b`
    count every attempt, `retries` those of them that repeat another.
    """

    run_id: str
    kind: str
    status: str
    started_us: int
    finished_us: int | None = None
    objects: int = 0
    replaced: int = 0
    entries: int = 0
    rejected: int = 0
    compressed_bytes: int = 0
    raw_bytes: int = 0
    class_a: int = 0
    class_b: int = 0
    full_listing: bool = False
    listed: int = 0
    listed_bytes: int = 0
    downloaded_bytes: int = 0
    retries: int = 0
    class_a_price: float = 0.0
    class_b_price: float = 0.0
    storage_price: float = 0.0
    detail: str | None = None
    bucket: str | None = None


class Snapshot(Struct, frozen=True):
    """Everything a reader binds, read in one transaction."""

    generation: int
    files: list[DataFile]
    partitions: list[dict[str, Any]]
    runs: list[dict[str, Any]]
    run_months: list[dict[str, Any]]
    ledger: list[dict[str, Any]]

"""What a sync did, of one bucket and of several together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import msgspec
from msgspec import Struct

#: Figures of several buckets that are added up.
_SUMS = (
    "objects",
    "replaced",
    "gone",
    "skipped",
    "packages",
    "entries",
    "rejected_lines",
    "compressed_bytes",
    "raw_bytes",
    "files",
    "duration_ms",
    "class_a",
    "class_b",
    "listed",
    "downloaded_bytes",
    "retries",
    "notes",
    "buckets",
)


class BucketOutcome(Struct, frozen=True):
    """How the sync of one bucket ended: ok, partial, or failed with the reason; `kept` is what stays."""

    bucket: str
    status: str
    run_id: str
    objects: int
    entries: int
    error: str | None = None
    kept: str | None = None


def kept_of(run: Mapping[str, Any]) -> str | None:
    """`kept` of a row of the runs (`objects`, `entries`): of one that failed or was killed."""
    if run["kind"] != "sync" or run["status"] not in ("failed", "killed"):
        return None
    return kept(run["objects"], run["entries"])


def kept(objects: int, entries: int) -> str | None:
    """That a run which failed had mirrored so much, and that nothing of it is done again."""
    if not objects:
        return None
    return (
        f"{objects:,} object{'' if objects == 1 else 's'}, {entries:,} entr{'y' if entries == 1 else 'ies'}"
        " mirrored before the failure; the next sync goes on from there"
    )


class SyncSummary(Struct, frozen=True):
    """What one sync did, also one that failed half-way (`status`): what is counted is committed and stays.

    Sizes in bytes: compressed as fetched, raw after decompression.

    `listed` objects were named by the bucket, all of the prefix if `full_listing`. `skipped` objects changed
    or went away while they were read, or the bucket did not give them; the next sync asks for them again.
    `class_a` and `class_b` count every attempt, `retries` those that repeat another. `notes` are for people.
    Of several buckets the figures are sums, with the first one's `run_id`. `status` is ok, failed or partial:
    some buckets failed (`buckets` tells which), or gave some of their objects only (`notes` tells).
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
    buckets: list[BucketOutcome]

    @property
    def failed(self) -> list[BucketOutcome]:
        """The buckets whose sync failed."""
        return [bucket for bucket in self.buckets if bucket.error is not None]


def together(summaries: Sequence[SyncSummary]) -> SyncSummary:
    """The summary of the syncs of several buckets, or one after another; that of a single one as it is."""
    first = summaries[0]
    if len(summaries) == 1:
        return first
    sums = {name: reduce(add, (getattr(each, name) for each in summaries)) for name in _SUMS}
    failed = sum(len(each.failed) for each in summaries)
    tried = sum(len(each.buckets) for each in summaries)
    partial = any(each.status == "partial" for each in summaries)
    return msgspec.structs.replace(
        first,
        status="failed" if failed == tried else "partial" if failed or partial else "ok",
        sync_url=", ".join(dict.fromkeys(each.sync_url for each in summaries)),
        full_listing=all(each.full_listing for each in summaries),
        **sums,
    )

"""The shapes of the answers, for the OpenAPI document: every field with its meaning and unit.

The facade returns dictionaries that are in these shapes already; `shaped` only tells the type checker so.
The contract's tests compare the real answers with these models, field by field, both ways.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar, cast

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")


def shaped(_model: type[T], answer: Any) -> T:
    """An answer of the facade under the name of its model."""
    return cast(T, answer)


def _about(text: str) -> Meta:
    return Meta(description=text)


Count = Annotated[int, _about("Count of entries.")]
Percent = Annotated[float, _about("Percent, 0 to 100.")]
Millis = Annotated[float, _about("Milliseconds.")]
EpochMs = Annotated[int, _about("Time in epoch milliseconds.")]
MaybeEpochMs = Annotated[int | None, _about("Time in epoch milliseconds; null when there is none.")]
Bytes = Annotated[int, _about("Size in bytes.")]
Megabytes = Annotated[float, _about("MB; 1 MB = 1,048,576 bytes.")]
Counts = Annotated[dict[str, int], _about("Count of entries by name.")]
Window = Annotated[float, _about("Length of the window, in hours.")]


class Answer(Struct, rename="camel", kw_only=True):
    """Base of the models: the names of the contract are camelCase."""


class LogEntry(Answer):
    """One log entry."""

    timestamp: EpochMs
    level: Annotated[Literal["debug", "info", "warn", "error"], _about("Level.")]
    message: Annotated[str, _about("The message as it was logged.")]
    source: Annotated[str | None, _about("Part of the registry that logged it.")]
    config_hash: Annotated[str | None, _about("Hash of the configuration, as 0x and hexadecimal digits.")]
    metadata: Annotated[dict[str, Any], _about("The entry's metadata, complete.")]
    extra: Annotated[dict[str, Any], _about("The log line's fields that have no other place here.")]
    response_ms: Annotated[float | None, _about("Response time of the logged request, in milliseconds.")]
    status: Annotated[int | None, _about("HTTP status of the logged request.")]
    method: Annotated[str | None, _about("HTTP method of the logged request.")]
    path: Annotated[str | None, _about("Path of the logged request.")]
    package: Annotated[str | None, _about("Package that it is about.")]
    package_version: Annotated[str | None, _about("Version of that package.")]
    raw_level: Annotated[str | None, _about("The level as it was logged.")]
    bucket: Annotated[str, _about("Bucket that holds the entry.")]
    object_key: Annotated[str, _about("Log object in the bucket that holds the entry.")]
    line: Annotated[int, _about("Line in that object, from 1.")]


class LogGroup(Answer):
    """The matches of one UTC date."""

    date: Annotated[str, _about("UTC date, as YYYY-MM-DD.")]
    count: Annotated[int, _about("Matching entries of that date, on whatever page.")]
    logs: Annotated[list[LogEntry], _about("Those of them that are on this page.")]


class LogPage(Answer):
    """One page of log entries."""

    logs: Annotated[list[LogEntry], _about("The entries, in the order asked for.")]
    total_count: Annotated[int, _about("Every entry that matches, whatever the limit.")]
    has_more: Annotated[bool, _about("Are there matches beyond this page?")]
    next_cursor: Annotated[str | None, _about("The next page's `cursor`; null on the last page.")]
    groups: Annotated[
        list[LogGroup] | UnsetType, _about("With group=date: every UTC date that has a match.")
    ] = UNSET


class LogStats(Answer):
    """The whole history."""

    total_entries: Count
    total_size: Annotated[int, _about("Log objects in the bucket, in bytes as stored.")]
    oldest_entry: MaybeEpochMs
    newest_entry: MaybeEpochMs
    config_distribution: Counts
    level_distribution: Counts
    source_distribution: Counts
    objects: Annotated[int, _about("Log objects that are mirrored.")]
    warehouse_size: Annotated[int, _about("Parquet on disk, in bytes.")]
    compression_ratio: Annotated[float | None, _about("Raw log text to Parquet of the logs; null with none.")]
    rejected_lines: Annotated[int, _about("Lines in quarantine.")]
    last_sync: MaybeEpochMs


class CleanupRequest(Answer, forbid_unknown_fields=True):
    """What to remove. An unknown field is refused: `dryrun` that counts for nothing would remove for real."""

    retention_days: Annotated[int, Meta(ge=1, le=36_500, description="Days that stay.")] = 30
    dry_run: Annotated[bool, _about("Tell what would be removed, and remove nothing.")] = False
    scope: Annotated[Literal["warehouse", "bucket", "both"], _about("Where to remove it.")] = "warehouse"


class CleanupAnswer(Answer):
    """What a cleanup removed, or would remove."""

    deleted_count: Count
    freed_space: Bytes
    deleted_objects: Annotated[int, _about("Objects removed from the bucket.")]
    deleted_quarantined: Annotated[int, _about("Lines removed from quarantine.")]
    only_copies: Annotated[
        int, _about("Objects that stayed, because the warehouse has their entries no more.")
    ]
    failed: Annotated[list[str], _about("Buckets that could not be cleaned to the end, and why.")]
    cutoff: Annotated[int, _about("What is older goes; epoch milliseconds.")]
    dry_run: Annotated[bool, _about("Nothing was removed.")]
    scope: Annotated[Literal["warehouse", "bucket", "both"], _about("Where it was removed.")]


class BucketStats(Answer):
    """What the bucket holds."""

    total_packages: Annotated[int, _about("Names of packages.")]
    total_size: Annotated[int, _about("All mirrored prefixes, in bytes.")]
    config_distribution: Annotated[dict[str, int], _about("Package objects by config hash.")]
    last_sync: Annotated[str | None, _about("End of the last good sync, ISO 8601; null before the first.")]
    storage_class: Annotated[str, _about("The class that holds most bytes.")]


class Stats(Answer):
    """The bucket's figures."""

    r2: BucketStats


class BucketSync(Answer):
    """How the sync of one bucket ended."""

    bucket: Annotated[str, _about("Its name.")]
    run_id: Annotated[str, _about("The run in the view `runs`.")]
    objects: Annotated[int, _about("Objects that were fetched.")]
    entries_count: Annotated[int, _about("Entries that came in.")]
    error: Annotated[str | None, _about("Why it failed; null when it did not.")]


class SyncAnswer(Answer):
    """What a sync did; of several buckets the figures are sums."""

    synced: Annotated[bool, _about("Whether every bucket was mirrored; when none was, that is a problem.")]
    sync_url: Annotated[
        str, _about("What was mirrored, as s3://BUCKET/PREFIX; several: separated by commas.")
    ]
    entries_count: Annotated[int, _about("Entries that came in.")]
    compressed_size: Annotated[int, _about("Fetched, in bytes as stored.")]
    run_id: Annotated[str, _about("The run in the view `runs`.")]
    objects: Annotated[int, _about("Objects that were fetched.")]
    rejected_lines: Annotated[int, _about("Lines that went into quarantine.")]
    duration_ms: Annotated[int, _about("How long it took, in milliseconds.")]
    buckets: Annotated[list[BucketSync], _about("Each bucket by itself.")]


class Holding(Answer):
    """What one bucket holds below one prefix in one storage class."""

    bucket: Annotated[str, _about("Its name.")]
    prefix: Annotated[str, _about("Prefix of logs or packages, else the first part of the keys.")]
    storage_class: Annotated[str, _about("Storage class.")]
    objects: Annotated[int, _about("Objects that are there.")]
    bytes: Bytes
    bytes_last_day: Annotated[int, _about("Bytes of it that were stored in the last 24 hours.")]
    bytes_last_month: Annotated[int, _about("Bytes of it that were stored in the last 30 days.")]


class SizeClass(Answer):
    """The objects of one class of size."""

    bucket: Annotated[str, _about("Its name.")]
    prefix: Annotated[str, _about("Prefix of logs or packages, else the first part of the keys.")]
    size_from: Annotated[int, _about("Bytes that the class begins with; it ends where the next one begins.")]
    objects: Annotated[int, _about("Objects that are there.")]
    bytes: Bytes


class Growth(Answer):
    """What was stored in one period and is still there."""

    start: EpochMs
    objects: Annotated[int, _about("Objects that were stored.")]
    bytes: Bytes


class Inventory(Answer):
    """What the buckets hold, and how it grew."""

    holdings: Annotated[list[Holding], _about("By bucket, prefix and storage class.")]
    sizes: Annotated[list[SizeClass], _about("By bucket, prefix and class of size.")]
    hourly: Annotated[list[Growth], _about("The last 24 hours of the clock, oldest first, all buckets.")]
    daily: Annotated[list[Growth], _about("The last 30 UTC days, oldest first, all buckets.")]


class PackageEntry(Answer):
    """One object under the packages prefix."""

    name: Annotated[str | None, _about("Package name; null where the key does not tell.")]
    version: Annotated[str | None, _about("Version; null where the key does not tell.")]
    config_hash: Annotated[str | None, _about("Config hash; null where the key does not tell.")]
    timestamp: Annotated[int, _about("When it was stored, epoch milliseconds.")]
    size: Bytes
    integrity: Annotated[str | None, _about("Subresource integrity, where the object tells it.")]
    bucket: Annotated[str, _about("Bucket of the object.")]
    key: Annotated[str, _about("Key of the object.")]
    etag: Annotated[str, _about("ETag of the object.")]
    storage_class: Annotated[str, _about("Storage class of the object.")]


class PackagePage(Answer):
    """One page of the package inventory."""

    packages: Annotated[list[PackageEntry], _about("The packages, by key.")]
    total_count: Annotated[int, _about("Every package object that matches.")]
    next_continuation_token: Annotated[
        str | None, _about("The next page's `continuationToken`; null on the last page.")
    ]


class Schedule(Answer):
    """Syncs that run by themselves, as WAREHOUSE_SCHEDULE says."""

    schedule: Annotated[str, _about("The cron fields.")]
    timezone: Annotated[str, _about("The time zone of their clock.")]
    next_sync: Annotated[
        int | None, _about("When the next sync is due (epoch ms); null when nobody is there to begin it.")
    ]
    last_ended: Annotated[int | None, _about("When the last scheduled sync ended (epoch ms), or null.")]
    outcome: Annotated[
        Literal["ok", "partial", "failed", "busy"] | None,
        _about("How it ended; busy: another sync or cleanup ran at that moment."),
    ]
    error: Annotated[str | None, _about("Why it failed, or null.")]


class Background(Answer):
    """Work that the server does beside answering."""

    name: Annotated[str, _about("schedule (syncs) or alerts (tests of the rules).")]
    alive: Annotated[bool, _about("false: it has ended; nothing of it happens until the server restarts.")]
    last_ended: Annotated[
        int | None, _about("When its last attempt since the server's start ended (epoch ms), or null.")
    ]
    outcome: Annotated[Literal["ok", "partial", "failed", "busy"] | None, _about("How that ended, or null.")]
    error: Annotated[str | None, _about("Why it failed or is not alive, or null.")]


class Health(Answer):
    """The warehouse can be read."""

    status: Annotated[Literal["ok"], _about("Always ok: what is not ok is a problem.")]
    generation: Annotated[int, _about("Number of commits that the warehouse has seen.")]
    schedule: Annotated[Schedule | None, _about("Syncs that run by themselves; null without a schedule.")] = (
        None
    )
    troubled: Annotated[
        bool, _about("The last scheduled sync failed, or something of `background` has ended or failed.")
    ] = False
    background: Annotated[list[Background], _about("The work that the server does beside answering.")] = []

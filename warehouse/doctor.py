"""`warehouse doctor`: looks at everything a sync and the API need, and says what to mend.

Each check ends as ok, warn, fail or skip (it needs one that failed before). Nothing is changed, and
nothing is created but one small file in the data directory that is removed at once.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

import msgspec
import urllib3
from msgspec import Struct

from warehouse.bucket import Bucket
from warehouse.cloudflare import http_pool
from warehouse.credentials import Credentials, resolve
from warehouse.errors import BucketError, UnavailableError, WarehouseError
from warehouse.lake import Lake
from warehouse.manifest import Manifest
from warehouse.service import Warehouse
from warehouse.settings import MIB, Settings
from warehouse.settings_file import targets
from warehouse.status import reading, require_warehouse
from warehouse.unattended.queue import Queue

Outcome = Literal["ok", "warn", "fail", "skip"]

SKEW_WARN_SECONDS = 60
SKEW_FAIL_SECONDS = 15 * 60
"""S3 refuses requests whose clock is off by more than a quarter of an hour."""
FREE_WARN_BYTES = 1024 * MIB
FREE_FAIL_BYTES = 64 * MIB
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Check(Struct, frozen=True):
    """The result of one check; `mend` says what to do when it is not ok."""

    name: str
    outcome: Outcome
    detail: str
    mend: str | None = None


class _Found(Exception):
    """A check that ends as something else than ok."""

    def __init__(self, outcome: Outcome, detail: str, mend: str | None = None) -> None:
        super().__init__(detail)
        self.outcome, self.detail, self.mend = outcome, detail, mend


def healthy(checks: list[Check]) -> bool:
    """Whether none of them failed."""
    return all(check.outcome != "fail" for check in checks)


def failed_settings(error: WarehouseError) -> list[Check]:
    """The report when the settings cannot even be loaded."""
    return [Check("settings", "fail", error.detail, error.hint)]


def examine(settings: Settings, problem: WarehouseError | None = None) -> Iterator[Check]:
    """Every check, one after the other. `problem` is what keeps the bucket from being used at all."""
    yield _check("settings", lambda: _settings(settings, problem))
    every = targets(settings)
    for target in every:
        for check in _bucket_checks(target):
            name = f"{check.name} {target.bucket}" if len(every) > 1 else check.name
            yield msgspec.structs.replace(check, name=name)
    if settings.queue_id is not None:
        yield _check("queue", lambda: _queue(settings))
    yield _check("disk", lambda: _disk(settings.data_dir))
    yield _check("catalog", lambda: _catalog(settings))


def _bucket_checks(settings: Settings) -> Iterator[Check]:
    """Credentials, clock and bucket, of one bucket."""
    credentials: Credentials | None = None
    if settings.bucket is None:
        yield Check("credentials", "skip", "no bucket is set")
    else:
        try:
            credentials = resolve(settings)
            detail = f"key id {_shortened(credentials.access_key_id)} for {credentials.endpoint}"
            yield Check("credentials", "ok", detail)
        except WarehouseError as error:
            yield Check("credentials", "fail", error.detail, error.hint)
    if credentials is None:
        reason = "no bucket is set" if settings.bucket is None else "no usable credentials"
        yield Check("clock", "skip", reason)
        yield Check("bucket", "skip", reason)
    else:
        endpoint = credentials.endpoint
        clock = _check("clock", lambda: _clock(endpoint))
        yield clock
        if clock.outcome == "skip":
            yield Check("bucket", "fail", clock.detail, "check R2_ENDPOINT, the account's id and the network")
        else:
            yield _check("bucket", lambda: _bucket(settings))


def _check(name: str, look: Callable[[], str]) -> Check:
    """Run one check; whatever it raises becomes its outcome, because a doctor does not faint."""
    try:
        return Check(name, "ok", look())
    except _Found as found:
        return Check(name, found.outcome, found.detail, found.mend)
    except WarehouseError as error:
        return Check(name, "fail", error.detail, error.hint)
    except Exception as error:  # noqa: BLE001 - reported as the check's outcome
        detail = " ".join(str(error).split())[:300]
        return Check(name, "fail", f"{type(error).__name__}: {detail}")


def _settings(settings: Settings, problem: WarehouseError | None) -> str:
    if problem is not None:
        raise problem
    if settings.bucket is None:
        raise _Found("fail", "R2_BUCKET_NAME is not set", "set it to your bucket's name")
    if settings.host not in _LOOPBACK and settings.admin_token is None:
        raise _Found(
            "warn",
            f"WAREHOUSE_HOST is {settings.host} and WAREHOUSE_ADMIN_TOKEN is not set: `serve` refuses that",
            "set WAREHOUSE_ADMIN_TOKEN, or leave WAREHOUSE_HOST at 127.0.0.1",
        )
    held = "; ".join(
        f"bucket {target.bucket}, logs below {target.log_prefix}" for target in targets(settings)
    )
    return (
        f"{held}; data in {settings.data_dir}" if settings.buckets else f"{held}, data in {settings.data_dir}"
    )


def _shortened(key_id: str) -> str:
    return key_id if len(key_id) <= 8 else f"{key_id[:4]}…{key_id[-4:]}"


def _clock(endpoint: str) -> str:
    """Compare with the Date that the endpoint sends with any answer, a refusal included."""
    before = datetime.now(UTC)
    try:
        with http_pool(endpoint) as http:
            reply = http.request("HEAD", endpoint, timeout=urllib3.Timeout(5), retries=False)
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise _Found("skip", f"{endpoint} does not answer ({type(error).__name__})") from error
    except urllib3.exceptions.HTTPError as error:
        raise _Found("warn", f"{endpoint} does not tell the time ({type(error).__name__})") from error
    now = before + (datetime.now(UTC) - before) / 2
    try:
        theirs = parsedate_to_datetime(reply.headers.get("Date", ""))
        ahead = (now - theirs).total_seconds()
    except (TypeError, ValueError):
        raise _Found("warn", f"{endpoint} does not tell the time") from None
    # The header has whole seconds, cut off.
    ahead -= 0.5
    direction = "ahead of" if ahead > 0 else "behind"
    detail = f"this machine's clock is {abs(ahead):.0f} s {direction} the server's"
    mend = "set the clock, for example with NTP; S3 refuses requests that are 15 minutes off"
    if abs(ahead) > SKEW_FAIL_SECONDS:
        raise _Found("fail", detail, mend)
    if abs(ahead) > SKEW_WARN_SECONDS:
        raise _Found("warn", detail, mend)
    return "within a second of the server's" if abs(ahead) < 1 else detail


def _bucket(settings: Settings) -> str:
    """List the prefix and ask for its first object: what a sync needs the rights for."""
    bucket = Bucket(settings)
    try:
        first = next(bucket.list(settings.log_prefix), None)
        if first is None:
            raise _Found(
                "warn",
                f"{bucket.name} can be listed but has no object below {settings.log_prefix}",
                "check WAREHOUSE_LOG_PREFIX, or wait for the first logs",
            )
        try:
            bucket.head(first.key)
        except BucketError as error:
            raise _Found(
                "fail",
                f"{bucket.name} can be listed but its objects cannot be read",
                "give the token the right Object Read on this bucket",
            ) from error
        return f"{bucket.name} can be listed and read at {bucket.endpoint}"
    finally:
        bucket.close()


def _queue(settings: Settings) -> str:
    """The queue and the token for it; no message is pulled."""
    with closing(Queue(settings)) as queue:
        found = queue.described()
    ours = [consumer for consumer in found.consumers if consumer.type == "http_pull"]
    if not ours:
        raise _Found(
            "fail",
            f"the queue {found.queue_name} has no HTTP consumer",
            f"npx wrangler queues consumer http add {found.queue_name}",
        )
    dead = ours[0].dead_letter_queue
    if dead is None:
        raise _Found(
            "warn",
            f"the queue {found.queue_name} has no dead-letter queue: messages that cannot be read get lost",
            "give its HTTP consumer one with --dead-letter-queue",
        )
    return f"{found.queue_name}, pulled over HTTP, unreadable messages go to {dead}"


def _disk(data_dir: Path) -> str:
    """Write access and free space, of the nearest folder that exists when there is no warehouse yet."""
    folder = data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    mend = "mend the rights, or set WAREHOUSE_DATA_DIR to another directory"
    if not folder.is_dir():
        raise _Found("fail", f"{folder} is not a directory", mend)
    try:
        if folder == data_dir.absolute():
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
                pass
        elif not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError
    except OSError as error:
        reason = error.strerror or "no right"
        raise _Found("fail", f"{folder} cannot be written to ({reason})", mend) from error
    free = shutil.disk_usage(folder).free
    detail = f"{free // MIB:,} MiB free for {data_dir}"
    mend = "free some space, or run `warehouse cleanup` with a shorter retention"
    if free < FREE_FAIL_BYTES:
        raise _Found("fail", detail, mend)
    if free < FREE_WARN_BYTES:
        raise _Found("warn", detail, mend)
    return detail


def _catalog(settings: Settings) -> str:
    """The manifest opens, every file that it names is there as it says, and the views answer."""
    strangers = len(list(Lake(settings.data_dir).root.glob("**/*.parquet")))
    if strangers and not (settings.data_dir / "manifest.sqlite").exists():
        raise _Found("fail", f"manifest.sqlite is gone, {strangers:,} Parquet files are there", _REBUILD)
    try:
        require_warehouse(settings.data_dir)
    except UnavailableError as error:
        raise _Found("warn", error.detail, "run `warehouse sync` once") from error
    files, bytes_ = _files(settings.data_dir)
    with reading(settings) as warehouse:
        entries = _entries(warehouse)
    return f"{files:,} Parquet files of {bytes_:,} bytes are in place, {entries:,} log entries"


def _files(data_dir: Path) -> tuple[int, int]:
    manifest, lake = Manifest(data_dir), Lake(data_dir)
    try:
        named = manifest.files()
        if manifest.is_new() and (strangers := len(lake.leftovers(manifest))):
            detail = f"the manifest is empty, {strangers:,} Parquet files are there"
            raise _Found("fail", detail, _REBUILD)
    finally:
        manifest.close()
    wrong = []
    for file in named:
        try:
            found = lake.path(file).stat().st_size
        except OSError:
            wrong.append(f"{file.path} is missing")
            continue
        if found != file.bytes:
            wrong.append(f"{file.path} has {found:,} bytes, not {file.bytes:,}")
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise _Found("fail", "; ".join(wrong[:3]) + more, _REBUILD)
    return len(named), sum(file.bytes for file in named)


_REBUILD = (
    "restore the data directory, or move it away and run `warehouse sync`:"
    " it mirrors what the bucket still has"
)


def _entries(warehouse: Warehouse) -> int:
    tables = warehouse.run("doctor_entries")
    wrong = [
        f"table {row['table']} holds {row['entries']:,} entries, the manifest says {row['expected']:,}"
        for row in tables
        if row["entries"] != row["expected"]
    ]
    if wrong:
        raise _Found("fail", "; ".join(wrong), _REBUILD)
    return next(int(row["entries"]) for row in tables if row["table"] == "logs")

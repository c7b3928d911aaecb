"""The one table of settings.

Every field of `Settings` below is one setting: its environment variables (the first one set wins),
type, default and explanation stand here and nowhere else; only what the settings file holds in tables of its
own is described in `settings_tables`. `warehouse --help`, `docs/settings.md`
and every error about a setting are made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from warehouse.alerts.rules import AlertRule
from warehouse.settings_analytics import AnalyticsSettings
from warehouse.settings_meta import setting
from warehouse.settings_tables import BucketSettings, MappingRule, PrefixRule

MIB = 1024 * 1024


class Settings(AnalyticsSettings, Struct, frozen=True, kw_only=True):
    """All settings of one process, checked. Make one with `warehouse.settings.load`."""

    bucket: Annotated[
        str | None,
        setting(
            "R2_BUCKET_NAME", about="Bucket that holds the log objects. Unset: the embedded demo bucket."
        ),
    ] = None
    account_id: Annotated[
        str | None,
        setting(
            "CLOUDFLARE_ACCOUNT_ID",
            about="Cloudflare account; gives the endpoint when R2_ENDPOINT is unset.",
        ),
    ] = None
    api_token: Annotated[
        str | None,
        setting(
            "CLOUDFLARE_API_KEY",
            "CLOUDFLARE_API_TOKEN",
            about="Cloudflare API token with R2 read rights; the S3 key pair is derived from it.",
            secret=True,
        ),
    ] = None
    endpoint: Annotated[
        Annotated[str, Meta(pattern="^[^@]*$")] | None,  # a password would be shown with the address
        setting(
            "R2_ENDPOINT",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL",
            about="S3 endpoint, as https://HOST[:PORT].",
        ),
    ] = None
    jurisdiction: Annotated[
        str,
        setting(
            "R2_JURISDICTION",
            about="Jurisdiction of the bucket: default, eu or fedramp.",
            pattern="^(default|eu|fedramp)$",
        ),
    ] = "default"
    region: Annotated[
        str,
        setting("R2_REGION", "AWS_REGION", "AWS_DEFAULT_REGION", about="S3 region; R2 always uses auto."),
    ] = "auto"
    access_key_id: Annotated[
        str | None, setting("R2_ACCESS_KEY_ID", about="S3 access key id of an R2 API token.")
    ] = None
    secret_access_key: Annotated[
        str | None,
        setting("R2_SECRET_ACCESS_KEY", about="S3 secret access key that goes with it.", secret=True),
    ] = None
    aws_access_key_id: Annotated[
        str | None,
        setting("AWS_ACCESS_KEY_ID", about="AWS's name for the key id; used when no R2 credential is set."),
    ] = None
    aws_secret_access_key: Annotated[
        str | None,
        setting("AWS_SECRET_ACCESS_KEY", about="AWS's name for the secret that goes with it.", secret=True),
    ] = None
    cloudflare_api: Annotated[
        str,
        setting(
            "CLOUDFLARE_API_BASE_URL",
            about="Cloudflare API that verifies the token and holds the queue.",
            pattern="^https?://",
        ),
    ] = "https://api.cloudflare.com/client/v4"
    log_prefix: Annotated[str, setting("WAREHOUSE_LOG_PREFIX", about="Key prefix of the log objects.")] = (
        "logs/"
    )
    lookback_hours: Annotated[
        int,
        setting(
            "WAREHOUSE_LOOKBACK_HOURS",
            about="How far behind the newest object of a folder a sync lists again: for late files.",
            ge=0,
            le=8760,
        ),
    ] = 24
    reconcile_days: Annotated[
        int,
        setting(
            "WAREHOUSE_RECONCILE_DAYS",
            about="A sync lists the whole prefix when the last one that did is so many days ago; 0: always.",
            ge=0,
            le=3650,
        ),
    ] = 7
    package_prefix: Annotated[
        str,
        setting("WAREHOUSE_PACKAGE_PREFIX", about="Key prefix of the packages, for the inventory."),
    ] = "packages/"
    inventory_prefixes: Annotated[
        str,
        setting(
            "WAREHOUSE_INVENTORY",
            about="Further key prefixes that a sync lists for the inventory, separated by spaces;"
            " * stands for the whole bucket. Listing costs a Class A operation per 1,000 objects.",
        ),
    ] = ""
    data_dir: Annotated[
        Path,
        setting("WAREHOUSE_DATA_DIR", about="Directory of the warehouse: Parquet files and manifest."),
    ] = Path("data")
    schedule: Annotated[
        str | None,
        setting(
            "WAREHOUSE_SCHEDULE",
            about="When `serve` and `warehouse schedule` sync: cron fields, for example 15 3 * * * for every"
            " night at 03:15.",
        ),
    ] = None
    schedule_timezone: Annotated[
        str,
        setting("WAREHOUSE_SCHEDULE_TIMEZONE", about="IANA time zone of the schedule's wall clock."),
    ] = "UTC"
    schedule_jitter_seconds: Annotated[
        int,
        setting(
            "WAREHOUSE_SCHEDULE_JITTER_SECONDS",
            about="A scheduled sync starts up to so many seconds late, at random, so that several warehouses"
            " do not start at once.",
            ge=0,
            le=3600,
        ),
    ] = 0
    queue_id: Annotated[
        Annotated[str, Meta(pattern="^[0-9A-Za-z-]{1,64}$")] | None,
        setting(
            "WAREHOUSE_QUEUE_ID",
            about="Cloudflare Queue (its id) with the buckets' event notifications, for `sync --events` and"
            " `sync --watch`; in the account of CLOUDFLARE_ACCOUNT_ID. Unset: off.",
        ),
    ] = None
    queue_token: Annotated[
        str | None,
        setting(
            "WAREHOUSE_QUEUE_TOKEN",
            about="Cloudflare API token with Queues Edit rights; CLOUDFLARE_API_KEY when unset.",
            secret=True,
        ),
    ] = None
    host: Annotated[
        str,
        setting("WAREHOUSE_HOST", about="Address that `serve` binds; any but loopback needs an admin token."),
    ] = "127.0.0.1"
    port: Annotated[int, setting("WAREHOUSE_PORT", about="TCP port that `serve` binds.", ge=0, le=65535)] = (
        4873
    )
    admin_token: Annotated[
        str | None,
        setting(
            "WAREHOUSE_ADMIN_TOKEN",
            about="Token that POST /sync and POST /logs/cleanup ask for (Authorization: Bearer).",
            secret=True,
        ),
    ] = None
    fetch_threads: Annotated[
        int,
        setting("WAREHOUSE_FETCH_THREADS", about="Objects that are fetched at the same time.", ge=1, le=256),
    ] = 16
    ingest_workers: Annotated[
        int,
        setting(
            "WAREHOUSE_INGEST_WORKERS", about="Batches that are converted at the same time.", ge=1, le=64
        ),
    ] = 2
    batch_mib: Annotated[
        int,
        setting(
            "WAREHOUSE_BATCH_MIB", about="Raw log text converted at once per worker, in MiB.", ge=1, le=512
        ),
    ] = 16

    compact_days: Annotated[
        int,
        setting(
            "WAREHOUSE_COMPACT_DAYS",
            about="Partitions (a table's date) that a sync compacts at its end, at most; 0: none.",
            ge=0,
            le=1000,
        ),
    ] = 8
    closed_hours: Annotated[
        int,
        setting(
            "WAREHOUSE_CLOSED_HOURS",
            about="How long after its end a day counts as closed: for late files.",
            ge=0,
            le=8760,
        ),
    ] = 6
    compact_mib: Annotated[
        int,
        setting(
            "WAREHOUSE_COMPACT_MIB",
            about="Memory of DuckDB for housekeeping, in MiB; what does not fit goes to the data directory.",
            ge=1,
            le=65536,
        ),
    ] = 512
    retention_days: Annotated[
        int,
        setting(
            "WAREHOUSE_RETENTION_DAYS",
            about="A sync deletes entries from the warehouse that are older than so many days; 0: none. The"
            " buckets keep their objects.",
            ge=0,
            le=36_500,
        ),
    ] = 0
    retention_disk_percent: Annotated[
        int,
        setting(
            "WAREHOUSE_RETENTION_DISK_PERCENT",
            about="Share of its disk that the warehouse may fill; a sync deletes its oldest days beyond that."
            " 0: no bound.",
            ge=0,
            le=95,
        ),
    ] = 0
    class_a_price: Annotated[
        float,
        setting(
            "WAREHOUSE_CLASS_A_PRICE",
            about="Dollars for a million Class A operations (list, put), for the cost of runs.",
            ge=0,
            le=1_000_000,
        ),
    ] = 4.5
    class_b_price: Annotated[
        float,
        setting(
            "WAREHOUSE_CLASS_B_PRICE",
            about="Dollars for a million Class B operations (get, head).",
            ge=0,
            le=1_000_000,
        ),
    ] = 0.36
    storage_price: Annotated[
        float,
        setting(
            "WAREHOUSE_STORAGE_PRICE",
            about="Dollars for storing a GB (1,000,000,000 bytes) for a month.",
            ge=0,
            le=1_000_000,
        ),
    ] = 0.015

    #: Only the settings file can say these. The buckets are complete, the first one's values stand above too.
    buckets: tuple[BucketSettings, ...] = ()
    prefixes: tuple[PrefixRule, ...] = ()
    alerts: tuple[AlertRule, ...] = ()
    mappings: dict[str, MappingRule] = {}

    def __repr__(self) -> str:
        """Every field; of a secret only that it is set, so that no log or traceback can show it."""
        shown = []
        for info in table():
            value = getattr(self, info.name)
            shown.append(f"{info.name}={'<set>' if info.secret and value is not None else repr(value)}")
        shown += [f"{name}={getattr(self, name)!r}" for name in FILE_ONLY]
        return f"Settings({', '.join(shown)})"


#: Fields of `Settings` that are no environment variables.
FILE_ONLY = ("buckets", "prefixes", "mappings", "alerts")


@dataclass(frozen=True)
class SettingInfo:
    """One row of the settings table, as `--help` and the documentation show it."""

    name: str
    env: tuple[str, ...]
    default: str
    about: str
    secret: bool
    takes: str
    """What kind of value: "text", "path", or "whole number from 1 to 64"."""
    type: Any
    """The annotated type that checks a value."""


def _takes(kind: Any, meta: Meta) -> str:
    if kind in (int, float):
        return f"{'whole ' if kind is int else ''}number from {meta.ge} to {meta.le}"
    return "path" if kind is Path else "text"


@cache
def table() -> tuple[SettingInfo, ...]:
    """Every setting, in the order of the documentation."""
    hints = get_type_hints(Settings, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(Settings):
        if field.name in FILE_ONLY:
            continue
        kind, meta = get_args(hints[field.name])
        extra = meta.extra or {}
        default = "" if field.default is None else str(field.default)
        rows.append(
            SettingInfo(
                field.name,
                extra["env"],
                default,
                meta.description or "",
                extra["secret"],
                _takes(kind, meta),
                hints[field.name],
            )
        )
    return tuple(rows)

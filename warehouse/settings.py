"""The one table of settings.

Every field of `Settings` below is one setting: its environment variables (the first one set wins),
type, default and explanation stand here and nowhere else. `warehouse --help`, `docs/settings.md`
and every error about a setting are made from this table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from warehouse.errors import SettingError

MIB = 1024 * 1024


def _setting(
    *env: str,
    about: str,
    secret: bool = False,
    ge: int | None = None,
    le: int | None = None,
    pattern: str | None = None,
) -> Meta:
    return Meta(description=about, extra={"env": env, "secret": secret}, ge=ge, le=le, pattern=pattern)


class Settings(Struct, frozen=True, kw_only=True):
    """All settings of one process, checked. Make one with `load`."""

    bucket: Annotated[
        str | None,
        _setting("R2_BUCKET_NAME", about="Bucket that holds the log objects. Unset: the embedded demo bucket."),
    ] = None
    account_id: Annotated[
        str | None,
        _setting(
            "CLOUDFLARE_ACCOUNT_ID",
            about="Cloudflare account; gives the endpoint when R2_ENDPOINT is unset.",
        ),
    ] = None
    api_token: Annotated[
        str | None,
        _setting(
            "CLOUDFLARE_API_KEY",
            "CLOUDFLARE_API_TOKEN",
            about="Cloudflare API token with R2 read rights; the S3 key pair is derived from it.",
            secret=True,
        ),
    ] = None
    endpoint: Annotated[
        str | None,
        _setting(
            "R2_ENDPOINT",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL",
            about="S3 endpoint, as https://HOST[:PORT].",
        ),
    ] = None
    jurisdiction: Annotated[
        str,
        _setting(
            "R2_JURISDICTION",
            about="Jurisdiction of the bucket: default, eu or fedramp.",
            pattern="^(default|eu|fedramp)$",
        ),
    ] = "default"
    region: Annotated[
        str,
        _setting("R2_REGION", "AWS_REGION", "AWS_DEFAULT_REGION", about="S3 region; R2 always uses auto."),
    ] = "auto"
    access_key_id: Annotated[
        str | None, _setting("R2_ACCESS_KEY_ID", about="S3 access key id of an R2 API token.")
    ] = None
    secret_access_key: Annotated[
        str | None,
        _setting("R2_SECRET_ACCESS_KEY", about="S3 secret access key that goes with it.", secret=True),
    ] = None
    aws_access_key_id: Annotated[
        str | None,
        _setting("AWS_ACCESS_KEY_ID", about="AWS's name for the key id; used when no R2 credential is set."),
    ] = None
    aws_secret_access_key: Annotated[
        str | None,
        _setting("AWS_SECRET_ACCESS_KEY", about="AWS's name for the secret that goes with it.", secret=True),
    ] = None
    cloudflare_api: Annotated[
        str,
        _setting(
            "CLOUDFLARE_API_BASE_URL",
            about="Cloudflare API that verifies the token.",
            pattern="^https?://",
        ),
    ] = "https://api.cloudflare.com/client/v4"
    log_prefix: Annotated[
        str, _setting("WAREHOUSE_LOG_PREFIX", about="Key prefix of the log objects.")
    ] = "logs/"
    package_prefix: Annotated[
        str,
        _setting("WAREHOUSE_PACKAGE_PREFIX", about="Key prefix of the packages, for the inventory."),
    ] = "packages/"
    data_dir: Annotated[
        Path,
        _setting("WAREHOUSE_DATA_DIR", about="Directory of the warehouse: Parquet files and manifest."),
    ] = Path("data")
    host: Annotated[
        str,
        _setting("WAREHOUSE_HOST", about="Address that `serve` binds; any but loopback needs an admin token."),
    ] = "127.0.0.1"
    port: Annotated[
        int, _setting("WAREHOUSE_PORT", about="TCP port that `serve` binds.", ge=0, le=65535)
    ] = 4873
    admin_token: Annotated[
        str | None,
        _setting(
            "WAREHOUSE_ADMIN_TOKEN",
            about="Token that POST /sync and POST /logs/cleanup ask for (Authorization: Bearer).",
            secret=True,
        ),
    ] = None
    fetch_threads: Annotated[
        int,
        _setting("WAREHOUSE_FETCH_THREADS", about="Objects that are fetched at the same time.", ge=1, le=256),
    ] = 16
    ingest_workers: Annotated[
        int,
        _setting("WAREHOUSE_INGEST_WORKERS", about="Batches that are converted at the same time.", ge=1, le=64),
    ] = 2
    batch_mib: Annotated[
        int,
        _setting("WAREHOUSE_BATCH_MIB", about="Raw log text converted at once per worker, in MiB.", ge=1, le=512),
    ] = 32


@dataclass(frozen=True)
class SettingInfo:
    """One row of the settings table, as `--help` and the documentation show it."""

    name: str
    env: tuple[str, ...]
    default: str
    about: str
    secret: bool
    type: Any


def _describe(name: str, annotated: Any, default: Any) -> SettingInfo:
    kind, meta = get_args(annotated)[0], next(m for m in get_args(annotated) if isinstance(m, Meta))
    extra = meta.extra or {}
    shown = "" if default is None or default is msgspec.NODEFAULT else str(default)
    return SettingInfo(name, extra["env"], shown, meta.description or "", extra["secret"], kind)


def table() -> list[SettingInfo]:
    """Every setting, in the order of the documentation."""
    hints = get_type_hints(Settings, include_extras=True)
    fields = msgspec.structs.fields(Settings)
    rows = []
    for field in fields:
        annotated = hints[field.name]
        assert get_origin(annotated) is Annotated
        rows.append(_describe(field.name, annotated, field.default))
    return rows


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the environment; `overrides` (from the command line) win, None means not given.

    Raises SettingError, which names the environment variable and says what it takes.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for info in table():
        for variable in info.env:
            if environment.get(variable, "").strip():
                values[info.name] = environment[variable].strip()
                origin[info.name] = variable
                break
    values |= {name: value for name, value in overrides.items() if value is not None}
    for info in table():
        if info.name in values:
            _check(info, values, origin.get(info.name, info.env[0]))
    return Settings(**values)


def _check(info: SettingInfo, values: dict[str, Any], variable: str) -> None:
    """Convert one value in place, or say which variable is wrong without showing a secret."""
    hints = get_type_hints(Settings, include_extras=True)
    try:
        values[info.name] = msgspec.convert(
            values[info.name], hints[info.name], strict=False, dec_hook=_decode_path
        )
    except (msgspec.ValidationError, ValueError) as error:
        shown = "its value" if info.secret else repr(values[info.name])
        raise SettingError(
            f"{variable} does not take {shown}: {error}", hint=info.about, field=variable
        ) from error


def _decode_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value).expanduser()
    raise NotImplementedError(f"no conversion to {kind}")

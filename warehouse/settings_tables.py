"""The tables of the settings file that are no environment variables: buckets, prefixes, mappings.

Each struct below is one table: its fields are the table's keys, their annotations say what a key takes and
what it means. `docs/settings.md` and every error about the settings file are made from them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

#: Text that is not empty.
_Text = Annotated[str, Meta(min_length=1)]

#: Keys whose values may not show anywhere.
SECRETS = frozenset({"api_token", "secret_access_key", "aws_secret_access_key", "admin_token"})


class BucketSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[bucket]]`: one bucket. What a table leaves out is as in `[warehouse]` and the environment."""

    name: Annotated[_Text, Meta(description="Name of the bucket; no two buckets may share one.")]
    endpoint: Annotated[
        Annotated[str, Meta(pattern="^https?://[^@]*$")] | None,
        Meta(description="S3 endpoint, as https://HOST[:PORT]; unset: made from the account's id."),
    ] = None
    account_id: Annotated[_Text | None, Meta(description="Cloudflare account of the bucket.")] = None
    jurisdiction: Annotated[
        Literal["default", "eu", "fedramp"] | None,
        Meta(description="Jurisdiction of the bucket: default, eu or fedramp."),
    ] = None
    region: Annotated[_Text | None, Meta(description="S3 region; R2 always uses auto.")] = None
    api_token: Annotated[
        _Text | None, Meta(description="Cloudflare API token; the S3 key pair is derived from it.")
    ] = None
    access_key_id: Annotated[_Text | None, Meta(description="S3 access key id.")] = None
    secret_access_key: Annotated[
        _Text | None, Meta(description="S3 secret access key that goes with it.")
    ] = None
    log_prefix: Annotated[str | None, Meta(description="Key prefix of the log objects.")] = None
    package_prefix: Annotated[str | None, Meta(description="Key prefix of the packages.")] = None

    def __repr__(self) -> str:
        """Every key that is set; of a secret only that it is."""
        shown = (
            f"{name}={'<set>' if name in SECRETS else repr(value)}"
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        )
        return f"BucketSettings({', '.join(shown)})"


class PrefixRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[prefix]]`: how the log objects below a prefix are read. The longest prefix that fits wins."""

    prefix: Annotated[_Text, Meta(description="What the objects' keys begin with.")]
    format: Annotated[
        _Text | None,
        Meta(description="Name of the log format, or mapping:NAME; unset: told by the objects' content."),
    ] = None
    sample: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)],
        Meta(description="How many entries each line stands for, when the log was sampled."),
    ] = 1


class MappingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[mapping.NAME]`: a log format of JSON lines; each column names the path of its field (`a.b.c`)."""

    ts: Annotated[_Text, Meta(description="Path of the time; every mapping needs it.")]
    time_unit: Annotated[
        Literal["auto", "s", "ms", "us", "ns"],
        Meta(description="Unit of a numeric time: s, ms, us or ns; auto: told by its size, or ISO 8601."),
    ] = "auto"
    level: Annotated[_Text | None, Meta(description="Path of the level.")] = None
    message: Annotated[_Text | None, Meta(description="Path of the message.")] = None
    source: Annotated[_Text | None, Meta(description="Path of the source.")] = None
    config_hash: Annotated[_Text | None, Meta(description="Path of the config hash.")] = None
    config_version: Annotated[_Text | None, Meta(description="Path of the config version.")] = None
    response_ms: Annotated[_Text | None, Meta(description="Path of the response time.")] = None
    response_unit: Annotated[
        Literal["s", "ms", "us", "ns"], Meta(description="Unit of the response time: s, ms, us or ns.")
    ] = "ms"
    status: Annotated[_Text | None, Meta(description="Path of the HTTP status.")] = None
    method: Annotated[_Text | None, Meta(description="Path of the HTTP method.")] = None
    path: Annotated[_Text | None, Meta(description="Path of the request's path.")] = None
    package: Annotated[_Text | None, Meta(description="Path of the package's name.")] = None
    package_version: Annotated[_Text | None, Meta(description="Path of the package's version.")] = None
    client_ip: Annotated[_Text | None, Meta(description="Path of the client's address.")] = None
    user_agent: Annotated[_Text | None, Meta(description="Path of the user agent.")] = None
    bytes: Annotated[_Text | None, Meta(description="Path of the size of the response body in bytes.")] = None
    weight: Annotated[_Text | None, Meta(description="Path of how many entries the line stands for.")] = None
    stored_at: Annotated[_Text | None, Meta(description="Path of the time at which it was stored.")] = None

"""The settings file (`warehouse.toml`): settings, buckets, prefixes and mappings.

    [warehouse]          any setting by its field name; the environment wins
    [[bucket]]           one table per bucket
    [[prefix]]           how the objects below a prefix are read
    [mapping.NAME]       a log format of JSON lines
    [[alert]]            an alert rule

A text "${NAME}" stands for the environment variable NAME, so that no secret need be in the file. Every error
names the file, the key and, where it can be told, the line.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from warehouse import sqlfiles
from warehouse.alerts.rules import BUILT_IN, AlertRule
from warehouse.errors import BadRequestError, SettingError
from warehouse.settings_tables import SECRETS, BucketSettings, MappingRule, PrefixRule

if TYPE_CHECKING:
    from warehouse.settings import Settings

VARIABLE = "WAREHOUSE_CONFIG"
DEFAULT = Path("warehouse.toml")
_TABLES = ("warehouse", "bucket", "prefix", "mapping", "alert")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_Table = TypeVar("_Table", bound=Struct)


class SettingsFile(Struct, frozen=True):
    """What a settings file says; empty when there is none. `values`: the `[warehouse]` table."""

    path: Path | None = None
    values: dict[str, Any] = {}
    buckets: tuple[BucketSettings, ...] = ()
    prefixes: tuple[PrefixRule, ...] = ()
    mappings: dict[str, MappingRule] = {}
    text: str = ""
    alerts: tuple[AlertRule, ...] = ()

    def wrong(self, name: str, detail: str) -> SettingError:
        """The error that the setting `name` of `[warehouse]` is wrong."""
        return _Reader(self.path or DEFAULT, self.text, {}).error("warehouse", 0, name, detail)

    def __repr__(self) -> str:
        """Where it is; what it says may be secret."""
        return f"SettingsFile({self.path})"


def load(environment: Mapping[str, str], fields: Iterable[str]) -> SettingsFile:
    """The file that WAREHOUSE_CONFIG names, else ./warehouse.toml if it is there, else an empty one.

    `fields` are the names that `[warehouse]` may hold. Raises SettingError when the file that is named is
    not there, cannot be read, or holds anything that it may not hold.
    """
    named = environment.get(VARIABLE, "").strip()
    path = Path(named).expanduser() if named else DEFAULT
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if not named:
            return SettingsFile()
        raise SettingError(
            f"{VARIABLE} names {path}, which is not there", hint="mend or unset it", field=VARIABLE
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise SettingError(f"{path} cannot be read: {reason}", field=VARIABLE) from error
    return _Reader(path, text, environment).read(tuple(fields))


def targets(settings: Settings) -> list[Settings]:
    """One Settings per bucket, with the bucket's own values; without `[[bucket]]` the settings themselves."""
    if not settings.buckets:
        return [settings]
    return [_of_bucket(settings, bucket) for bucket in settings.buckets]


def log_prefixes(settings: Settings) -> list[str]:
    """The key prefixes of the logs, of all buckets."""
    return sorted({target.log_prefix for target in targets(settings)})


def with_buckets(settings: Settings, file: SettingsFile) -> Settings:
    """`settings` with the file's buckets, each complete; the settings' own bucket is one more, and first.

    The fields of a single bucket then are those of the first one.
    """
    buckets = [completed(bucket, settings) for bucket in file.buckets]
    if not buckets:
        return settings
    if settings.bucket is not None and settings.bucket not in [bucket.name for bucket in buckets]:
        buckets.insert(0, completed(BucketSettings(name=settings.bucket), settings))
    first = _of_bucket(settings, buckets[0])
    return msgspec.structs.replace(first, buckets=tuple(buckets))


def _of_bucket(settings: Settings, bucket: BucketSettings) -> Settings:
    values = {name: getattr(bucket, name) for name in bucket.__struct_fields__ if name != "name"}
    return msgspec.structs.replace(settings, bucket=bucket.name, buckets=(), **values)


def completed(bucket: BucketSettings, base: Settings) -> BucketSettings:
    """`bucket` with everything that it leaves out taken from `base`.

    An address or a key pair is taken whole or not at all: a bucket with an account or jurisdiction of its own
    does not live at the general endpoint, and one with a token of its own is not opened with another's keys.
    """
    own = _values(bucket)
    inherited = {name: getattr(base, name) for name in BucketSettings.__struct_fields__ if name != "name"}
    if "account_id" in own or "jurisdiction" in own:
        inherited["endpoint"] = None
    if "api_token" in own or "access_key_id" in own or "secret_access_key" in own:
        inherited |= {"api_token": None, "access_key_id": None, "secret_access_key": None}
    return BucketSettings(name=bucket.name, **(inherited | own))


def _values(bucket: BucketSettings) -> dict[str, Any]:
    """The keys that are set, but its name."""
    names = (name for name in bucket.__struct_fields__ if name != "name")
    return {name: value for name in names if (value := getattr(bucket, name)) is not None}


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path, text: str, environment: Mapping[str, str]) -> None:
        self._path = path
        self._text = text
        self._environment = environment

    def read(self, fields: tuple[str, ...]) -> SettingsFile:
        try:
            found = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            # "Cannot overwrite a value (at line 3, column 8)": no value is quoted in it.
            raise SettingError(f"{self._path} is not valid TOML: {error}", field=VARIABLE) from error
        for name in found:
            if name not in _TABLES:
                self._unknown(name, _TABLES, "", 0)
        mappings = {
            name: self._table(MappingRule, value, f"mapping.{name}", 0)
            for name, value in self._dict(found, "mapping").items()
        }
        prefixes = tuple(
            self._table(PrefixRule, value, "prefix", number)
            for number, value in enumerate(self._list(found, "prefix"))
        )
        buckets = tuple(
            self._table(BucketSettings, value, "bucket", number)
            for number, value in enumerate(self._list(found, "bucket"))
        )
        alerts = tuple(
            self._table(AlertRule, value, "alert", number)
            for number, value in enumerate(self._list(found, "alert"))
        )
        self._check_alerts(alerts)
        self._check_prefixes(prefixes, mappings)
        self._check_buckets(buckets)
        values = self._dict(found, "warehouse")
        for name, value in values.items():
            if name not in fields:
                self._unknown(name, fields, "warehouse", 0)
            if not isinstance(value, str | int | float) or isinstance(value, bool):
                raise self.error("warehouse", 0, name, "takes a text or a number")
        return SettingsFile(
            self._path,
            {name: self._filled(value, "warehouse", 0, name) for name, value in values.items()},
            buckets,
            prefixes,
            mappings,
            self._text,
            alerts,
        )

    def _table(self, kind: type[_Table], value: Any, header: str, number: int) -> _Table:
        """One table as its struct; each key is checked by itself, so that an error can name it."""
        if not isinstance(value, dict):
            raise self.error(header, number, None, "is a table, not a value")
        for name in value:
            if name not in kind.__struct_fields__:
                self._unknown(name, kind.__struct_fields__, header, number)
        filled = {name: self._filled(item, header, number, name) for name, item in value.items()}
        types = {field.name: field for field in msgspec.structs.fields(kind)}
        for name, item in filled.items():
            try:
                msgspec.convert(item, types[name].type)
            except msgspec.ValidationError as error:
                shown = "its value" if name in SECRETS or "@" in str(item) else repr(item)
                choices = _choices(types[name].type)
                why = f"; it takes {', '.join(choices)}" if choices else f": {error}"
                raise self.error(header, number, name, f"does not take {shown}{why}") from error
        for name, field in types.items():
            if field.required and name not in filled:
                raise self.error(header, number, None, f"has no {name}, which it needs")
        return msgspec.convert(filled, kind)

    def _filled(self, value: Any, header: str, number: int, key: str) -> Any:
        """`value` with every ${NAME} replaced by the environment's."""
        if not isinstance(value, str):
            return value

        def lookup(match: re.Match[str]) -> str:
            if text := self._environment.get(match[1], "").strip():
                return text
            raise self.error(header, number, key, f"asks for ${{{match[1]}}}, which is not set")

        return _REFERENCE.sub(lookup, value)

    def _check_prefixes(self, prefixes: tuple[PrefixRule, ...], mappings: Mapping[str, Any]) -> None:
        formats = (*(name for name in sqlfiles.names("formats") if name != "mapping"), "skip")
        known = (*formats, *(f"mapping:{name}" for name in mappings))
        for number, rule in enumerate(prefixes):
            if rule.format is not None and rule.format not in known:
                detail = f"does not take {rule.format!r}; there are {', '.join(known)}"
                raise self.error("prefix", number, "format", detail)
            if rule.prefix in [other.prefix for other in prefixes[:number]]:
                raise self.error("prefix", number, "prefix", f"{rule.prefix!r} is there twice")

    def _check_buckets(self, buckets: tuple[BucketSettings, ...]) -> None:
        for number, bucket in enumerate(buckets):
            if bucket.name in [other.name for other in buckets[:number]]:
                detail = f"{bucket.name!r} is there twice; rows of the two could not be told apart"
                raise self.error("bucket", number, "name", detail)

    def _check_alerts(self, alerts: tuple[AlertRule, ...]) -> None:
        for number, rule in enumerate(alerts):
            try:
                rule.check()
            except BadRequestError as error:
                detail = error.detail.removeprefix(f"{error.field}: ")
                raise self.error("alert", number, error.field, f"is not usable: {detail}") from error
            if rule.id in BUILT_IN:
                detail = f"{rule.id!r} is a built-in rule; WAREHOUSE_ALERT_… sets its threshold"
                raise self.error("alert", number, "id", detail)
            if rule.id in [other.id for other in alerts[:number]]:
                raise self.error("alert", number, "id", f"{rule.id!r} is there twice")

    def _dict(self, found: dict[str, Any], name: str) -> dict[str, Any]:
        value = found.get(name, {})
        if not isinstance(value, dict):
            raise self.error(name, 0, None, f"is written [{name}]" if name == "warehouse" else "is a table")
        return value

    def _list(self, found: dict[str, Any], name: str) -> list[Any]:
        value = found.get(name, [])
        if not isinstance(value, list):
            raise self.error(name, 0, None, f"is written [[{name}]], with two brackets")
        return value

    def _unknown(self, name: str, known: Iterable[str], header: str, number: int) -> None:
        """Refuse a key, naming the known one that it most resembles."""
        near = difflib.get_close_matches(name, list(known), n=1)
        hint = f"is it {near[0]}?" if near else f"there are {', '.join(known)}"
        if not header:
            line = self._line(name, 0, None)
            at = f", line {line}" if line else ""
            raise SettingError(f"{self._path}{at}: {name} is not known", hint=hint, field=name)
        error = self.error(header, number, name, "is not known")
        error.hint = hint
        raise error

    def error(self, header: str, number: int, key: str | None, detail: str) -> SettingError:
        """The error that a key of the n-th table of that name is wrong, or (no key) the table itself."""
        line = self._line(header, number, key)
        at = f", line {line}" if line else ""
        table = (
            f"[[{header}]] number {number + 1}" if header in ("bucket", "prefix", "alert") else f"[{header}]"
        )
        what = f"{key} of {table}" if key else table
        return SettingError(f"{self._path}{at}: {what} {detail}", field=key or header)

    def _line(self, header: str, number: int, key: str | None) -> int | None:
        """The line of a key of the n-th table of that name; None when the file is written in another way."""
        current, seen = None, -1
        for place, line in enumerate(self._text.splitlines(), 1):
            if match := _HEADER.match(line):
                current = re.sub(r"[\"'\s]", "", match[1])
                seen += current == header
                if current == header and seen == number and key is None:
                    return place
            elif key is None:
                if current is None and re.match(rf"\s*{re.escape(header)}\s*[=.]", line):
                    return place
            elif (
                current == header
                and seen == number
                and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line)
            ):
                return place
        return None


def _choices(kind: Any) -> list[str]:
    """The values that a type of literals allows; none of any other type."""
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    return [choice for part in get_args(kind) for choice in _choices(part)]

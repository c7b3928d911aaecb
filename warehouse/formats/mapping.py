"""Mappings: `[mapping.NAME]` of the settings file says which field of a JSON line becomes which column.

A path is the keys from the outside to the inside, joined by points (`meta.when`); one that begins with a
slash is a JSON pointer (RFC 6901), for keys that hold points themselves.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from warehouse import duck, sqlfiles
from warehouse.settings_tables import MappingRule

#: How a mapping is named where a format is: mapping:NAME.
PREFIX = "mapping:"
_MICROSECONDS = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}
_UNITS = ("time_unit", "response_unit")
_EMPTY = "CAST('{}' AS JSON)"


def sql(rule: MappingRule) -> str:
    """The SELECT of a mapping. Its settings enter it as one JSON text in one quoted literal."""
    text = sqlfiles.read("formats", "mapping")
    return text.replace(_EMPTY, f"CAST({duck.quoted(json.dumps(compiled(rule)))} AS JSON)", 1)


def compiled(rule: MappingRule) -> dict[str, Any]:
    """A mapping as `sql/formats/mapping.sql` takes it: JSON pointers by column, units as factors."""
    columns = {name: value for name, value in msgspec.structs.asdict(rule).items() if name not in _UNITS}
    result: dict[str, Any] = {name: _pointer(value) for name, value in columns.items() if value is not None}
    if rule.time_unit != "auto":
        result["time_us"] = _MICROSECONDS[rule.time_unit]
    result["response_ms_unit"] = _MICROSECONDS[rule.response_unit] / 1000
    return result


def _pointer(path: str) -> str:
    if path.startswith("/"):
        return path
    return "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path.split("."))

"""The settings as people may see them: secrets as ***."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warehouse.settings import FILE_ONLY, SettingInfo, Settings, table

Row = dict[str, Any]

_FILE_ABOUT = {
    "buckets": "Buckets that are mirrored into this warehouse: [[bucket]].",
    "prefixes": "Prefixes whose objects are read in a set way: [[prefix]].",
    "mappings": "Log formats of JSON lines: [mapping.NAME].",
}


def shown(settings: Settings, origins: Mapping[str, str] | None = None) -> list[Row]:
    """Every setting with its variables, value, default and meaning; `origin` where `origins` tells it."""
    rows = [_row(info, settings) for info in table()]
    rows += [
        _file_row(name, settings)
        for name in FILE_ONLY
        if name in _FILE_ABOUT and (getattr(settings, name) if origins is None else name in origins)
    ]
    if origins is not None:
        for row in rows:
            row["origin"] = origins.get(row["name"], "default")
    return rows


def _row(info: SettingInfo, settings: Settings) -> Row:
    value = getattr(settings, info.name)
    return {
        "name": info.name,
        "env": list(info.env),
        "value": None if value is None else "***" if info.secret else str(value),
        "default": info.default or None,
        "about": info.about,
        "secret": info.secret,
    }


def _file_row(name: str, settings: Settings) -> Row:
    """What only the settings file can say; the tables' own text leaves secrets out."""
    value = getattr(settings, name)
    names = (
        value
        if isinstance(value, dict)
        else [getattr(table, "name", None) or table.prefix for table in value]
    )
    return {
        "name": name,
        "env": [],
        "value": ", ".join(names),
        "default": None,
        "about": _FILE_ABOUT[name],
        "secret": False,
    }

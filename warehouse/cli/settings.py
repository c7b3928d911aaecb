"""`warehouse settings`: every setting, its variables and the value in force."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state
from warehouse.settings import FILE_ONLY, SettingInfo, Settings, load_with_origins, table


def _row(info: SettingInfo, settings: Settings, origin: str) -> dict[str, Any]:
    value = getattr(settings, info.name)
    return {
        "name": info.name,
        "env": list(info.env),
        "value": None if value is None else "***" if info.secret else str(value),
        "default": info.default or None,
        "origin": origin,
        "about": info.about,
        "secret": info.secret,
    }


def _file_row(name: str, settings: Settings, origin: str) -> dict[str, Any]:
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
        "origin": origin,
        "about": _FILE_ABOUT[name],
        "secret": False,
    }


_FILE_ABOUT = {
    "buckets": "Buckets that are mirrored into this warehouse: [[bucket]].",
    "prefixes": "Prefixes whose objects are read in a set way: [[prefix]].",
    "mappings": "Log formats of JSON lines: [mapping.NAME].",
}


@click.command(
    epilog="""\b
Examples:
  warehouse settings
  warehouse settings --json | jq '.[] | select(.origin != "default")'
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_state
def settings(state: State, as_json: bool) -> None:
    """List the settings: environment variables (the first one set wins), value, origin, default, meaning.

    The origin is the variable, the settings file or the command line. Secrets show as ***.
    """
    values, origins = load_with_origins(**state.overrides)
    rows = [_row(info, values, origins.get(info.name, "default")) for info in table()]
    rows += [_file_row(name, values, origins[name]) for name in FILE_ONLY if name in origins]
    if as_json:
        output.write(output.to_json(rows))
        return
    for row in rows:
        value = "(not set)" if row["value"] is None else row["value"]
        default = f"  (default: {row['default']})" if row["default"] not in (None, row["value"]) else ""
        origin = f"  (from {row['origin']})" if row["origin"] not in ("default", *row["env"][:1]) else ""
        named = " | ".join(row["env"]) or row["name"]
        output.write(f"{named} = {output.shown(value)}{origin}{default}\n    {row['about']}")

"""`warehouse settings`: every setting, its variables and the value in force."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state
from warehouse.settings import SettingInfo, Settings, table


def _row(info: SettingInfo, settings: Settings) -> dict[str, Any]:
    value = getattr(settings, info.name)
    return {
        "name": info.name,
        "env": list(info.env),
        "value": None if value is None else "***" if info.secret else str(value),
        "default": info.default or None,
        "about": info.about,
        "secret": info.secret,
    }


@click.command(
    epilog="""\b
Examples:
  warehouse settings
  warehouse settings --json | jq '.[] | select(.value != .default)'
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_state
def settings(state: State, as_json: bool) -> None:
    """List the settings: environment variables (the first one set wins), value, default, meaning.

    Secrets show as ***.
    """
    rows = [_row(info, state.settings) for info in table()]
    if as_json:
        output.write(output.to_json(rows))
        return
    for row in rows:
        value = "(not set)" if row["value"] is None else row["value"]
        default = f"  (default: {row['default']})" if row["default"] not in (None, row["value"]) else ""
        output.write(f"{' | '.join(row['env'])} = {output.shown(value)}{default}\n    {row['about']}")

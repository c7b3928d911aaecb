"""`warehouse settings`: every setting, its variables and the value in force."""

from __future__ import annotations

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state
from warehouse.settings import load_with_origins
from warehouse.settings_shown import shown


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
    rows = shown(values, origins)
    if as_json:
        output.write(output.to_json(rows))
        return
    for row in rows:
        value = "(not set)" if row["value"] is None else row["value"]
        default = f"  (default: {row['default']})" if row["default"] not in (None, row["value"]) else ""
        origin = f"  (from {row['origin']})" if row["origin"] not in ("default", *row["env"][:1]) else ""
        named = " | ".join(row["env"]) or row["name"]
        output.write(f"{named} = {output.shown(value)}{origin}{default}\n    {row['about']}")

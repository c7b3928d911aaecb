"""`warehouse inventory`: what the buckets hold, by prefix, storage class and size, and how it grew."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state


@click.command(
    epilog="""\b
Examples:
  warehouse inventory
  warehouse inventory --package left-pad --days 30
  warehouse inventory --json | jq '.holdings[] | select(.prefix == "packages/")'
  warehouse sql "SELECT name, count(*), sum(size) FROM packages GROUP BY name"
"""
)
@click.option("--package", metavar="NAME", help="Show how one package grew, day by day.")
@click.option("--days", type=click.IntRange(1, 3660), help="Days of --package to look at.  [default: 90]")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; sizes are bytes.")
@pass_state
def inventory(state: State, package: str | None, days: int | None, as_json: bool) -> None:
    """Show the buckets' objects and bytes as of the last sync, and what was stored lately.

    Besides logs and packages it covers the prefixes of WAREHOUSE_INVENTORY.
    """
    from warehouse.status import reading

    if days and not package:
        raise click.UsageError("--days are those of a package: name it with --package")
    with reading(state.settings) as warehouse:
        found = warehouse.package_growth(days or 90, package) if package else warehouse.inventory()
    shown = _grown if package else _for_people
    output.write(output.to_json(found) if as_json else shown(found))


def _grown(found: dict[str, Any]) -> str:
    """The days on which something was stored, and what was there already before them."""
    rows = [
        (
            output.moment(row["start"])[:10],
            output.count(row["objects"]),
            output.size(row["bytes"]),
            output.count(row["storedObjects"]),
            output.size(row["storedBytes"]),
        )
        for row in found["days"]
        if row["objects"]
    ]
    last = found["days"][-1]
    held = output.counted(last["storedObjects"], "object")
    total = f"{held} of {found['package']}, {output.size(last['storedBytes'])}"
    if not rows:
        return f"{total}; nothing was stored in the last {output.counted(len(found['days']), 'day')}."
    heads = ["Day", "Objects", "Size", "Objects then", "Size then"]
    return f"{output.table(heads, rows, right={1, 2, 3, 4})}\n\n{total}."


def _for_people(found: dict[str, Any]) -> str:
    holdings = [
        (
            row["bucket"],
            row["prefix"] or "(no prefix)",
            row["storageClass"],
            output.count(row["objects"]),
            output.size(row["bytes"]),
            output.size(row["bytesLastDay"]),
            output.size(row["bytesLastMonth"]),
        )
        for row in found["holdings"]
    ]
    sizes = [
        (
            row["bucket"],
            row["prefix"] or "(no prefix)",
            f"from {output.size(row['sizeFrom'])}",
            output.count(row["objects"]),
            output.size(row["bytes"]),
        )
        for row in found["sizes"]
    ]
    if not holdings:
        return "No objects yet."
    held = ["Bucket", "Prefix", "Class", "Objects", "Size", "Last 24 h", "Last 30 d"]
    tables = output.table(held, holdings, right={3, 4, 5, 6})
    grown = [
        (output.moment(row["start"]), output.count(row["objects"]), output.size(row["bytes"]))
        for row in found["daily"]
        if row["objects"] or row["bytes"]
    ]
    tables += "\n\n" + output.table(
        ["Bucket", "Prefix", "Objects' size", "Objects", "Size"], sizes, right={3, 4}
    )
    if grown:
        tables += "\n\n" + output.table(["Stored on the day of", "Objects", "Size"], grown, right={1, 2})
    return tables

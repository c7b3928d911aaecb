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
  warehouse inventory --json | jq '.holdings[] | select(.prefix == "packages/")'
  warehouse sql "SELECT name, count(*), sum(size) FROM packages GROUP BY name"
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; sizes are bytes.")
@pass_state
def inventory(state: State, as_json: bool) -> None:
    """Show the buckets' objects and bytes as of the last sync, and what was stored lately.

    Besides logs and packages it covers the prefixes of WAREHOUSE_INVENTORY.
    """
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.inventory()
    output.write(output.to_json(found) if as_json else _for_people(found))


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

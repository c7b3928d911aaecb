"""`warehouse costs`: what the buckets will cost, and what a cleanup would free."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state


@click.command(
    epilog="""\b
Examples:
  warehouse costs
  warehouse costs --free-tier
  warehouse costs --json | jq '.cleanup[] | {retentionDays, dollarsPerMonth}'
"""
)
@click.option("--free-tier", is_flag=True, help="Take off what R2 gives away per account and month.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def costs(state: State, free_tier: bool, as_json: bool) -> None:
    """Project what the buckets cost in the next twelve months, and what cleanups would free.

    Growth and the warehouse's own operations go on as in the last 30 days; prices are those of the settings.
    """
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.costs(free_tier=free_tier)
    output.write(output.to_json(found) if as_json else _for_people(found))


def _for_people(found: dict[str, Any]) -> str:
    months = [
        (
            output.moment(row["startsAt"])[:10],
            output.size(row["storedBytes"]),
            _dollars(row["storageDollars"]),
            output.count(row["classA"]),
            output.count(row["classB"]),
            _dollars(row["operationsDollars"]),
        )
        for row in found["months"]
    ]
    gains = [
        (
            f"{row['retentionDays']} days",
            output.count(row["bucketObjects"]),
            output.size(row["bucketBytes"]),
            _dollars(row["dollarsPerMonth"]),
            output.count(row["entries"]),
            output.size(row["warehouseBytes"]),
        )
        for row in found["cleanup"]
    ]
    heads = ["30 days from", "Stored", "Storage", "Class A", "Class B", "Operations"]
    freed = ["Keeping", "Frees objects", "Bucket", "Per month", "Entries", "Warehouse"]
    return (
        f"{output.table(heads, months, right=set(range(1, 6)))}\n\n"
        f"{output.table(freed, gains, right=set(range(1, 6)))}\n\n"
        f"Growth: {output.size(round(found['growthPerDay']))} per day. Operations are the warehouse's own."
    )


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 0.01 or amount == 0 else "<$0.01"

"""`warehouse gaps`: minutes and days without entries where some were to be expected."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.numbers import hours_option
from warehouse.cli.state import State, pass_state


@click.command(
    epilog="""\b
Examples:
  warehouse gaps
  warehouse gaps --hours 24
  warehouse gaps --hours 8760 --json | jq '.gaps[] | select(.kind == "days")'
"""
)
@hours_option(168, "How far to look back.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def gaps(state: State, hours: float, as_json: bool) -> None:
    """Show stretches without an entry in which the usual rate of that hour of the week lets some expect.

    A quiet night is no gap. The last stretch reaches until now; when the newest entries are in the bucket
    still, a sync fills it. Up to 31 days are told by the minute, up to 90 by 5 minutes, more by the hour.
    """
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.gaps(hours)
    output.write(output.to_json(found) if as_json else _for_people(found))


def _for_people(found: dict[str, Any]) -> str:
    from warehouse.gaps import length

    since = f"between {output.moment(found['windowStart'])} and {output.moment(found['windowEnd'])}"
    if not found["gaps"]:
        return f"No gap {since}."
    rows = [
        (
            output.moment(gap["startsAt"]),
            "now" if gap["open"] else output.moment(gap["endsAt"]),
            length(gap["minutes"]),
            output.count(gap["days"]),
            output.count(gap["entriesBefore"]),
            output.count(gap["expectedEntries"]),
        )
        for gap in found["gaps"]
    ]
    text = output.table(
        ["From", "Until", "Length", "Whole days", "Hour before", "Expected"], rows, right={2, 3, 4, 5}
    )
    text += f"\n\n{output.counted(found['count'], 'gap')} {since}."
    if found["gaps"][0]["open"]:
        text += f" The last sync ended at {output.moment(found['lastSync'])}."
    return text

"""`warehouse errors`: which faults, how often, since when."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.numbers import hours_option
from warehouse.cli.state import State, pass_state


@click.command(
    epilog="""\b
Examples:
  warehouse errors
  warehouse errors --hours 168 --package @acme/ui
  warehouse errors --json | jq '.errors[] | select(.isNew) | .example'
"""
)
@hours_option()
@click.option("--source", help="Only of this source.")
@click.option("--package", help="Only about this package.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="Faults at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def errors(
    state: State, hours: float, source: str | None, package: str | None, limit: int, as_json: bool
) -> None:
    """Show the faults of the last hours: error messages with numbers, ids, paths and versions masked.

    Of all entries, or of one source or package.
    """
    from warehouse.analytics import MetricFilter
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.errors(hours, limit, wanted=MetricFilter(source, package))
    output.write(output.to_json(found) if as_json else _for_people(found))


def _for_people(found: dict[str, Any]) -> str:
    span = f"from {output.moment(found['windowStart'])} to {output.moment(found['windowEnd'])}"
    if not found["errors"]:
        return f"No error {span}."
    rows = [
        (
            output.count(row["count"]),
            f"{row['share']:.1f} %",
            output.count(row["previousCount"]),
            "new" if row["isNew"] else output.moment(row["firstSeen"]),
            output.moment(row["lastSeen"]),
            row["template"] if len(row["template"]) <= 80 else f"{row['template'][:79]}…",
        )
        for row in found["errors"]
    ]
    text = output.table(
        ["Count", "Share", "Before", "First seen", "Last seen", "Fault"], rows, right={0, 1, 2}
    )
    return (
        f"{text}\n\n{output.counted(found['totalErrors'], 'error')} of"
        f" {output.counted(found['totalTemplates'], 'fault')} {span}."
    )

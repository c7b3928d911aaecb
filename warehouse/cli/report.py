"""`warehouse report`: how it went, and what to do."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.numbers import hours_option
from warehouse.cli.state import State, pass_state


@click.command(
    epilog="""\b
Examples:
  warehouse report
  warehouse report --hours 168
  warehouse report --json | jq '.evidence[] | {id, severity, seen}'
"""
)
@hours_option()
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def report(state: State, hours: float, as_json: bool) -> None:
    """Sum up the last hours: score, availability, alerts, and recommendations with what they rest on."""
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.report(hours)
    output.write(output.to_json(found) if as_json else _for_people(found))


def _for_people(found: dict[str, Any]) -> str:
    summary = found["summary"]
    lines = [
        f"Score {summary['avgPerformanceScore']} of 100, availability {summary['uptime']:.2f} %,"
        f" {output.counted(summary['totalAlerts'], 'alert')} in {found['hours']:g} hours.",
        "",
        *(f"- {text}" for text in found["recommendations"]),
    ]
    if found["evidence"]:
        rows = [
            (
                row["severity"],
                row["id"],
                output.moment(row["since"]) if row["since"] else "",
                f"{row['value']:,.6g}",
                row["view"],
            )
            for row in found["evidence"]
        ]
        lines += ["", output.table(["Severity", "Rule", "Since", "Value", "View"], rows, right={3})]
    return "\n".join(lines)

"""`warehouse anomalies`: what was unlike anything before."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.numbers import hours_option
from warehouse.cli.state import State, pass_state


@click.command(
    epilog="""\b
Examples:
  warehouse anomalies
  warehouse anomalies --hours 168 --metric errors
  warehouse anomalies --every --json | jq '.anomalies[] | [.time, .metric, .score]'
"""
)
@hours_option()
@click.option(
    "--metric",
    type=click.Choice(
        [
            "logs",
            "errors",
            "responseTime",
            "responseTimeMax",
            "responseTimeMin",
            "storage",
            "downloads",
            "newError",
            "silence",
        ]
    ),
    help="Only what is unusual in this.",
)
@click.option("--subject", help="Only of this package, error template or source.")
@click.option("--every", is_flag=True, help="The scores of usual hours too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Rows at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def anomalies(
    state: State,
    hours: float,
    metric: str | None,
    subject: str | None,
    every: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Show hours (for downloads: days) that were unlike all before, with the reason in words.

    Each sync judges the hours that it made whole, by what came before them.
    """
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.outlook.anomalies(hours, metric=metric, subject=subject, every=every, limit=limit)
    output.write(output.to_json(found) if as_json else _for_people(found))


def _for_people(found: dict[str, Any]) -> str:
    span = f"from {output.moment(found['windowStart'])} to {output.moment(found['windowEnd'])}"
    rows_of = found["anomalies"]
    if not rows_of:
        return f"Nothing unusual {span}."
    rows = [
        (output.moment(row["time"]), f"{row['score']:.2f}", row["metric"], row["reason"]) for row in rows_of
    ]
    text = output.table(["Time", "Score", "In", "What"], rows, right={1})
    listed = "" if found["count"] == found["total"] else f" (the latest {found['count']:,} are listed)"
    one, many = ("row", "rows") if any(not row["anomaly"] for row in rows_of) else ("anomaly", "anomalies")
    counted = output.counted(found["total"], one, many)
    return f"{text}\n\n{counted} {span}{listed}."

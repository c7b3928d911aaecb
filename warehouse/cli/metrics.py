"""`warehouse metrics`: rates, response times and growth of a window, and how they changed."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.numbers import hours_option
from warehouse.cli.state import State, pass_state

#: Figures in the order of the table: their name, what people call them, and their unit.
_FIGURES = (
    ("totalLogs", "Entries", ""),
    ("throughput", "Entries per minute", ""),
    ("errorRate", "Errors", " %"),
    ("warnRate", "Warnings", " %"),
    ("avgResponseTime", "Mean response time", " ms"),
    ("p50ResponseTime", "Median response time", " ms"),
    ("p95ResponseTime", "95th percentile", " ms"),
    ("p99ResponseTime", "99th percentile", " ms"),
    ("apdex", "Apdex", ""),
    ("responseTimeCoverage", "With a response time", " %"),
    ("storageGrowth", "Storage growth", " MB/h"),
    ("performanceScore", "Score", ""),
)


@click.command(
    epilog="""\b
Examples:
  warehouse metrics
  warehouse metrics --hours 1 --package @acme/ui
  warehouse metrics --hours 168 --source registry-api --status 5xx
  warehouse metrics --points 100 --json | jq '.history[].p95ResponseTime'
"""
)
@hours_option()
@click.option("--source", help="Only entries of this source.")
@click.option("--package", help="Only entries about this package.")
@click.option(
    "--status",
    type=click.Choice(["1xx", "2xx", "3xx", "4xx", "5xx"]),
    help="Only entries with a status of this class.",
)
@click.option("--config", "config_hash", help="Only entries of this config hash, as 0x7f3a91c2.")
@click.option(
    "--points", type=click.IntRange(1, 1_000), help="The history instead: the window in so many periods."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def metrics(
    state: State,
    hours: float,
    source: str | None,
    package: str | None,
    status: str | None,
    config_hash: str | None,
    points: int | None,
    as_json: bool,
) -> None:
    """Show the figures of the last hours beside those of one window earlier, and what the score is made of.

    Definitions, formulas and units: docs/metrics.md.
    """
    from warehouse.analytics import MetricFilter
    from warehouse.status import reading

    wanted = MetricFilter(source, package, status, config_hash)
    with reading(state.settings) as warehouse:
        if points:
            found = warehouse.history(hours, points, wanted=wanted)
        else:
            found = warehouse.analytics(hours, wanted=wanted) | {"uptime": warehouse.uptime(hours)}
    if as_json:
        output.write(output.to_json(found))
    else:
        output.write(_history(found) if points else _figures(found))


def _figures(found: dict[str, Any]) -> str:
    rows = [
        (
            label,
            _shown(found[name], unit),
            _shown(found["previous"][name], unit),
            _change(found["changes"][name]["percent"]),
        )
        for name, label, unit in _FIGURES
    ]
    factors = [
        (factor["name"], f"{factor['value']:,.2f} {factor['unit']}", f"{factor['cost']:,.1f}")
        for factor in found["healthFactors"]
    ]
    uptime = found["uptime"]
    availability = uptime["availability"]
    lines = [
        output.table(["", "Now", "Window before", "Change"], rows, right={1, 2, 3}),
        output.table(["The score lacks", "Value", "Points"], factors, right={1, 2}),
        f"Health: {found['systemHealth']}. Availability: "
        + ("no request logged" if availability is None else f"{availability:.2f} %")
        + f". Heartbeat: {uptime['heartbeat']:.1f} % of {uptime['knownSlots']:,} slots"
        " of 5 minutes.",
        f"From {output.moment(found['windowStart'])} to {output.moment(found['windowEnd'])}.",
    ]
    return "\n\n".join(lines)


def _history(found: dict[str, Any]) -> str:
    rows = [
        (
            output.moment(row["periodStart"]),
            output.count(row["totalLogs"]),
            _shown(row["errorRate"], " %"),
            _shown(row["avgResponseTime"], " ms"),
            _shown(row["p95ResponseTime"], " ms"),
            _shown(row["apdex"], ""),
            _shown(row["storageGrowth"], " MB/h"),
        )
        for row in found["history"]
    ]
    heads = ["From", "Entries", "Errors", "Mean", "95th percentile", "Apdex", "Storage growth"]
    return output.table(heads, rows, right=set(range(1, len(heads))))


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:,}{unit}" if isinstance(value, int) else f"{value:,.2f}{unit}"


def _change(percent: float | None) -> str:
    return "-" if percent is None else f"{percent:+,.1f} %"

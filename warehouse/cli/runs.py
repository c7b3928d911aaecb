"""`warehouse runs`: what each run did, what it asked of the bucket, and what that costs."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state
from warehouse.sync_summary import kept_of


@click.command(
    epilog="""\b
Examples:
  warehouse runs
  warehouse runs --limit 5
  warehouse runs --free-tier --json | jq '.months[0]'
"""
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="Runs that are shown at most.",
)
@click.option(
    "--free-tier", is_flag=True, help="Take off the months what R2 gives away per account and month."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def runs(state: State, limit: int, free_tier: bool, as_json: bool) -> None:
    """Show the latest runs and the sums of each month, with operations and projected dollars.

    A and B are operations of R2's Class A (list, put) and Class B (get, head), every attempt counted.
    The prices are settings; what a run cost stays as it was when they change.
    """
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.runs(limit, free_tier=free_tier)
    output.write(output.to_json(found) if as_json else _for_people(found))


def _for_people(found: dict[str, Any]) -> str:
    if not found["runs"]:
        return "No run yet."
    latest = [
        (
            output.moment(run["startedAt"]),
            run["kind"],
            run["status"],
            "-" if run["durationMs"] is None else f"{run['durationMs'] / 1000:.1f} s",
            output.count(run["listed"]) + (" (all)" if run["fullListing"] else ""),
            output.count(run["objects"]),
            output.count(run["entries"]),
            output.size(run["downloadedBytes"]),
            *_operations(run),
        )
        for run in found["runs"]
    ]
    months = [
        (
            month["month"],
            output.count(month["runs"]),
            output.count(month["listed"]),
            output.count(month["objects"]),
            output.size(month["downloadedBytes"]),
            *_operations(month),
            output.size(month["storedBytes"]),
            output.dollars(month["storageDollars"]),
        )
        for month in found["months"]
    ]
    head = ["A", "B", "Retries", "Operations"]
    text = output.table(
        ["Started", "Kind", "Status", "Took", "Listed", "Objects", "Entries", "Downloaded", *head],
        latest,
        right=set(range(3, 12)),
    )
    text += "\n\n" + output.table(
        ["Month", "Runs", "Listed", "Objects", "Downloaded", *head, "Stored", "Storage a month"],
        months,
        right=set(range(1, 11)),
    )
    told = [(run, [text for text in (run["detail"], kept_of(run)) if text]) for run in found["runs"]]
    notes = [f"{output.moment(run['startedAt'])}: {'; '.join(texts)}" for run, texts in told if texts]
    return text + ("\n\n" + "\n".join(map(output.shown, notes)) if notes else "")


def _operations(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return (
        output.count(row["classA"]),
        output.count(row["classB"]),
        output.count(row["retries"]),
        output.dollars(row["operationsDollars"]),
    )

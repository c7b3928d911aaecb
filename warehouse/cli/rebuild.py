"""`warehouse rebuild`: rollups made again from the log rows."""

from __future__ import annotations

import sys

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state

_EXAMPLES = """\b
Examples:
  warehouse rebuild --date 2026-11-20
  warehouse rebuild --all
"""


@click.command(epilog=_EXAMPLES)
@click.option("--date", "dates", metavar="DATE", multiple=True, help="Rollups of this date; repeatable.")
@click.option("--all", "every", is_flag=True, help="All rollups, storage figures, files of older versions.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
@pass_state
def rebuild(state: State, dates: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Make the rollups of dates again from their log rows.

    Nobody needs it as long as all is well: each sync keeps the rollups in step. Queries that run meanwhile
    see the rollups as they were or as they are then.
    """
    if every == bool(dates):
        raise click.UsageError("name dates with --date, or all of them with --all")
    from rich.console import Console

    from warehouse.housekeeping import rebuild as work

    with Console(stderr=True).status("Reading the logs") as status:
        summary = work.run(
            state.settings, dates, lambda done, of: status.update(f"{done:,} of {of:,} dates are done")
        )
    if as_json or not sys.stdout.isatty():
        output.write(output.to_json(output.camel(summary)))
        return
    output.write(
        f"{output.counted(len(summary.dates), 'date')} built again from"
        f" {output.counted(summary.entries, 'entry', 'entries')}."
    )

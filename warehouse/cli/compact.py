"""`warehouse compact`: few sorted files per day."""

from __future__ import annotations

import sys

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state

_EXAMPLES = """\b
Examples:
  warehouse compact
  warehouse compact --date 2026-11-20 --date 2026-11-21
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--date", "dates", metavar="DATE", multiple=True, help="Only this date, closed or not; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
@pass_state
def compact(state: State, dates: tuple[str, ...], as_json: bool) -> None:
    """Merge the files of each closed day into at most four, sorted by time.

    A sync does the same for some days at its end. Queries that run meanwhile see the same rows as before.
    """
    from warehouse.housekeeping import compact as work

    summary = work.run(state.settings, dates)
    if as_json or not sys.stdout.isatty():
        output.write(output.to_json(output.camel(summary)))
        return
    if not summary.partitions:
        output.write("Nothing to compact.")
        return
    output.write(
        f"{output.counted(summary.partitions, 'partition')}: {output.counted(summary.files_before, 'file')}"
        f" of {output.size(summary.bytes_before)} became {output.count(summary.files_after)}"
        f" of {output.size(summary.bytes_after)}."
    )

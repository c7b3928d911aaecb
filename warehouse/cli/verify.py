"""`warehouse verify`: is everything there, and true?"""

from __future__ import annotations

import sys

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state

_EXAMPLES = """\b
Examples:
  warehouse verify
  warehouse verify --quick
  warehouse verify --json | jq .findings
"""


@click.command(epilog=_EXAMPLES)
@click.option("--quick", is_flag=True, help="Leave out checksums, rollups and the bucket.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@pass_state
def verify(state: State, quick: bool, as_json: bool) -> int:
    """Check files, rows and rollups against each other, and the ledger against the bucket.

    Prints one line per finding: where, what, what to do. The exit code is 1 when there is one.
    """
    from rich.console import Console

    from warehouse.housekeeping import verify as work
    from warehouse.status import require_warehouse

    require_warehouse(state.settings.data_dir)
    with Console(stderr=True).status("Looking") as status:
        summary = work.run(state.settings, quick=quick, told=lambda what: status.update(f"Looking at {what}"))
    if as_json or not sys.stdout.isatty():
        output.write(output.to_json(output.camel(summary)))
        return 1 if summary.findings else 0
    for finding in summary.findings:
        output.write(f"{finding.check:<10}  {finding.where} {finding.what}; {finding.advice}.")
    looked = (
        f"{output.counted(summary.files, 'file')}, {output.counted(summary.dates, 'date')} and"
        f" {output.counted(summary.objects, 'object')}"
    )
    unchecked = (
        f" {output.counted(summary.unchecked, 'file')} without a checksum." if summary.unchecked else ""
    )
    found = output.counted(len(summary.findings), "finding") if summary.findings else "all is well"
    output.write(f"{looked}: {found}.{unchecked}")
    return 1 if summary.findings else 0

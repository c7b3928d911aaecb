"""`warehouse cleanup`: delete what is older than the retention."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Literal

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state, with_bucket
from warehouse.errors import BadRequestError
from warehouse.settings_file import targets

Scope = Literal["warehouse", "bucket", "both"]
SCOPES: tuple[Scope, ...] = ("warehouse", "bucket", "both")


@click.command(
    epilog="""\b
Examples:
  warehouse cleanup --retention-days 90 --dry-run
  warehouse cleanup --retention-days 90
  warehouse cleanup --retention-days 365 --scope both --yes
"""
)
@click.option(
    "--retention-days",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Entries that are older than so many days go.",
)
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="warehouse",
    show_default=True,
    help="Delete entries here, log objects in the bucket, or both.",
)
@click.option("--dry-run", is_flag=True, help="Delete nothing, only tell what would go.")
@click.option("--yes", is_flag=True, help="Do not ask before objects of the bucket are deleted.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
@pass_state
def cleanup(state: State, retention_days: int, scope: Scope, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete log entries that are older than the retention.

    By default only the warehouse's own copy goes; the bucket keeps its objects unless --scope says so,
    and objects that are deleted there are gone for good.
    """
    settings = state.settings
    in_bucket = scope in ("bucket", "both")
    if in_bucket and not dry_run and not yes:
        named = [target.bucket for target in targets(settings) if target.bucket is not None]
        _ask(" and ".join(named) or "the demo bucket", retention_days)

    from warehouse.housekeeping import cleanup as work

    with with_bucket(settings) if in_bucket else nullcontext(settings) as usable:
        summary = work.run(usable, retention_days=retention_days, scope=scope, dry_run=dry_run)
    if as_json or not sys.stdout.isatty():
        output.write(output.to_json(output.camel(summary)))
        raise click.exceptions.Exit(1 if summary.failed else 0)
    cutoff = f"{summary.cutoff:%Y-%m-%d %H:%M:%S} UTC"
    would = "would be " if summary.dry_run else ""
    entries = output.counted(summary.deleted_count, "entry", "entries")
    objects = f" and {output.counted(summary.deleted_objects, 'object')}" if in_bucket else ""
    output.write(
        f"{'Dry run: ' if summary.dry_run else ''}{entries}{objects} from before {cutoff} {would}deleted,"
        f" {output.size(summary.freed_space)} {would}freed."
    )
    if summary.deleted_quarantined:
        lines = output.counted(summary.deleted_quarantined, "quarantined line")
        output.write(f"{lines} from before that {would}deleted.")
    for outcome in summary.buckets:
        if outcome.changed:
            changed = output.counted(outcome.changed, "object")
            output.write(f"{outcome.bucket}: {changed} changed at that moment and stayed.")
        if outcome.only_copies:
            only = output.counted(outcome.only_copies, "object")
            output.write(
                f"{outcome.bucket}: {only} kept, with entries that a retention took from the warehouse and"
                " that are nowhere else; --scope both deletes them."
            )
        if outcome.error:
            output.write(f"{outcome.bucket}: {outcome.error}")
    if summary.failed:
        raise click.exceptions.Exit(1)


def _ask(bucket: str, retention_days: int) -> None:
    """Ask a person; a script has to say --yes. Raises click.Abort on a no."""
    if not sys.stdin.isatty():
        raise BadRequestError(
            "objects of the bucket are deleted only with --yes (or --dry-run to see which)", field="yes"
        )
    click.confirm(
        f"Delete the log objects in {bucket} that are older than {retention_days} days, for good?",
        abort=True,
        err=True,
    )

"""`warehouse doctor`: check everything and say what to mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state, with_bucket
from warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from warehouse.doctor import Check

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": None}


@click.command(
    epilog="""\b
Examples:
  warehouse doctor
  warehouse doctor --json | jq '.checks[] | select(.outcome == "fail")'
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one line of JSON.")
@pass_state
def doctor(state: State, as_json: bool) -> int:
    """Check settings, credentials, clock, bucket, disk and catalog, and say what to mend.

    Exit code 0 when nothing failed (a warning is no failure), else 1.
    """
    from warehouse import doctor as checks

    done: list[checks.Check] = []
    with ExitStack() as stack:
        for check in _checks(state, stack):
            done.append(check)
            if not as_json:
                _show(check)
    healthy = checks.healthy(done)
    if as_json:
        output.write(output.to_json({"healthy": healthy, "checks": [output.camel(check) for check in done]}))
    return 0 if healthy else 1


def _checks(state: State, stack: ExitStack) -> Iterator[Check]:
    """The checks, with the embedded store started when no bucket is set and there is one."""
    from warehouse import doctor as checks

    problem: WarehouseError | None = None
    try:
        settings = state.settings
    except WarehouseError as error:
        yield from checks.failed_settings(error)
        return
    try:
        settings = stack.enter_context(with_bucket(settings))
    except WarehouseError as error:
        problem = error
    yield from checks.examine(settings, problem)


def _show(check: Check) -> None:
    mark = click.style(f"{check.outcome:<4}", fg=_COLOURS[check.outcome])
    click.echo(f"{mark}  {check.name:<11}  {output.shown(check.detail)}")
    if check.mend:
        click.echo(f"{'':4}  {'':11}  → {output.shown(check.mend)}")

"""`warehouse schedule`: sync whenever it is due."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state, stopped_by_signals, with_bucket
from warehouse.cli.sync import brief
from warehouse.errors import SettingError

if TYPE_CHECKING:
    from warehouse.sync import SyncSummary
    from warehouse.unattended.plan import Plan


@click.command(
    epilog="""\b
Examples:
  WAREHOUSE_SCHEDULE="15 3 * * *" warehouse schedule   every night at 03:15 UTC
  warehouse schedule --next 5                          when that will be
"""
)
@click.option("--next", "count", type=click.IntRange(1, 1000), help="Show the next moments and end.")
@click.option("--json", "as_json", is_flag=True, help="Print lines of JSON, on a terminal too.")
@pass_state
def schedule(state: State, count: int | None, as_json: bool) -> None:
    """Sync whenever WAREHOUSE_SCHEDULE says so, in the foreground, until it is stopped.

    What was missed while nothing ran is made up for by one sync at the start. `warehouse serve` does the same
    beside its work when the setting is there.
    """
    from warehouse.unattended.plan import planned

    plan = planned(state.settings)
    if plan is None:
        raise SettingError(
            "WAREHOUSE_SCHEDULE is not set",
            hint="cron fields, for example WAREHOUSE_SCHEDULE='15 3 * * *'",
            field="WAREHOUSE_SCHEDULE",
        )
    as_json = as_json or not sys.stdout.isatty()
    if count:
        _show(plan, count, as_json)
        return
    from warehouse.unattended.scheduler import Scheduler

    with with_bucket(state.settings) as settings:
        scheduler = Scheduler(settings, plan, told=_tell_json if as_json else _tell)
        following = f"{plan.after(datetime.now(UTC)):%Y-%m-%d %H:%M:%S} UTC"
        click.echo(f"Syncs at {plan.expression} ({plan.timezone}), next at {following}.", err=True)
        with stopped_by_signals(scheduler):
            scheduler.run()


def _show(plan: Plan, count: int, as_json: bool) -> None:
    from zoneinfo import ZoneInfo

    moments = [plan.after(datetime.now(UTC))]
    while len(moments) < count:
        moments.append(plan.after(moments[-1]))
    if as_json:
        for moment in moments:
            output.write(output.to_json({"at": round(moment.timestamp() * 1000)}))
        return
    zone = ZoneInfo(plan.timezone)
    rows = [
        (f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S}", f"{moment:%Y-%m-%d %H:%M:%S}")
        for moment in moments
    ]
    output.write(output.table([plan.timezone, "UTC"], rows))


def _tell(summary: SyncSummary) -> None:
    output.write(brief(summary))


def _tell_json(summary: SyncSummary) -> None:
    output.write(output.to_json(output.camel(summary)))

"""`warehouse quarantine`: list, show and retry the lines that could not be read as log rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state

_Command = TypeVar("_Command", bound=Callable[..., Any])
#: Objects and letters of a line that a terminal is shown.
_OBJECTS = 10
_LETTERS = 60
_AROUND = 40


@click.group(
    epilog="""\b
Examples:
  warehouse quarantine list
  warehouse quarantine show logs/2026-11-23.jsonl.gz 17
  warehouse quarantine retry
"""
)
def quarantine() -> None:
    """Lines that could not be read: kept whole, with their object, number and reason."""


def _filters(command: _Command) -> _Command:
    """The options that say which lines are meant."""
    for option in (
        click.option(
            "--since", type=click.DateTime(), metavar="TIME", help="Lines met at that time (UTC) or later."
        ),
        click.option("--object", "key", metavar="KEY", help="Objects whose keys begin so."),
        click.option("--reason", metavar="TEXT", help="Reasons that begin so, in any case."),
    ):
        command = option(command)
    return command


@quarantine.command(
    "list",
    epilog="""\b
Examples:
  warehouse quarantine list
  warehouse quarantine list --reason "not valid JSON" --since 2026-11-23
  warehouse quarantine list --object logs/2026/ --limit 500 --json
""",
)
@_filters
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Lines that are shown at most; the counts are of all that match.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@pass_state
def list_lines(
    state: State, reason: str | None, key: str | None, since: datetime | None, limit: int, as_json: bool
) -> None:
    """Count the quarantined lines by reason and object, and list the newest."""
    from warehouse.quarantine import QuarantineFilter
    from warehouse.service import Warehouse

    wanted = QuarantineFilter(reason=reason, object=key, since=_utc(since), limit=limit)
    with closing(Warehouse(state.settings)) as warehouse:
        page = warehouse.quarantine(wanted)
        page["objects"] = warehouse.quarantine_objects(wanted)
    if as_json or not sys.stdout.isatty():
        output.write(output.to_json(page))
        return
    if not page["totalCount"]:
        output.write(
            "No line is in quarantine that matches." if (reason or key or since) else "Quarantine is empty."
        )
        return
    output.write(_counts(page))
    rows = [
        (
            output.moment(line["quarantinedAt"]),
            line["objectKey"],
            line["line"],
            line["reason"],
            _short(line["raw"]),
        )
        for line in page["lines"]
    ]
    output.write("\n" + output.table(("Met", "Object", "Line", "Reason", "Text"), rows))
    if page["nextCursor"]:
        output.write(f"\n{output.count(page['totalCount'] - len(rows))} more; --limit shows more of them.")


def _counts(page: dict[str, Any]) -> str:
    by_reason = [
        (row["reason"], row["lines"], row["objects"], output.moment(row["newest"])) for row in page["reasons"]
    ]
    by_object = [
        (row["objectKey"], row["lines"], output.moment(row["newest"])) for row in page["objects"][:_OBJECTS]
    ]
    return "\n\n".join(
        [
            output.table(("Reason", "Lines", "Objects", "Newest"), by_reason),
            output.table(("Object", "Lines", "Newest"), by_object),
        ]
    )


@quarantine.command(
    epilog="""\b
Examples:
  warehouse quarantine show logs/2026-11-23.jsonl.gz 17
  warehouse quarantine show logs/2026-11-23.jsonl.gz 17 --json
"""
)
@click.argument("key")
@click.argument("line", type=click.IntRange(min=0))
@click.option("--bucket", metavar="NAME", help="The bucket, when several have that object.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@pass_state
def show(state: State, key: str, line: int, bucket: str | None, as_json: bool) -> None:
    """Show LINE of the object KEY whole, and where it is damaged; line 0 stands for the object itself."""
    from warehouse.service import Warehouse

    with closing(Warehouse(state.settings)) as warehouse:
        found = warehouse.quarantine_line(key, line, bucket)
    if as_json or not sys.stdout.isatty():
        output.write(output.to_json(found))
        return
    facts = [
        ("Object", f"s3://{found['bucket']}/{found['objectKey']}"),
        ("Line", str(found["line"]) if found["line"] else "the object itself"),
        ("Reason", found["reason"]),
        ("Met", output.moment(found["quarantinedAt"])),
    ]
    damage = found["damage"]
    if damage and damage["column"]:
        facts.append(("Damage", f"{damage['problem']} (column {damage['column']:,})"))
        facts.append(("There", _around(found["raw"], damage["column"])))
    output.write(output.pairs(facts))
    if found["line"]:
        output.write("\n" + output.shown(found["raw"]))


@quarantine.command(
    epilog="""\b
Examples:
  warehouse quarantine retry
  warehouse quarantine retry --reason "timestamp is missing" --object logs/2026/ --json
"""
)
@_filters
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
@pass_state
def retry(state: State, reason: str | None, key: str | None, since: datetime | None, as_json: bool) -> None:
    """Read quarantined lines again with today's formats; what is readable now becomes log entries.

    Safe to repeat. Nothing is fetched: the kept text is read. Lines with damaged bytes stay until their
    object is mended in the bucket; the next sync then takes it anew.
    """
    from warehouse import retry as work
    from warehouse.quarantine import QuarantineFilter

    summary = work.run(state.settings, QuarantineFilter(reason=reason, object=key, since=_utc(since)))
    if as_json or not sys.stdout.isatty():
        output.write(output.to_json(output.camel(summary)))
        return
    entries = output.counted(summary.entries, "entry", "entries")
    damaged = (
        f"; {output.count(summary.damaged)} with damaged bytes not read again" if summary.damaged else ""
    )
    output.write(
        f"{output.counted(summary.lines, 'line')} read again: {entries} of"
        f" {output.counted(summary.objects, 'object')}, {output.count(summary.still_rejected)} still in"
        f" quarantine{damaged}."
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _short(raw: str) -> str:
    return raw if len(raw) <= _LETTERS else raw[: _LETTERS - 1] + "…"


def _around(raw: str, column: int) -> str:
    """The text around a place, which is marked."""
    at = column - 1
    before = raw[max(0, at - _AROUND) : at]
    return f"{'…' if at > _AROUND else ''}{before}⟦{raw[at : at + 1]}⟧{raw[at + 1 : at + _AROUND]}"

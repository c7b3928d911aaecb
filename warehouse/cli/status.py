"""`warehouse status`: what is in the warehouse."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state
from warehouse.sync_summary import kept_of


@click.command(
    epilog="""\b
Examples:
  warehouse status
  warehouse status --json | jq .entries
  warehouse --data-dir /srv/logs status
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def status(state: State, as_json: bool) -> None:
    """Show how many entries, files and bytes the warehouse holds, and how its last runs ended."""
    from warehouse import status as facts

    found = facts.read(state.settings)
    output.write(output.to_json(found) if as_json else _for_people(found))


def _for_people(found: dict[str, Any]) -> str:
    objects = output.count(found["objects"])
    rows = [
        ("Warehouse", found["dataDir"]),
        ("Entries", output.count(found["entries"])),
        ("Oldest entry", output.moment(found["oldestEntry"])),
        ("Newest entry", output.moment(found["newestEntry"])),
        ("Dates", output.count(found["dates"])),
        ("Quarantined lines", output.count(found["quarantinedLines"])),
        ("Objects in the bucket", f"{objects} ({output.size(found['compressedBytes'])})"),
        ("Log text", output.size(found["rawBytes"])),
        ("Parquet", f"{output.size(found['parquetBytes'])} in {output.counted(found['files'], 'file')}"),
        ("Gaps", _gaps(found["gaps"])),
        *_last_runs(found),
    ]
    if schedule := found["schedule"]:
        ended = f", the last one {schedule['outcome']}" if schedule["outcome"] else ""
        reason = f" ({schedule['error']})" if schedule["error"] else ""
        rows.append(("Next sync", f"{output.moment(schedule['nextSync'])}{ended}{reason}"))
    text = output.pairs(rows)
    if found["tables"]:
        tables = [
            (
                row["table"],
                output.count(row["files"]),
                output.count(row["entries"]),
                output.size(row["bytes"]),
            )
            for row in found["tables"]
        ]
        text += "\n\n" + output.table(["Table", "Files", "Entries", "Size"], tables, right={1, 2, 3})
    return text


def _gaps(found: dict[str, Any]) -> str:
    from warehouse.gaps import length

    days = f"in the last {found['hours'] / 24:g} days"
    newest = found["newest"]
    if newest is None:
        return f"none {days}"
    until = "now" if newest["open"] else output.moment(newest["endsAt"])
    return (
        f"{output.count(found['count'])} {days}, the newest of {length(newest['minutes'])} until {until}"
        " (`warehouse gaps`)"
    )


def _last_runs(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The last run, and where it was one sync of several buckets, or no sync: the last sync of each."""
    last, of_buckets = found["lastRun"], found["bucketRuns"]
    rows = [("Last run", _run(last))]
    if len(of_buckets) > 1:
        several = [(f"Last sync of {run['bucket']}", _run(run)) for run in of_buckets]
        return several if last["kind"] == "sync" else rows + several
    return rows


def _run(run: dict[str, Any] | None) -> str:
    if run is None:
        return "none yet"
    text = f"{run['kind']} at {output.moment(run['startedAt'])}: {run['status']}"
    if run["durationMs"] is not None:
        text += f" after {run['durationMs'] / 1000:.1f} s"
    if stays := kept_of(run):
        text += f"; {stays}"
    elif run["durationMs"] is not None:
        text += (
            f", {output.counted(run['objects'], 'object')},"
            f" {output.counted(run['entries'], 'entry', 'entries')}"
        )
    return text + (f" ({run['detail']})" if run["detail"] else "")

"""`warehouse logs` and `warehouse export`: search log entries, and write all that match to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from warehouse.cli import output
from warehouse.cli.numbers import Number
from warehouse.cli.state import State, pass_state
from warehouse.errors import UnavailableError

if TYPE_CHECKING:
    from warehouse.logquery import LogFilter

_Command = TypeVar("_Command", bound=Callable[..., Any])
_LEVELS = ("debug", "info", "warn", "error")
_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])


def _filters(command: _Command) -> _Command:
    """The options that say which entries are meant."""
    for option in (
        click.option("--min-ms", type=Number(0), help="At least this response time."),
        click.option("--package", help="About this package."),
        click.option("--method", help="With this HTTP method."),
        click.option("--status", type=click.IntRange(100, 999), help="With this HTTP status."),
        click.option("--config", "config_hash", help="Of this config hash, as 0x7f3a91c2."),
        click.option("--source", help="Of this source."),
        click.option("--until", type=_TIME, help="Up to this time (UTC)."),
        click.option("--since", type=_TIME, help="From this time on (UTC)."),
        click.option(
            "--level", type=click.Choice(_LEVELS), multiple=True, help="At this level; may be repeated."
        ),
        click.argument("search", required=False),
    ):
        command = option(command)
    return command


@click.command(
    epilog="""\b
Examples:
  warehouse logs
  warehouse logs '"bad gateway" -retry' --level error
  warehouse logs --package @acme/ui --status 500 --since 2026-11-01 --facets
  warehouse logs timeout --limit 1000 --json | jq -r .metadata.clientIP
"""
)
@_filters
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=25, show_default=True, help="Entries at most."
)
@click.option("--facets", is_flag=True, help="Count the matches by level, source, status … instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON per entry.")
@pass_state
def logs(state: State, /, limit: int, facets: bool, as_json: bool, **given: Any) -> None:
    """Show the newest log entries that match.

    SEARCH: words and "phrases" that the message has, whole and in any case; -word: has not.
    """
    from warehouse.status import reading

    wanted = _wanted(given, limit)
    with reading(state.settings) as warehouse:
        if facets:
            found = warehouse.log_viewer.facets(wanted)["facets"]
            output.write(output.to_json(found) if as_json else _facets(found))
            return
        page = warehouse.logs(wanted)
    if as_json:
        for entry in page["logs"]:
            output.write(output.to_json(entry))
        return
    if not page["logs"]:
        output.write("No entry matches.")
        return
    rows = [
        (output.moment(entry["timestamp"]), entry["level"], entry["source"], _short(entry["message"]))
        for entry in page["logs"]
    ]
    output.write(output.table(["Time", "Level", "Source", "Message"], rows))
    output.write(f"\n{len(rows):,} of {output.counted(page['totalCount'], 'entry', 'entries')}.")


@click.command(
    epilog="""\b
Examples:
  warehouse export --output logs.parquet
  warehouse export timeout --level error --since 2026-11-01 --format csv --output errors.csv
  warehouse export --package left-pad | jq -r .metadata.clientIP | sort | uniq -c
"""
)
@_filters
@click.option(
    "--format",
    "form",
    type=click.Choice(["ndjson", "csv", "parquet", "arrow"]),
    help="Default: by the ending of the file, else ndjson.",
)
@click.option("--output", "path", type=click.Path(path_type=Path, dir_okay=False), help="File; else stdout.")
@pass_state
def export(state: State, /, form: str | None, path: Path | None, **given: Any) -> None:
    """Write every log entry that matches, oldest first; memory stays the same however many there are.

    SEARCH as in `warehouse logs`. In CSV no cell is a formula to a spreadsheet.
    """
    from warehouse.logexport import MEDIA_TYPES
    from warehouse.status import reading

    ending = path.suffix.removeprefix(".") if path else ""
    chosen: Any = form or (ending if ending in MEDIA_TYPES else "ndjson")
    if path is None and chosen in ("parquet", "arrow") and sys.stdout.isatty():
        raise click.UsageError(f"{chosen} is not for a terminal: name a file with --output")
    with reading(state.settings) as warehouse:
        pieces = warehouse.log_viewer.export(_wanted(given, 1), chosen)
        if path is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return
        # Beside it first, so that an export that breaks off leaves no half file under that name.
        partial = path.with_name(f".{path.name}.partial")
        try:
            with partial.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
            partial.replace(path)
        except OSError as error:
            raise UnavailableError(f"{path} cannot be written: {error.strerror or error}") from error
        finally:
            partial.unlink(missing_ok=True)
    click.echo(f"{path}: {output.size(path.stat().st_size)}", err=True)


def _wanted(given: dict[str, Any], limit: int) -> LogFilter:
    from warehouse.logquery import LogFilter

    return LogFilter(
        levels=list(given["level"]) or None,
        start=_utc(given["since"]),
        end=_utc(given["until"]),
        limit=limit,
        source=given["source"],
        config_hash=given["config_hash"],
        search=given["search"],
        status=given["status"],
        method=given["method"],
        package=given["package"],
        min_response_ms=given["min_ms"],
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= 100 else f"{line[:99]}…"


def _facets(found: dict[str, Any]) -> str:
    rows = [
        (name if place == 0 else "", each["value"], output.count(each["count"]))
        for name, facet in found.items()
        for place, each in enumerate(facet["values"])
    ]
    return output.table(["Facet", "Value", "Entries"], rows, right={2}) if rows else "No entry matches."

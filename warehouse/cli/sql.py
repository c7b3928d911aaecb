"""`warehouse sql`: run a query over the logs and rollups."""

from __future__ import annotations

import csv
import io
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state
from warehouse.errors import BadRequestError

FORMATS = ("table", "csv", "json", "ndjson")


@click.command(
    epilog="""\b
Examples:
  warehouse sql "SELECT level, count(*) AS entries FROM logs GROUP BY level"
  warehouse sql "SHOW TABLES"
  warehouse sql "DESCRIBE logs"
  warehouse sql --json "SELECT * FROM logs ORDER BY ts DESC LIMIT 5"
  warehouse sql --param level=error "SELECT count(*) FROM logs WHERE level = \\$level"
  warehouse sql --file report.sql --format csv > report.csv
  echo "SELECT max(ts) FROM logs" | warehouse sql -
"""
)
@click.argument("query", required=False)
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Read the query from a file.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How to print the rows.  [default: table on a terminal, csv otherwise]",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json: one array of objects.")
@click.option(
    "--param",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="Value of the parameter $NAME of the query; repeatable.",
)
@click.option(
    "--max-rows",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    help="Rows of a table that are shown; 0 shows all. Other formats always hold every row.",
)
@pass_state
def sql(
    state: State,
    query: str | None,
    path: Path | None,
    form: str | None,
    as_json: bool,
    parameters: tuple[str, ...],
    max_rows: int,
) -> None:
    """Run one SELECT over the warehouse and print its rows. Nothing can be changed with it.

    QUERY is the SQL text; - reads it from stdin. `SHOW TABLES` lists the views. Times are in UTC.
    """
    if as_json and form not in (None, "json"):
        raise BadRequestError(f"--json and --format {form} contradict each other", field="format")
    text = _query_text(query, path)
    values = dict(_parameter(each) for each in parameters)

    from warehouse.cli import query as reading

    result = reading.run(state.settings, text, values)
    chosen = "json" if as_json else form or ("table" if sys.stdout.isatty() else "csv")
    if chosen == "table":
        _write_table(result.columns, result.rows, max_rows)
    else:
        _WRITERS[chosen](result.columns, result.rows)


def _query_text(query: str | None, path: Path | None) -> str:
    if (query is None) == (path is None):
        raise BadRequestError("give the query as an argument, as - for stdin, or with --file", field="query")
    try:
        text = path.read_text(encoding="utf-8") if path else sys.stdin.read() if query == "-" else query or ""
    except UnicodeDecodeError as error:
        raise BadRequestError("the query is not UTF-8 text", field="query") from error
    if not text.strip():
        raise BadRequestError("the query is empty", field="query")
    return text


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise BadRequestError(f"--param takes NAME=VALUE, not {text!r}", field="param")
    return name, value


def _write_table(columns: list[str], rows: list[tuple[Any, ...]], max_rows: int) -> None:
    page = rows[:max_rows] if max_rows else rows
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    output.write(output.table(columns, page, width=width))
    hidden = len(rows) - len(page)
    more = f", {output.count(hidden)} of them not shown (--max-rows 0 shows all)" if hidden else ""
    click.echo(f"{output.counted(len(rows), 'row')}{more}", err=True)


def _write_csv(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    """RFC 4180, but with the line ends of Unix; null is an empty field."""
    output.write_parts(_csv_lines([columns, *rows]))


def _csv_lines(rows: Iterable[Iterable[Any]]) -> Iterable[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _csv_cell(value: Any) -> Any:
    plain = output.plain(value)
    if isinstance(plain, bool):
        return str(plain).lower()
    return output.to_json(plain) if isinstance(plain, list | dict) else plain


def _write_json(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    names = _distinct(columns)
    output.write_parts(_json_array(names, rows))


def _json_array(names: list[str], rows: list[tuple[Any, ...]]) -> Iterable[str]:
    yield "["
    for number, row in enumerate(rows):
        yield ("," if number else "") + output.to_json(dict(zip(names, row, strict=True)))
    yield "]\n"


def _write_ndjson(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    names = _distinct(columns)
    output.write_parts(output.to_json(dict(zip(names, row, strict=True))) + "\n" for row in rows)


def _distinct(columns: list[str]) -> list[str]:
    """Column names as keys of an object: a name that comes again gets a number."""
    names: list[str] = []
    for name in columns:
        unique, number = name, 1
        while unique in names:
            number += 1
            unique = f"{name}_{number}"
        names.append(unique)
    return names


_WRITERS: dict[str, Callable[[list[str], list[tuple[Any, ...]]], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "ndjson": _write_ndjson,
}

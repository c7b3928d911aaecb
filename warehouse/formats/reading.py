"""Runs a format over raw lines. A mistake in its file is told with the file's name, wherever it shows."""

from __future__ import annotations

import re
from contextlib import closing

import pyarrow as pa

from warehouse import duck
from warehouse.errors import SettingError
from warehouse.formats import mapping
from warehouse.formats.library import formats, sql
from warehouse.ingest.split import RAW_LINES
from warehouse.settings import Settings

#: The objects of raw_lines: bucket and key by number, and how many entries each of their lines stands for.
RAW_OBJECTS = pa.schema(
    [
        ("object_no", pa.int32()),
        ("bucket", pa.string()),
        ("object_key", pa.string()),
        ("sample", pa.int32()),
    ]
)
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_HINT = "mend the file, or take it away; docs/formats.md says what a format has to give"


def broken(name: str, fault: str) -> SettingError:
    """The error about a format's file."""
    return SettingError(f"{place(name)}: {fault}", hint=_HINT)


def place(name: str) -> str:
    """Where a format comes from: its file, or the table of the settings file."""
    if name.startswith(mapping.PREFIX):
        return f"[mapping.{name.removeprefix(mapping.PREFIX)}] by sql/formats/mapping.sql"
    return f"sql/formats/{name}.sql"


def said(error: BaseException) -> str:
    """What DuckDB says is wrong with a statement, in one line, with the line of its text."""
    text = str(error)
    line = _LINE.search(text)
    return (f"line {line[1]}: " if line else "") + text.splitlines()[0]


def conform(con: duck.Connection, name: str, settings: Settings) -> None:
    """Make the temporary table `conformed` of raw_lines and raw_objects: one row per line, by a format.

    Raises SettingError when the file cannot be run or does not give the columns of logs, each with its type,
    and object_no, reason and raw; BadRequestError when there is no such format.
    """
    query = sql(name, settings)
    try:
        # On the same line: DuckDB counts those of the file.
        con.execute(f"CREATE OR REPLACE TEMP TABLE conformed AS {query}")
    except duck.STATEMENT_ERRORS as error:
        raise broken(name, said(error)) from error
    given = {
        column: str(kind)
        for column, kind, *_ in con.execute("SELECT * FROM conformed LIMIT 0").description or ()
    }
    needed = {
        "object_no": "INTEGER",
        "reason": "VARCHAR",
        "raw": "VARCHAR",
        **dict(duck.columns("logs")),
    }
    if lacking := [column for column in needed if column not in given]:
        raise broken(name, f"its query gives no column {', '.join(lacking)}")
    for column, kind in needed.items():
        if given[column] != kind:
            # Files of one table whose columns differ in type cannot be read together.
            raise broken(name, f"its query gives {column} as {given[column]}, not as {kind}")


def query_faults(settings: Settings) -> dict[str, SettingError]:
    """What is wrong with the query of each format or mapping that cannot be run, by name."""
    found: dict[str, SettingError] = {}
    with closing(duck.connect(threads=1)) as con:
        duck.register(con, "raw_lines", RAW_LINES.empty_table())
        duck.register(con, "raw_objects", RAW_OBJECTS.empty_table())
        names = [item.name for item in formats()] + [f"{mapping.PREFIX}{name}" for name in settings.mappings]
        for name in names:
            try:
                conform(con, name, settings)
            except SettingError as error:
                found[name] = error
    return found

"""Parquet files that were written before a table had all the columns of today, or before there was one.

No query looks at the columns of each file: that would open them all. So whether there are such files is
looked up once per version by whoever writes first, and `warehouse rebuild --all` writes them anew.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

from warehouse import duck, sqlfiles
from warehouse.errors import UnavailableError
from warehouse.manifest import DataFile, Manifest

_STATE = ("lake", "columns")
#: Rollups that have a row for every entry, so that each date of the logs has a file of theirs.
_OF_EVERY_ENTRY = ("activity", "facets")
_HINT = "`warehouse rebuild --all` writes such files anew; it reads the logs, nothing is fetched"


def lacks(con: duck.Connection, root: Path, file: DataFile) -> set[str]:
    """The columns of today that a file has not. Raises duck.Error when it cannot be read."""
    return {name for name, _ in duck.columns(file.table)} - duck.stored_columns(con, root / file.path)


def require_current(root: Path, manifest: Manifest) -> None:
    """Raise UnavailableError when a file lacks a column, or a date a table. Looks once per set of columns."""
    part, name = _STATE
    today = _today()
    if manifest.state(part).get(name) == today:
        return
    files = manifest.files()
    if files:
        with closing(duck.connect(threads=1)) as con:
            for file in files:
                try:
                    missing = lacks(con, root, file)
                except (duck.Error, UnicodeDecodeError):
                    return  # a file that is gone or damaged is the business of those who read it
                if missing:
                    raise lacking(root / file.path, ", ".join(sorted(missing)))
    for table in _OF_EVERY_ENTRY:
        if bare := _dates(files, "logs") - _dates(files, table):
            raise UnavailableError(
                f"the warehouse was written by an older version and lacks the table {table} of {min(bare)}",
                hint=_HINT,
            )
    remember(manifest)


def remember(manifest: Manifest) -> None:
    """Note that every file has the columns of today."""
    manifest.remember({_STATE: _today()})


def lacking(path: Path | str, column: str) -> UnavailableError:
    """The error of a file without a column."""
    return UnavailableError(
        f"{path} was written by an older version and lacks the column {column}", hint=_HINT
    )


def completed(file: DataFile, root: Path, missing: set[str]) -> str | None:
    """A SELECT of a file's rows with what it lacks filled in; None when a column cannot be."""
    known = duck.defaults(file.table)
    if not missing <= known.keys():
        return None
    values = ", ".join(
        f'CAST({known[name]} AS {kind}) AS "{name}"' if name in missing else f'"{name}"'
        for name, kind in duck.columns(file.table)
    )
    return f"SELECT {values} FROM read_parquet({duck.quoted(root / file.path)}, hive_partitioning = false)"


def _dates(files: list[DataFile], table: str) -> set[str]:
    return {file.partition for file in files if file.table == table}


def _today() -> str:
    tables = {table: duck.columns(table) for table in sqlfiles.names("tables")}
    return hashlib.sha256(repr(sorted(tables.items())).encode()).hexdigest()

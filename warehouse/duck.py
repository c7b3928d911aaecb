"""Opens DuckDB. The only importer of duckdb.

Connections are in memory; what lasts lies in Parquet files and in the manifest. Every connection knows the
macros of `sql/macros/` and works in UTC.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

import msgspec
import pyarrow as pa

from warehouse import sqlfiles

# DuckDB's allocator (jemalloc) gives back to the system what was free for a second. Most questions come later
# and took a quarter longer with memory that is new. It reads this once, when the library is loaded.
os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", "dirty_decay_ms:60000,muzzy_decay_ms:60000")

import duckdb

Connection = duckdb.DuckDBPyConnection
_Task = TypeVar("_Task")
_Made = TypeVar("_Made")
Error = duckdb.Error
IOError = duckdb.IOException
#: What a statement raises that is wrong itself, or wrong for its data; not what memory or disk do.
STATEMENT_ERRORS = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)
#: What reading a file raises that is gone or damaged.
UNREADABLE = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.SerializationException,
    # A damaged name of a column, which Python cannot be told.
    UnicodeDecodeError,
)

OutOfMemoryError = duckdb.OutOfMemoryException

#: How every Parquet file is written. Level 1 of zstd is as small as level 3 on log text, and faster.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"

#: What a partition is called in paths and what type it has, by table; the others have one file.
PARTITIONS: dict[str, str] = {
    "logs": "date",
    "quarantine": "date",
    "activity": "date",
    "activity_by": "date",
    "latency": "date",
    "errors": "date",
    "error_templates": "date",
    "facets": "date",
    "downloads": "date",
    "installers": "date",
    "forecasts": "date",
    "forecast_models": "date",
    "anomalies": "date",
    "daily": "month",
    "storage": "month",
}

PARTITION_TYPES = {"date": "DATE", "month": "VARCHAR"}


def connect(*, threads: int | None = None, memory_limit: str | None = None) -> Connection:
    """A new in-memory database with the macros."""
    # Nothing is ever fetched from an extension repository.
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    if threads is not None:
        config["threads"] = threads
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    con = duckdb.connect(":memory:", config=config)
    con.execute("SET TimeZone = 'UTC'")
    # DuckDB draws a bar on stdout for long queries, where our data go.
    con.execute("SET enable_progress_bar = false")
    for name in sqlfiles.names("macros"):
        con.execute(sqlfiles.read("macros", name))
    return con


def side_by_side(
    con: Connection, work: Callable[[Connection, _Task], _Made], tasks: Iterable[_Task]
) -> Iterator[_Made]:
    """What `work` makes of each task, in no order: as many at a time as the connection has threads.

    Each gets a cursor, with the connection's memory and its tables but not its temporary ones, and one
    thread: many small queries, each on one core, take two thirds of the processor time of the same ones on
    all cores in turn. After an error no further task is begun; those that run are waited for.
    """
    waiting = [*tasks]
    (threads,) = con.execute("SELECT current_setting('threads')").fetchone() or (1,)
    count = max(1, min(threads, len(waiting)))
    cursors: SimpleQueue[Connection] = SimpleQueue()
    for _ in range(count):
        cursors.put(con.cursor())

    def one(task: _Task) -> _Made:
        cursor = cursors.get()
        try:
            return work(cursor, task)
        finally:
            cursors.put(cursor)

    con.execute("SET threads = 1")
    pool = ThreadPoolExecutor(count, "query")
    try:
        for done in as_completed([pool.submit(one, task) for task in waiting]):
            yield done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        while not cursors.empty():
            cursors.get().close()
        con.execute(f"SET threads = {threads}")


def open_file(path: Path) -> Connection:
    """A database file, for the catalog that other DuckDB clients open."""
    return duckdb.connect(str(path))


#: What DuckDB says of a file that lacks a column which the first of its list has.
_LACKS = re.compile(r'column "([^"]+)" was read from .* could not be found in file "([^"]+)"')


@cache
def _tables() -> dict[str, list[tuple[str, str, str | None]]]:
    """Name, type and default of the columns of each table of `sql/tables/`.

    All at once: to open a database takes longer than to read them.
    """
    with duckdb.connect(":memory:") as con:
        for name in sqlfiles.names("tables"):
            con.execute(sqlfiles.read("tables", name))
        rows = con.execute(
            "SELECT table_name, column_name, data_type, column_default FROM duckdb_columns()"
            " WHERE NOT internal ORDER BY table_name, column_index"
        ).fetchall()
    tables: dict[str, list[tuple[str, str, str | None]]] = {}
    for table, name, kind, default in rows:
        tables.setdefault(table, []).append((name, kind, default))
    return tables


@cache
def columns(table: str) -> tuple[tuple[str, str], ...]:
    """Name and type of each column of a lake table, from `sql/tables/`, without the partition."""
    return tuple((name, kind) for name, kind, _ in _tables()[table])


@cache
def defaults(table: str) -> dict[str, str]:
    """What a column holds in files that were written before there was one, as SQL, by column."""
    return {name: default for name, _, default in _tables()[table] if default is not None}


def stored_columns(con: Connection, path: Path) -> set[str]:
    """The columns that a Parquet file has."""
    # Not parquet_schema(): of a list it names the elements.
    empty = con.execute(f"SELECT * FROM read_parquet({quoted(path)}, hive_partitioning = false) LIMIT 0")
    return {name for name, *_ in empty.description or ()}


def lacking(error: BaseException) -> tuple[str, str] | None:
    """The file and the column that it lacks, when that is what an error tells."""
    found = _LACKS.search(str(error))
    return (found[2], found[1]) if found else None


def column_list(table: str) -> str:
    """The columns of a lake table as a SELECT list."""
    return ", ".join(f'"{name}"' for name, _ in columns(table))


def empty_relation(table: str) -> str:
    """A SELECT that has the columns of a lake table and no row."""
    typed = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns(table))
    return f"SELECT {typed} WHERE false"


def quoted(value: str | Path) -> str:
    """A SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def file_list(paths: list[Path]) -> str:
    """A SQL list literal of paths."""
    return "[" + ", ".join(quoted(path) for path in paths) + "]"


def parquet_relation(table: str, paths: list[Path]) -> str:
    """A SELECT over the given files of a lake table; typed and empty when there are none."""
    if not paths:
        return empty_relation(table)
    return f"SELECT {column_list(table)} FROM read_parquet({file_list(paths)}, hive_partitioning = false)"


def lake_view(table: str, paths: str) -> str:
    """A SELECT over a lake table for readers: its columns and its partition, by which DuckDB skips files.

    `paths` is a SQL expression that gives a list with at least one path.
    """
    if table not in PARTITIONS:
        return f"SELECT {column_list(table)} FROM read_parquet({paths}, hive_partitioning = false)"
    partition = PARTITIONS[table]
    return (
        f"SELECT {column_list(table)}, {partition} FROM read_parquet({paths}, hive_partitioning = true,"
        f" hive_types = {{'{partition}': {PARTITION_TYPES[partition]}}})"
    )


def empty_view(table: str) -> str:
    """What `lake_view` gives, without a file and without a row."""
    if table not in PARTITIONS:
        return empty_relation(table)
    partition = PARTITIONS[table]
    return (
        f"SELECT *, CAST(NULL AS {PARTITION_TYPES[partition]}) AS {partition} FROM ({empty_relation(table)})"
    )


def statement_types(con: Connection, text: str) -> list[str]:
    """The kinds of the statements in a SQL text (SELECT, EXPLAIN, COPY …)."""
    return [str(statement.type).rsplit(".", 1)[-1] for statement in con.extract_statements(text)]


def syntax(text: str) -> dict[str, Any]:
    """The tree that DuckDB's own parser makes of SELECTs; nothing is looked up and nothing runs.

    Either `statements`, or `error` with `error_type` and `error_message` for what is no SELECT or no SQL.
    """
    with duckdb.connect(":memory:") as con:
        row = con.execute("SELECT CAST(json_serialize_sql($text) AS VARCHAR)", {"text": text}).fetchone()
    assert row is not None
    tree: dict[str, Any] = msgspec.json.decode(row[0])
    return tree


def wall_in(db: Connection, folders: Iterable[Path]) -> None:
    """Let a database open files of these folders and nothing else of the machine, once and for all.

    Neither names of files nor Python's variables are taken for tables then; variables can still be set.
    """
    db.execute("SET python_enable_replacements = false")
    allowed = ", ".join(quoted(f"{folder}/") for folder in folders)
    db.execute(f"SET allowed_directories = [{allowed}]")
    db.execute("SET enable_external_access = false")
    db.execute("SET lock_configuration = true")


def register(con: Connection, name: str, table: pa.Table | pa.RecordBatchReader) -> None:
    """Make an Arrow table known to a connection under a name; a reader can be read once."""
    con.register(name, table)

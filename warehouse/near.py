"""The newest rollups as tables in memory, for a process that answers many questions about the last days.

To bind a Parquet file takes as long as the rest of a small query. Each generation has a schema of its own, so
that a query sees one commit or the next: its tables are copied from those before it, and only partitions that
changed are read from Parquet. What is kept is bounded, the newest partitions first.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from msgspec import Struct

from warehouse import duck, near_counts, near_latency, reads, sqlfiles
from warehouse.errors import in_one_line
from warehouse.lake import Lake
from warehouse.manifest import DataFile, Snapshot
from warehouse.near_counts import Counts
from warehouse.near_latency import Sums
from warehouse.pool import Bind, Pool

log = logging.getLogger("warehouse.near")


class _Limits(Struct, frozen=True):
    """How much of a table is kept: rows and bytes of the Parquet files, time before the newest partition."""

    rows: int = 500_000
    bytes: int = 4 * 1024 * 1024
    length: timedelta = timedelta.max


#: What is kept. In memory a row takes 30 to 100 bytes, and a distribution ten times its bytes in Parquet.
_TABLES = {
    "activity": _Limits(),
    "activity_by": _Limits(bytes=8 * 1024 * 1024),
    "errors": _Limits(),
    "error_templates": _Limits(),
    "facets": _Limits(rows=1_000_000),
    "downloads": _Limits(),
    "installers": _Limits(),
    "daily": _Limits(),
    "anomalies": _Limits(),
    "storage": _Limits(),
}
#: Of this one, sums are kept: about half a MB a day, however few its rows are.
_SUMMED = "latency"
_OF_SUMS = _Limits(20_000_000, 16 * 1024 * 1024, timedelta(days=35))
#: Sums too, of activity and storage together.
_COUNTED = "counts"
#: Which of them a query does not read that picks its source by the name of its parameter `reads`.
_OTHERS = {
    "activity": frozenset({"activity_by", "error_templates"}),
    "activity_by": frozenset({"activity", "latency", "errors"}),
}
#: Generations whose tables stay: a query that was given the one before may not have begun.
_GENERATIONS = 2


class _Table(Struct, frozen=True):
    """A table in memory: the files it holds, and the days of which it holds everything, both ends."""

    name: str
    files: dict[str, str]
    since: date
    until: date = date.max


class _Generation(Struct, frozen=True):
    """The tables of one generation, by what queries call them."""

    number: int
    tables: dict[str, _Table]
    sums: Sums | None
    counts: Counts | None

    @property
    def schema(self) -> str:
        return _schema(self.number)


def _schema(generation: int) -> str:
    return f"near_{generation}"


class Near:
    """The tables in memory of one engine. Safe for use from several threads."""

    def __init__(self, db: duck.Connection, bind: Bind, lake: Lake) -> None:
        self._db = db
        self._bind_lake = bind
        self._lake = lake
        self._pool = Pool(db, self._bind)
        self._generations: list[_Generation] = []
        self._failed = -1
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        db.execute("CREATE SCHEMA kept")

    def close(self) -> None:
        """Wait for a refresh that is under way, then close the database."""
        with self._writing:
            self._failed = 2**63
        if self._thread is not None:
            self._thread.join()
        self._pool.close()

    @contextmanager
    def connection(self, snapshot: Snapshot, text: str) -> Iterator[duck.Connection]:
        """A connection on which the tables that are kept stand for the views of the lake, for one query."""
        with self._pool.connection(snapshot, reads.variables(text)) as con:
            yield con

    def holds(self, snapshot: Snapshot, text: str, given: Mapping[str, Any], since: date) -> bool:
        """Is everything here that a query reads from `since` on? What a commit changed is read meanwhile.

        What it is given tells which source it reads (`reads`), and where it ends (`window_end`).
        """
        latest = self._generations[-1] if self._generations else None
        if latest is None or latest.number != snapshot.generation:
            self._refresh_soon(snapshot)
            return False
        first, last = _day(since), _day(given.get("window_end") or date.max)
        tables = [latest.tables[table] for table in _read_by(text, given.get("reads"))]
        return all(first >= table.since and last <= table.until for table in tables)

    def refresh(self, snapshot: Snapshot) -> None:
        """Bring the tables to a snapshot.

        When a file cannot be read that is logged: queries read the files then, and say what is the matter.
        """
        with self._writing:
            latest = self._generations[-1] if self._generations else None
            if self._failed >= snapshot.generation or (latest and latest.number >= snapshot.generation):
                return
            try:
                self._add(snapshot, latest)
            except Exception as error:  # noqa: BLE001 - whatever it is would happen again
                # With each question; the files answer them all.
                self._failed = snapshot.generation
                log.warning("rollups are not kept in memory: %s", in_one_line(error))

    def _refresh_soon(self, snapshot: Snapshot) -> None:
        if self._failed >= snapshot.generation or (self._thread is not None and self._thread.is_alive()):
            return
        self._thread = threading.Thread(target=self.refresh, args=[snapshot], name="near", daemon=True)
        self._thread.start()

    def _add(self, snapshot: Snapshot, before: _Generation | None) -> None:
        con = self._db.cursor()
        try:
            con.execute("BEGIN")
            tables = {}
            for table, limits in _TABLES.items():
                files, since = _newest(snapshot, table, limits)
                old = before.tables[table] if before else None
                name = f"kept.{table}_{snapshot.generation}"
                if old is not None and old.files == files:
                    name = old.name
                else:
                    self._copy(con, table, name, files, old)
                tables[table] = _Table(name, files, since)
            tomorrow = datetime.now(UTC).date() + timedelta(days=1)
            files, since = _newest(snapshot, _SUMMED, _OF_SUMS, tomorrow)
            later = any(file.table == _SUMMED and file.partition > str(tomorrow) for file in snapshot.files)
            sums = before.sums if before else None
            name = f"kept.{_SUMMED}_{snapshot.generation}"
            if sums is None or sums.files != files:
                sums = near_latency.build(con, self._lake, name, files, sums)
            # Sums over years to an entry of a clock that runs ahead would take what those of today need.
            until = tomorrow if later else date.max
            tables[_SUMMED] = _Table(sums.name if sums else name, files, since, until)
            schema = _schema(snapshot.generation)
            con.execute(f"CREATE SCHEMA {schema}")
            con.execute(f"SET search_path = '{schema},main'")
            for table in _TABLES:
                con.execute(f"CREATE VIEW {schema}.{table} AS FROM {tables[table].name}")
            counts = self._count(con, snapshot, tables, tomorrow, before.counts if before else None)
            if sums is not None and counts is not None:
                sums.define(con)
                counts.define(con)
            con.execute("COMMIT")
        finally:
            con.close()
        self._generations.append(_Generation(snapshot.generation, tables, sums, counts))
        self._drop_old()

    def _count(
        self,
        con: duck.Connection,
        snapshot: Snapshot,
        tables: dict[str, _Table],
        tomorrow: date,
        before: Counts | None,
    ) -> Counts | None:
        """Sum up activity and storage, and say so among the tables."""
        name, of = f"kept.{_COUNTED}_{snapshot.generation}", [tables["activity"], tables["storage"]]
        counts = near_counts.build(con, name, tuple(table.name for table in of), tomorrow, before)
        since, until = counts.days if counts else (date.min, date.max)
        since = max(since, *(table.since for table in of))
        tables[_COUNTED] = _Table(counts.name if counts else name, {}, since, until)
        return counts

    def _copy(
        self, con: duck.Connection, table: str, name: str, files: dict[str, str], old: _Table | None
    ) -> None:
        """Make a table: partitions that have the same files as before from memory, the others from these."""
        partition = duck.PARTITIONS[table]
        columns = f"{duck.column_list(table)}, {partition}"
        changed = _changed(files, old.files if old else {})
        parts = [f"SELECT {columns} FROM ({duck.empty_view(table)})"]
        same = sorted({value for path, value in files.items() if value not in changed})
        if old is not None and same:
            listed = ", ".join(duck.quoted(value) for value in same)
            parts.append(f"SELECT {columns} FROM {old.name} WHERE CAST({partition} AS VARCHAR) IN ({listed})")
        paths = [self._lake.path(path) for path, value in files.items() if value in changed]
        if paths:
            rows = duck.lake_view(table, duck.file_list(paths))
            parts.append(f"SELECT {columns} FROM ({rows})")
        con.execute(f"CREATE TABLE {name} AS {' UNION ALL '.join(parts)}")

    def _drop_old(self) -> None:
        dropped, self._generations = self._generations[:-_GENERATIONS], self._generations[-_GENERATIONS:]
        named = {table.name for each in self._generations for table in each.tables.values()}
        for each in dropped:
            self._db.execute(f"DROP SCHEMA {each.schema} CASCADE")
            for table in each.tables.values():
                if table.name not in named:
                    self._db.execute(f"DROP TABLE IF EXISTS {table.name}")

    def _bind(self, con: duck.Connection, snapshot: Snapshot, variables: Set[str]) -> None:
        # A query whose generation has gone meanwhile finds the views of the lake, bound to its snapshot.
        self._bind_lake(con, snapshot, variables)
        known = [each for each in self._generations if each.number == snapshot.generation]
        con.execute(f"SET search_path = '{','.join([*(each.schema for each in known), 'main'])}'")
        for each in known:
            if each.sums is not None and each.counts is not None:
                each.sums.bind(con)
                each.counts.bind(con)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _newest(
    snapshot: Snapshot, table: str, limits: _Limits, until: date = date.max
) -> tuple[dict[str, str], date]:
    """The files of a table's newest partitions within the limits, with these; the first day that is whole.

    Partitions after `until` are left out.
    """
    partitions: dict[str, list[DataFile]] = {}
    for file in snapshot.files:
        if file.table == table and file.partition <= str(until):
            partitions.setdefault(file.partition, []).append(file)
    found: dict[str, str] = {}
    rows = size = 0
    since, newest = date.max, None
    for value in sorted(partitions, reverse=True):
        day = date.fromisoformat(f"{value}-01" if len(value) == len("2026-11") else value)
        rows += sum(file.entries for file in partitions[value])
        size += sum(file.bytes for file in partitions[value])
        newest = newest or day
        if rows > limits.rows or size > limits.bytes or newest - day >= limits.length:
            return found, since
        found |= {file.path: value for file in partitions[value]}
        since = day
    return found, date.min


def _changed(files: dict[str, str], before: dict[str, str]) -> set[str]:
    """The partitions of `files` that have others than before."""
    return {value for path, value in files.items() if path not in before} | {
        value for path, value in before.items() if path not in files and value in files.values()
    }


@cache
def _read_by(text: str, reads: str | None) -> frozenset[str]:
    """The tables that a query reads, of those that are kept."""
    code = re.sub(r"--[^\n]*", "", text)
    named = frozenset(table for table in _TABLES if re.search(rf"\b(FROM|JOIN) {table}\b", code))
    for function in sqlfiles.names("functions"):
        if f"FROM {function}(" not in code:
            continue
        if function == "metrics" and reads == "activity":
            named |= {_SUMMED, _COUNTED}
        elif function == "latency_quantiles":
            named |= {_SUMMED}
        else:
            named |= _read_by(sqlfiles.read("functions", function), reads)
    return named - _OTHERS.get(reads or "", frozenset()) if "query_table(" in code else named

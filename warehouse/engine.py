"""The engine: an in-memory DuckDB per process with views over the files that the manifest names.

Each query runs on a connection of its own from a small pool. Before it does, the connection's generation
is compared with the manifest's (a read of ~0.1 ms); when it moved, the file lists that the query reads are
bound again.
So every query sees one committed state as a whole, and a commit is seen by the next query. An engine that is
kept warm answers questions about the last days from tables in memory (`near.py`), which hold the same rows.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
from msgspec import Struct

from warehouse import columns, duck, readers, reads, sqlfiles
from warehouse.errors import QueryError, UnavailableError
from warehouse.lake import Lake
from warehouse.manifest import Manifest, Snapshot
from warehouse.near import Near
from warehouse.pool import Pool

#: The manifest's own tables, as variables that the views of `sql/views/` unfold.
MANIFEST_TYPES = {
    "ledger": "STRUCT(bucket VARCHAR, prefix VARCHAR, objects BIGINT, bytes BIGINT, raw_bytes BIGINT,"
    " lines BIGINT, accepted BIGINT, rejected BIGINT)[]",
    "files": 'STRUCT("table" VARCHAR, "partition" VARCHAR, files BIGINT, entries BIGINT, bytes BIGINT)[]',
    "runs": "STRUCT(run_id VARCHAR, kind VARCHAR, status VARCHAR, started_us BIGINT, finished_us BIGINT,"
    " objects BIGINT, replaced BIGINT, entries BIGINT, rejected BIGINT, compressed_bytes BIGINT,"
    " raw_bytes BIGINT, class_a BIGINT, class_b BIGINT, full_listing BIGINT, listed BIGINT,"
    " listed_bytes BIGINT, downloaded_bytes BIGINT, retries BIGINT, stored_bytes BIGINT,"
    " class_a_price DOUBLE, class_b_price DOUBLE, storage_price DOUBLE, detail VARCHAR, bucket VARCHAR)[]",
    "run_months": "STRUCT(month VARCHAR, runs BIGINT, listed BIGINT, listed_bytes BIGINT, objects BIGINT,"
    " downloaded_bytes BIGINT, class_a BIGINT, class_b BIGINT, retries BIGINT, class_a_price DOUBLE,"
    " class_b_price DOUBLE, storage_price DOUBLE, last_us BIGINT, peak_stored_bytes BIGINT)[]",
}


#: Rows of one batch of a stream.
_STREAM_ROWS = 20_000
#: Constants that are remembered: two thousand take a MB.
_CONSTANTS = 2_000

_Answer = TypeVar("_Answer")

_GAP = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_EXPLAIN = re.compile(rf"^{_GAP}EXPLAIN\b{_GAP}(?:ANALYZE\b)?", re.IGNORECASE | re.DOTALL)


class SqlResult(Struct, frozen=True):
    """The answer to a user's query: column names, DuckDB types, rows."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]


class Engine:
    """Runs the queries of `sql/` and of users over one warehouse. Safe for use from several threads."""

    def __init__(self, data_dir: Path, manifest: Manifest) -> None:
        self._manifest = manifest
        self._data_dir = data_dir
        self._lake = Lake(data_dir)
        self._scratch = Path(tempfile.mkdtemp(prefix="warehouse-")).resolve()
        db = duck.connect()
        self._empty = {table: self._write_empty(db, table) for table in sqlfiles.names("tables")}
        self._generation_lock = threading.Lock()
        self._latest: Snapshot | None = None
        self._define(db)
        self._pool = Pool(db, self._bind)
        self._near: Near | None = None
        self._walled: Pool | None = None
        self._walling = threading.Lock()
        # Beside the thread that asks.
        self._helpers = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "question")
        self._constants = lru_cache(_CONSTANTS)(self._constant)

    def close(self) -> None:
        """Close every connection and remove the scratch folder."""
        self._helpers.shutdown(wait=True, cancel_futures=True)
        if self._near is not None:
            self._near.close()
        if self._walled is not None:
            self._walled.close()
        self._pool.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def warm(self) -> None:
        """Keep the newest rollups in memory from now on: for a process that answers many questions."""
        if self._near is None:
            # One thread: to plan and start a small query on two takes longer than its rows do.
            db = duck.connect(threads=1)
            # Both look through the whole plan for what is there twice. In figures it is not, and the look
            # took a tenth of the time of most answers.
            db.execute("SET disabled_optimizers = 'common_subexpressions,common_subplan'")
            self._define(db)
            self._near = Near(db, self._bind, self._lake)
        self._near.refresh(self.snapshot())

    def _define(self, db: duck.Connection) -> None:
        """Make the views and table functions of `sql/` in a database."""
        self._bind(db, self.snapshot(), reads.every())
        with readable():
            for table in sqlfiles.names("tables"):
                relation = duck.lake_view(table, f"getvariable('{table}_files')")
                db.execute(f"CREATE OR REPLACE VIEW {table} AS {relation}")
            for folder in ("views", "functions"):
                for name in sqlfiles.names(folder):
                    db.execute(sqlfiles.read(folder, name))

    def snapshot(self) -> Snapshot:
        """The manifest's state now; read again only when its generation moved."""
        generation = self._manifest.generation()
        with self._generation_lock:
            if self._latest is None or self._latest.generation != generation:
                self._latest = self._manifest.snapshot()
            return self._latest

    def run(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        folder: str = "endpoints",
        since: date | None = None,
    ) -> list[dict[str, Any]]:
        """The rows of one query of `sql/endpoints/`, or of another folder.

        `parameters` may hold more than the query names; one that it names and that is not given is null.
        `since` (a UTC moment or date): it reads no older rollups, no log rows, and nothing of `latency`
        that is finer than 5 minutes.
        """
        given, text = parameters or {}, sqlfiles.read(folder, name)
        with readable():
            if since is not None and self._near is not None:
                snapshot = self.snapshot()
                if self._near.holds(snapshot, text, given, since):
                    with self._near.connection(snapshot, text) as con:
                        return rows(con, folder, name, given)
            with self._connection(text) as con:
                return rows(con, folder, name, given)

    def constant(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The row of a query of `sql/endpoints/` that reads nothing but its parameters; run once for each."""
        return dict(self._constants(name, tuple(parameters.items())))

    def _constant(self, name: str, parameters: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
        (row,) = self.run(name, dict(parameters), since=date.max)
        return row

    def together(self, *questions: Callable[[], _Answer]) -> list[_Answer]:
        """The answers to questions that need none of each other, found on all cores that are free.

        Half of what a small query takes is its planning, which is done by one thread.
        """
        first, *others = questions
        asked = [self._helpers.submit(question) for question in others]
        try:
            answers = [first()]
            # What waits for a core is answered here: whoever asks has one. Helpers begin at the other end.
            own = {at: others[at]() for at in reversed(range(len(asked))) if asked[at].cancel()}
            answers += [own[at] if at in own else asked[at].result() for at in range(len(asked))]
        finally:
            for answer in asked:
                answer.cancel()
        return answers

    @contextmanager
    def staged(
        self,
        folder: str,
        steps: Sequence[str],
        parameters: Mapping[str, Any],
        then: Sequence[str] | None = None,
    ) -> Iterator[duck.Connection]:
        """A connection on which queries of a folder were run one after the other, for the length of a `with`.

        Each is kept as a temporary table `<folder>_<name>` that later ones may read; all see one generation.
        `then` are the texts that are run on it afterwards, where they are known.
        """
        texts = [sqlfiles.read(folder, name) for name in steps]
        known = [] if then is None else [*texts, *then]
        with readable(), self._connection(*known) as con:
            try:
                for name, text in zip(steps, texts, strict=True):
                    values = {key: parameters.get(key) for key in sqlfiles.parameters(text)}
                    con.execute(f"CREATE OR REPLACE TEMP TABLE {folder}_{name} AS {text}", values)
                yield con
            finally:
                for name in steps:
                    con.execute(f"DROP TABLE IF EXISTS temp.{folder}_{name}")

    def stream(self, name: str, spans: str, parameters: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        """The rows of one query of `sql/endpoints/` for each row of another, as Arrow, all of one generation.

        The rows of `spans` become parameters of `name`. There is one batch at least, so that its columns are
        known. However long it is held open, its files stay.
        """
        text, outer = sqlfiles.read("endpoints", name), sqlfiles.read("endpoints", spans)
        with readable(), readers.reading(self._data_dir), self._connection(text, outer) as con:
            cursor = con.execute(outer, {key: parameters.get(key) for key in sqlfiles.parameters(outer)})
            names = [column[0] for column in cursor.description or ()]
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            for span in found or [dict.fromkeys(names)]:
                given = {**parameters, **span}
                reader = con.execute(
                    text, {key: given.get(key) for key in sqlfiles.parameters(text)}
                ).to_arrow_reader(_STREAM_ROWS)
                empty = pa.RecordBatch.from_pylist([], schema=reader.schema)
                yield empty
                yield from reader

    def sql(self, text: str, parameters: Mapping[str, Any] | None = None) -> SqlResult:
        """Run a user's query. Raises QueryError for what is wrong with it, and for anything but reading."""
        with readers.reading(self._data_dir), self._connection() as con:
            return _answer(con, text, parameters)

    def walled_sql(self, text: str, parameters: Mapping[str, Any], seconds: float) -> SqlResult:
        """As `sql`, for a text from the network: it can open the warehouse's own files and no other.

        It has a database of its own, because the wall is one around a whole database. Raises QueryError for a
        query that takes longer than so many seconds, too.
        """
        pool, late = self._walled_pool(), threading.Event()
        with readers.reading(self._data_dir), pool.connection(self.snapshot(), reads.every()) as con:

            def stop() -> None:
                late.set()
                con.interrupt()

            limit = threading.Timer(seconds, stop)
            limit.start()
            try:
                return _answer(con, text, parameters)
            except QueryError as error:
                if late.is_set():
                    raise QueryError(f"it takes longer than {seconds:g} seconds") from error
                raise
            finally:
                limit.cancel()
                # So that it does not stop the next query of this connection.
                limit.join()

    def _walled_pool(self) -> Pool:
        with self._walling:
            if self._walled is None:
                db = duck.connect()
                self._define(db)
                duck.wall_in(db, [self._lake.root, self._scratch])
                self._walled = Pool(db, self._bind)
            return self._walled

    @contextmanager
    def _connection(self, *texts: str) -> Iterator[duck.Connection]:
        """A connection on which these texts see the newest generation; without any, every text does."""
        variables = frozenset().union(*map(reads.variables, texts)) if texts else reads.every()
        with self._pool.connection(self.snapshot(), variables) as con:
            yield con

    def _bind(self, con: duck.Connection, snapshot: Snapshot, variables: Set[str]) -> None:
        """Point file lists and copies of the manifest's tables at a snapshot, on one connection."""
        lists = {table: [str(path)] for table, path in self._empty.items() if f"{table}_files" in variables}
        for file in snapshot.files:
            if file.table in lists:
                lists[file.table].append(str(self._lake.path(file)))
        for table, paths in lists.items():
            con.execute(f"SET VARIABLE {table}_files = $paths", {"paths": paths})
        bind_manifest(con, snapshot, variables)

    def _write_empty(self, db: duck.Connection, table: str) -> Path:
        """An empty file with a table's columns: read_parquet needs one file at least."""
        folder = self._scratch / table
        if table in duck.PARTITIONS:
            folder /= f"{duck.PARTITIONS[table]}=1970-01{'-01' if duck.PARTITIONS[table] == 'date' else ''}"
        folder.mkdir(parents=True)
        path = folder / "empty.parquet"
        db.execute(f"COPY ({duck.empty_relation(table)}) TO {duck.quoted(path)} (FORMAT parquet)")
        return path


def rows(con: duck.Connection, folder: str, name: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of one query on a connection; what it names and is not given is null."""
    text = sqlfiles.read(folder, name)
    cursor = con.execute(text, {key: given.get(key) for key in sqlfiles.parameters(text)})
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _answer(con: duck.Connection, text: str, parameters: Mapping[str, Any] | None) -> SqlResult:
    """What a user's query answers on a connection. Raises QueryError."""
    try:
        _refuse_writing(con, text)
        cursor = con.execute(text, dict(parameters) if parameters else None)
        description = cursor.description or []
        return SqlResult(
            [column[0] for column in description],
            [str(column[1]) for column in description],
            cursor.fetchall(),
        )
    except duck.Error as error:
        if old := duck.lacking(error):
            raise columns.lacking(*old) from error
        raise QueryError(str(error).strip()) from error


@contextmanager
def readable() -> Iterator[None]:
    """Say which file is missing or damaged when DuckDB cannot read one, and when memory is at its end."""
    try:
        yield
    except duck.OutOfMemoryError as error:
        raise UnavailableError(
            f"there is not enough memory: {str(error).splitlines()[0]}",
            hint="give the process more, or less to do at a time: a shorter window; for a sync a smaller"
            " WAREHOUSE_BATCH_MIB or fewer WAREHOUSE_INGEST_WORKERS",
        ) from error
    except duck.UNREADABLE as error:
        if old := duck.lacking(error):
            raise columns.lacking(*old) from error
        raise UnavailableError(
            f"a file of the warehouse cannot be read: {str(error).splitlines()[0]}",
            hint="`warehouse verify` names the files that are missing or damaged, and says what to do",
        ) from error


def bind_manifest(con: duck.Connection, snapshot: Snapshot, variables: Set[str]) -> None:
    """Give a connection those of the manifest's tables that are named, for the views over them."""
    tables = {
        "ledger": snapshot.ledger,
        "files": snapshot.partitions,
        "runs": snapshot.runs,
        "run_months": snapshot.run_months,
    }
    for name in variables & tables.keys():
        # As one text: to make values of a list of dicts takes DuckDB twice as long (300 rows: 4.5 ms).
        text = msgspec.json.encode(tables[name]).decode()
        con.execute(
            f"SET VARIABLE {name} = CAST(CAST($rows AS JSON) AS {MANIFEST_TYPES[name]})", {"rows": text}
        )


def _refuse_writing(con: duck.Connection, text: str) -> None:
    """Raise QueryError unless a text is one statement that only reads.

    EXPLAIN ANALYZE runs what it explains, so it is what follows that counts.
    """
    explained = _EXPLAIN.sub("", text)
    kinds = duck.statement_types(con, explained)
    if kinds != ["SELECT"]:
        raise QueryError(
            f"one reading statement is taken, this is {' and '.join(kinds) or 'empty'}",
            hint="the warehouse is read-only: use SELECT, WITH, FROM, DESCRIBE, SHOW or EXPLAIN",
        )

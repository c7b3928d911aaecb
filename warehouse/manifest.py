"""The manifest: which objects and files count. The only user of SQLite.

What no transaction here names does not exist. A writer first writes Parquet files under their final
unique names, then adds objects and files (and drops the files they replace) in one transaction, which
also moves the generation on. Readers compare the generation and bind file lists again when it moved.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from warehouse.errors import UnavailableError
from warehouse.manifest_records import DataFile, LedgerObject, Run, Snapshot
from warehouse.manifest_schema import MIGRATIONS, SCHEMA_VERSION

__all__ = ["DataFile", "LedgerObject", "Manifest", "Run", "Snapshot", "ledger_object", "now_us"]


#: Bytes without which SQLite cannot even open a database that is written to.
_LEAST_FREE = 256 * 1024
#: What the runs of a month asked for, by the prices that held: the money is reckoned in `sql/views/`.
_RUN_MONTHS = """
    SELECT strftime('%Y-%m', started_us / 1000000, 'unixepoch') AS month, count(*) AS runs,
        sum(listed) AS listed, sum(listed_bytes) AS listed_bytes, sum(objects) AS objects,
        sum(downloaded_bytes) AS downloaded_bytes, sum(class_a) AS class_a, sum(class_b) AS class_b,
        sum(retries) AS retries, class_a_price, class_b_price, storage_price,
        max(started_us) AS last_us, max(stored_bytes) AS peak_stored_bytes
    FROM runs GROUP BY month, class_a_price, class_b_price, storage_price ORDER BY month DESC, last_us DESC
"""


def now_us() -> int:
    """The wall clock in epoch microseconds."""
    return time.time_ns() // 1000


class Manifest:
    """The manifest of one warehouse. Safe for use from several threads and processes."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "manifest.sqlite"
        self._lock = threading.RLock()
        self._read_only = self.path.exists() and not os.access(data_dir, os.W_OK)
        try:
            self._db = self._as_it_is() if self._read_only else self._open(data_dir)
            version = _schema_of(self._db)
        except (sqlite3.Error, OSError) as error:
            if _is_full(data_dir):
                raise self._no_room(error) from error
            raise UnavailableError(
                f"the manifest {self.path} cannot be opened: {error}",
                hint="check WAREHOUSE_DATA_DIR and its rights; if the file is damaged, restore the data"
                " directory, or move it away and sync again",
            ) from error
        if version != SCHEMA_VERSION:
            raise UnavailableError(
                f"the manifest {self.path} has schema {version}, this version of the warehouse reads"
                f" {SCHEMA_VERSION}",
                hint="use the version that wrote it, or move the data directory away and sync again",
            )

    def _no_room(self, error: Exception) -> UnavailableError:
        return UnavailableError(
            f"the disk is full: the manifest {self.path} is not usable ({error})",
            hint=f"free some space on the disk of {self.path.parent} first; nothing is lost",
        )

    def _open(self, data_dir: Path) -> sqlite3.Connection:
        """Connect, with the tables made."""
        data_dir.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=30, check_same_thread=False, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        # Asked first, without a lock: readers of a manifest of today do not wait for a writer.
        if _schema_of(db) < SCHEMA_VERSION:
            _migrate(db)
        return db

    def _as_it_is(self) -> sqlite3.Connection:
        """Connect without writing. What others commit meanwhile is seen by those who connect after it."""
        # Reading a WAL database needs files beside it. Who has it open made them; else they hold nothing.
        open_elsewhere = self.path.with_name(f"{self.path.name}-wal").exists()
        how = "mode=ro" if open_elsewhere else "immutable=1"
        uri = f"file:{quote(str(self.path.resolve()))}?{how}"
        db = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        db.row_factory = sqlite3.Row
        return db

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self, kind: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """All of it or nothing; for the parts of the warehouse that keep tables of their own here."""
        with self._lock:
            try:
                self._db.execute(f"BEGIN {kind}")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if _is_full(self.path.parent):
                    raise self._no_room(error) from error
                raise UnavailableError(f"the manifest {self.path} is not usable: {error}") from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    # -- reading ---------------------------------------------------------------------------------

    def generation(self) -> int:
        """A number that moves with every commit."""
        with self._lock:
            if self._read_only:
                self._db.close()
                self._db = self._as_it_is()
            row = self._db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
        return int(row[0])

    def snapshot(self) -> Snapshot:
        """Generation, files, the latest runs and the ledger's sums, all of one moment."""
        with self.transaction("DEFERRED") as db:
            generation = int(db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])
            files = [DataFile(**row) for row in db.execute('SELECT * FROM files ORDER BY "table", path')]
            partitions = _dicts(
                db.execute(
                    'SELECT "table", "partition", count(*) AS files, sum(entries) AS entries,'
                    ' sum(bytes) AS bytes FROM files GROUP BY "table", "partition" ORDER BY 1, 2'
                )
            )
            runs = _dicts(db.execute("SELECT * FROM runs ORDER BY started_us DESC LIMIT 1000"))
            run_months = _dicts(db.execute(_RUN_MONTHS))
            ledger = _dicts(
                db.execute(
                    "SELECT bucket, prefix, count(*) FILTER (WHERE gone = 0) AS objects,"
                    " coalesce(sum(size) FILTER (WHERE gone = 0), 0) AS bytes,"
                    " sum(raw_bytes) AS raw_bytes, sum(lines) AS lines, sum(accepted) AS accepted,"
                    " sum(rejected) AS rejected FROM objects GROUP BY bucket, prefix"
                    " ORDER BY bucket, prefix"
                )
            )
        return Snapshot(generation, files, partitions, runs, run_months, ledger)

    def files(self, table: str | None = None) -> list[DataFile]:
        """The files that count, of one table or of all."""
        where, values = ('WHERE "table" = ?', [table]) if table else ("", [])
        with self._lock:
            rows = self._db.execute(f"SELECT * FROM files {where} ORDER BY path", values).fetchall()
        return [DataFile(**row) for row in rows]

    def objects(self, bucket: str, prefix: str) -> dict[str, LedgerObject]:
        """The ledger of everything below a prefix, by key.

        Whatever the prefix was when it was mirrored: the setting may have become wider or narrower since.
        """
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM objects WHERE bucket = ? AND substr(key, 1, length(?)) = ?",
                [bucket, prefix, prefix],
            ).fetchall()
        return {row["key"]: ledger_object(row) for row in rows}

    def object_span(self, bucket: str | None, key: str) -> dict[str, Any] | None:
        """Bucket, and first and last time of the entries of an object; of any bucket where none is named."""
        rows = self.query(
            "SELECT bucket, first_us, last_us FROM objects WHERE key = ? AND (? IS NULL OR bucket = ?)"
            " ORDER BY bucket LIMIT 1",
            [key, bucket, bucket],
        )
        return dict(rows[0]) if rows else None

    def retired(self, before_us: int) -> list[str]:
        """Files that stopped counting before a moment."""
        with self._lock:
            rows = self._db.execute("SELECT path FROM retired WHERE at_us < ?", [before_us]).fetchall()
        return [row[0] for row in rows]

    def known_paths(self) -> set[str]:
        """Every path that must not be swept: files that count and files that retired lately."""
        with self._lock:
            rows = self._db.execute("SELECT path FROM files UNION SELECT path FROM retired").fetchall()
        return {row[0] for row in rows}

    def is_new(self) -> bool:
        """Whether nobody ever wrote a run or a file into it."""
        with self._lock:
            row = self._db.execute(
                "SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM files)"
            ).fetchone()
        return not row[0]

    def state(self, part: str) -> dict[str, Any]:
        """What a part of the warehouse remembers, by name."""
        with self._lock:
            rows = self._db.execute("SELECT name, value FROM state WHERE part = ?", [part]).fetchall()
        return {row["name"]: json.loads(row["value"]) for row in rows}

    def query(self, text: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """The rows of one statement, for `warehouse.ledger`: it compares listings with the ledger."""
        with self._lock:
            try:
                return self._db.execute(text, values).fetchall()
            except sqlite3.Error as error:
                raise UnavailableError(f"the manifest {self.path} is not usable: {error}") from error

    # -- writing (under the writer's lock) -------------------------------------------------------

    def start_run(self, run: Run) -> int:
        """Note a run that starts; runs that never finished were killed: returns how many."""
        with self.transaction() as db:
            killed = db.execute(
                "UPDATE runs SET status = 'killed', detail = 'the process ended before the run did'"
                " WHERE status = 'running'"
            ).rowcount
            db.execute(
                "INSERT INTO runs (run_id, kind, status, started_us, bucket, class_a_price, class_b_price,"
                " storage_price) VALUES (:run_id, :kind, 'running', :started_us, :bucket, :class_a_price,"
                " :class_b_price, :storage_price)",
                {name: getattr(run, name) for name in run.__struct_fields__},
            )
        return killed

    def reload(self, run: Run) -> None:
        """Set what a run is said to have mirrored to what was committed of it."""
        (row,) = self.query(
            "SELECT objects, replaced, entries, rejected, compressed_bytes, raw_bytes FROM runs"
            " WHERE run_id = ?",
            [run.run_id],
        )
        for name in row.keys():  # noqa: SIM118 - a row of SQLite iterates over its values
            setattr(run, name, row[name])

    def finish_run(self, run: Run) -> None:
        """Note how a run ended, and move the generation so that readers see it."""
        with self.transaction() as db:
            _update_run(db, run)
            db.execute(
                "UPDATE runs SET stored_bytes = (SELECT coalesce(sum(size), 0) FROM objects WHERE gone = 0)"
                " WHERE run_id = ?",
                [run.run_id],
            )
            db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")

    def commit(
        self,
        *,
        objects: Iterable[LedgerObject] = (),
        gone: Iterable[tuple[str, str]] = (),
        add: Iterable[DataFile] = (),
        remove: Iterable[str] = (),
        state: Mapping[tuple[str, str], Any] | None = None,
        run: Run | None = None,
    ) -> None:
        """Add and drop objects and files in one transaction; `gone` are (bucket, key) pairs.

        `state` is what to remember with it, by (part, name); None forgets a name. `run` is how far a run
        is, so that one that is killed is known to have cost what it cost up to here.
        """
        at = now_us()
        with self.transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO objects (bucket, key, prefix, etag, size, modified_us, storage_class,"
                " format, raw_bytes, lines, accepted, rejected, first_us, last_us, metadata, run_id, gone)"
                " VALUES (:bucket, :key, :prefix, :etag, :size, :modified_us, :storage_class, :format,"
                " :raw_bytes, :lines, :accepted, :rejected, :first_us, :last_us, :metadata, :run_id, :gone)",
                [_row(item) for item in objects],
            )
            db.executemany("UPDATE objects SET gone = 1 WHERE bucket = ? AND key = ?", list(gone))
            dropped = [(path,) for path in remove]
            db.executemany("DELETE FROM files WHERE path = ?", dropped)
            db.executemany(
                "INSERT OR REPLACE INTO retired VALUES (?, ?)", [(path, at) for (path,) in dropped]
            )
            db.executemany(
                'INSERT INTO files (path, "table", "partition", entries, bytes, min_us, max_us, run_id,'
                " sha256) VALUES (:path, :table, :partition, :entries, :bytes, :min_us, :max_us, :run_id,"
                " :sha256)",
                [{name: getattr(file, name) for name in file.__struct_fields__} for file in add],
            )
            _remember(db, state or {})
            if run is not None:
                _update_run(db, run)
            db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")

    def remember(self, state: Mapping[tuple[str, str], Any]) -> None:
        """Remember values by (part, name) without moving the generation; None forgets a name."""
        with self.transaction() as db:
            _remember(db, state)

    def forget_retired(self, paths: Iterable[str]) -> None:
        """Drop retired files whose unlinking is done."""
        with self.transaction() as db:
            db.executemany("DELETE FROM retired WHERE path = ?", [(path,) for path in paths])


def _is_full(data_dir: Path) -> bool:
    """Is there no room for a page of the database?"""
    with suppress(OSError):
        return shutil.disk_usage(data_dir).free < _LEAST_FREE
    return False


def _update_run(db: sqlite3.Connection, run: Run) -> None:
    names = [name for name in run.__struct_fields__ if name not in ("run_id", "kind", "started_us")]
    db.execute(
        f"UPDATE runs SET {', '.join(f'{name} = :{name}' for name in names)} WHERE run_id = :run_id",
        {name: getattr(run, name) for name in run.__struct_fields__},
    )


def _remember(db: sqlite3.Connection, state: Mapping[tuple[str, str], Any]) -> None:
    for (part, name), value in state.items():
        if value is None:
            db.execute("DELETE FROM state WHERE part = ? AND name = ?", [part, name])
        else:
            db.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", [part, name, json.dumps(value)])


def _schema_of(db: sqlite3.Connection) -> int:
    """The version of a manifest's schema; 0 for a file without tables."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return 0
    row = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    return int(row[0]) if row else 0


def _migrate(db: sqlite3.Connection) -> None:
    """Bring a manifest to the schema of today, whole or not at all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for migration in MIGRATIONS[_schema_of(db) :]:
            for statement in migration.split(";\n"):
                db.execute(statement)
        db.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [SCHEMA_VERSION])
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _dicts(rows: Iterable[sqlite3.Row]) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]


def ledger_object(row: sqlite3.Row) -> LedgerObject:
    """A row of `objects` as a struct."""
    values = dict(row)
    values["metadata"] = json.loads(values["metadata"])
    values["gone"] = bool(values["gone"])
    return LedgerObject(**values)


def _row(item: LedgerObject) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in item.__struct_fields__}
    values["metadata"] = json.dumps(item.metadata, sort_keys=True)
    values["gone"] = int(item.gone)
    return values

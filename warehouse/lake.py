"""The lake: where Parquet files lie, what they are called, and how they get there and go away.

`data/lake/<table>/<partition>=<value>/<run>-<unique>.parquet`; a table without partitions has its files
directly below it. Files are immutable: a change writes a new file and retires the old one.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from warehouse import columns, duck, readers
from warehouse.errors import UnavailableError
from warehouse.manifest import DataFile, Manifest, Run, now_us

#: How long a file stays after it stopped counting, for queries that began before (microseconds).
GRACE_US = 10 * 60 * 1_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - DuckDB's times have no zone


class Lake:
    """The Parquet files of one warehouse."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir.resolve() / "lake"

    def path(self, file: DataFile | str) -> Path:
        """Where a file of the manifest lies."""
        return self.root / (file if isinstance(file, str) else file.path)

    def write(
        self,
        con: duck.Connection,
        query: str,
        *,
        table: str,
        partition: str,
        run_id: str,
        time_column: str | None = None,
    ) -> DataFile | None:
        """Run a query into a new file of a table and make it durable; None when it has no row.

        `time_column` gives the file's first and last time to the manifest, for pruning.
        """
        target = self._target(table, partition, run_id)
        copied = self._copy(con, query, table, target, time_column)
        return self._data_file(copied, target, table, partition, run_id) if copied.entries else None

    def write_by_date(
        self, con: duck.Connection, query: str, *, table: str, run_id: str, time_column: str
    ) -> list[DataFile]:
        """Run a query that is sorted by time into new durable files of a table, one per date.

        Its date is known when it is written: most batches are of one, the others are cut then.
        """
        staged = self.root / table / f"{run_id}-{uuid.uuid4().hex[:12]}.parquet"
        files: list[DataFile] = []
        try:
            copied = self._copy(con, query, table, staged, time_column)
            if copied.first is None or copied.last is None:
                return []
            if copied.first.date() == copied.last.date():
                partition = str(copied.first.date())
                target = self._target(table, partition, run_id)
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.rename(target)
                _make_durable(target)
                return [self._data_file(copied, target, table, partition, run_id)]
            relation = duck.parquet_relation(table, [staged])
            dates = con.execute(f"SELECT DISTINCT CAST({time_column} AS DATE) FROM ({relation}) ORDER BY 1")
            for (date,) in dates.fetchall():
                file = self.write(
                    con,
                    f"SELECT * FROM ({relation}) WHERE {time_column} >= DATE '{date}'"
                    f" AND {time_column} < DATE '{date}' + INTERVAL 1 DAY",
                    table=table,
                    partition=str(date),
                    run_id=run_id,
                    time_column=time_column,
                )
                files += [file] if file else []
        except BaseException:
            self.discard(files)
            raise
        finally:
            staged.unlink(missing_ok=True)
        return files

    def _target(self, table: str, partition: str, run_id: str) -> Path:
        """A new file's name, which says where it belongs and is nobody else's."""
        folder = f"{table}/{duck.PARTITIONS[table]}={partition}" if table in duck.PARTITIONS else table
        return self.root / folder / f"{run_id}-{uuid.uuid4().hex[:12]}.parquet"

    def _data_file(self, copied: _Copied, target: Path, table: str, partition: str, run_id: str) -> DataFile:
        return DataFile(
            path=str(target.relative_to(self.root)),
            table=table,
            partition=partition,
            entries=copied.entries,
            bytes=target.stat().st_size,
            min_us=_us(copied.first),
            max_us=_us(copied.last),
            run_id=run_id,
            sha256=checksum(target),
        )

    def _copy(
        self, con: duck.Connection, query: str, table: str, target: Path, time_column: str | None
    ) -> _Copied:
        """Write a query's rows to a durable file; none is left of an empty query or a failure."""
        try:
            return _copy(con, query, table, target, time_column)
        except (duck.IOError, OSError) as error:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            raise UnavailableError(
                f"{target} cannot be written: {str(error).splitlines()[0]}",
                hint="check the disk's space and the rights on WAREHOUSE_DATA_DIR",
            ) from error

    def begin(self, manifest: Manifest, run: Run, *, outdated: bool = False) -> int:
        """Start a run of the holder of the writer's lock, and sweep; gives how many runs were killed before.

        Raises UnavailableError when the manifest is new and the lake is not: with a manifest that got lost,
        everything would count as a leftover. Also when a file lacks columns, unless `outdated` ones may be.
        """
        if manifest.is_new() and (strangers := len(self.leftovers(manifest))):
            raise UnavailableError(
                f"{self.root} holds {strangers:,} Parquet files, but {manifest.path} knows nothing of them",
                hint="restore the manifest, or move the data directory away and sync again",
            )
        if not outdated:
            columns.require_current(self.root, manifest)
        killed = manifest.start_run(run)
        self.sweep(manifest)
        return killed

    def leftovers(self, manifest: Manifest) -> list[Path]:
        """Parquet files that the manifest does not know: of killed runs, or of a manifest that got lost."""
        known = manifest.known_paths()
        return [
            path for path in self.root.glob("**/*.parquet") if str(path.relative_to(self.root)) not in known
        ]

    def sweep(self, manifest: Manifest) -> int:
        """Unlink what does not count: leftovers of killed runs, and retired files after their grace.

        Those that a reader may still read, who has been at it for longer (`readers.py`), stay.

        Only for the holder of the writer's lock. Returns the number of files that went.
        """
        reader = readers.oldest_us(self.root.parent)
        due = manifest.retired(min(now_us(), reader or now_us()) - GRACE_US)
        for name in due:
            self.path(name).unlink(missing_ok=True)
        manifest.forget_retired(due)
        leftovers = self.leftovers(manifest)
        for path in leftovers:
            path.unlink(missing_ok=True)
        return len(due) + len(leftovers)

    def require_sound(self, files: Iterable[DataFile]) -> None:
        """Raise UnavailableError for a file that is gone or has another content than was written.

        For whoever writes its rows anew, or gives up where they came from: after that nothing would tell.
        """
        for file in files:
            path = self.path(file)
            try:
                sound = path.stat().st_size == file.bytes and file.sha256 in (None, checksum(path))
            except OSError as error:
                raise _damaged(path, error.strerror or "cannot be read") from error
            if not sound:
                raise _damaged(path, "has another content than was written")

    def discard(self, files: Iterable[DataFile]) -> None:
        """Unlink files that were written but never committed."""
        for file in files:
            self.path(file).unlink(missing_ok=True)


def _damaged(path: Path, what: str) -> UnavailableError:
    return UnavailableError(
        f"a file of the warehouse is damaged: {path} {what}",
        hint="`warehouse verify` names the files that are missing or damaged, and says what to do",
    )


def checksum(path: Path) -> str:
    """SHA-256 of a file in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Copied(NamedTuple):
    """Rows of a new file, and their first and last time (UTC, without a zone) where one was asked for."""

    entries: int
    first: datetime | None
    last: datetime | None


def _copy(con: duck.Connection, query: str, table: str, target: Path, time_column: str | None) -> _Copied:
    """Write a query's rows to a file that survives a crash; no file is left when there is none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = con.execute(
        f"COPY (SELECT {duck.column_list(table)} FROM ({query})) TO {duck.quoted(target)}"
        f" ({duck.PARQUET}, RETURN_STATS)"
    ).fetchone()
    # File name, rows, bytes, bytes of the footer, statistics by column.
    entries, statistics = (int(written[1]), written[4]) if written else (0, {})
    if not entries:
        target.unlink(missing_ok=True)
        return _Copied(0, None, None)
    _make_durable(target)
    if time_column is None:
        return _Copied(entries, None, None)
    times = statistics[f'"{time_column}"']
    return _Copied(entries, datetime.fromisoformat(times["min"]), datetime.fromisoformat(times["max"]))


def _us(moment: datetime | None) -> int | None:
    """A UTC time without a zone in epoch microseconds."""
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def _make_durable(path: Path) -> None:
    """fsync a file and the folders that name it, before the manifest does."""
    for target in (path, path.parent, path.parent.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

"""The lake: where Parquet files lie, what they are called, and how they get there and go away.

`data/lake/<table>/<partition>=<value>/<run>-<unique>.parquet`; a table without partitions has its files
directly below it. Files are immutable: a change writes a new file and retires the old one.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from warehouse import duck
from warehouse.errors import UnavailableError
from warehouse.manifest import DataFile, Manifest, Run, now_us

#: How long a file stays after it stopped counting, for queries that began before (microseconds).
GRACE_US = 10 * 60 * 1_000_000


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
        folder = f"{table}/{duck.PARTITIONS[table]}={partition}" if table in duck.PARTITIONS else table
        relative = f"{folder}/{run_id}-{uuid.uuid4().hex[:12]}.parquet"
        target = self.root / relative
        try:
            entries = _copy(con, query, table, target)
        except (duck.IOError, OSError) as error:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            raise UnavailableError(
                f"{target} cannot be written: {str(error).splitlines()[0]}",
                hint="check the disk's space and the rights on WAREHOUSE_DATA_DIR",
            ) from error
        if entries == 0:
            return None
        first, last = None, None
        if time_column:
            bounds = con.execute(
                f"SELECT epoch_us(min({time_column})), epoch_us(max({time_column}))"
                f" FROM read_parquet({duck.quoted(target)}, hive_partitioning = false)"
            ).fetchone()
            first, last = bounds if bounds else (None, None)
        return DataFile(
            path=relative,
            table=table,
            partition=partition,
            entries=entries,
            bytes=target.stat().st_size,
            min_us=first,
            max_us=last,
            run_id=run_id,
        )

    def begin(self, manifest: Manifest, run: Run) -> int:
        """Start a run of the holder of the writer's lock, and sweep; gives how many runs were killed before.

        Raises UnavailableError when the manifest is new and the lake is not: with a manifest that got lost,
        everything would count as a leftover.
        """
        if manifest.is_new() and (strangers := len(self.leftovers(manifest))):
            raise UnavailableError(
                f"{self.root} holds {strangers:,} Parquet files, but {manifest.path} knows nothing of them",
                hint="restore the manifest, or move the data directory away and sync again",
            )
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

        Only for the holder of the writer's lock. Returns the number of files that went.
        """
        due = manifest.retired(now_us() - GRACE_US)
        for name in due:
            self.path(name).unlink(missing_ok=True)
        manifest.forget_retired(due)
        leftovers = self.leftovers(manifest)
        for path in leftovers:
            path.unlink(missing_ok=True)
        return len(due) + len(leftovers)

    def discard(self, files: Iterable[DataFile]) -> None:
        """Unlink files that were written but never committed."""
        for file in files:
            self.path(file).unlink(missing_ok=True)


def _copy(con: duck.Connection, query: str, table: str, target: Path) -> int:
    """Write a query's rows to a file that survives a crash; no file is left when there is none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copied = con.execute(
        f"COPY (SELECT {duck.column_list(table)} FROM ({query})) TO {duck.quoted(target)} ({duck.PARQUET})"
    ).fetchone()
    entries = int(copied[0]) if copied else 0
    if entries:
        _make_durable(target)
    else:
        target.unlink()
    return entries


def _make_durable(path: Path) -> None:
    """fsync a file and the folders that name it, before the manifest does."""
    for target in (path, path.parent, path.parent.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

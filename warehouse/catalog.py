"""The catalog: `data/warehouse.duckdb`, views over the Parquet files, for any DuckDB client.

It is built aside and swapped by rename after each commit, so that an open session keeps its snapshot.
"""

from __future__ import annotations

import logging
import os
import uuid
from pathlib import Path

from warehouse import duck, sqlfiles
from warehouse.engine import MANIFEST_TYPES, bind_manifest
from warehouse.errors import UnavailableError, WarehouseError
from warehouse.lake import Lake
from warehouse.manifest import Manifest

log = logging.getLogger("warehouse.catalog")
# A command that fails says why in one line of its own; only the server logs this too (cli/runner.py).
log.addHandler(logging.NullHandler())


def publish(data_dir: Path, manifest: Manifest) -> Path:
    """Write the catalog for the manifest's present state; returns its path.

    Raises UnavailableError when it cannot be written, and when a Parquet file is damaged or missing.
    """
    lake = Lake(data_dir)
    target = data_dir / "warehouse.duckdb"
    fresh = data_dir / f".catalog-{uuid.uuid4().hex[:12]}.duckdb"
    snapshot = manifest.snapshot()
    files: dict[str, list[Path]] = {table: [] for table in sqlfiles.names("tables")}
    for file in snapshot.files:
        files[file.table].append(lake.path(file))
    try:
        con = duck.open_file(fresh)
        try:
            # One transaction: each is made durable, and half a catalog is of no use.
            con.execute("BEGIN")
            for name in sqlfiles.names("macros"):
                con.execute(sqlfiles.read("macros", name))
            for table, paths in files.items():
                view = duck.lake_view(table, duck.file_list(paths)) if paths else duck.empty_view(table)
                con.execute(f"CREATE VIEW {table} AS {view}")
            # The manifest's tables are small: the catalog carries a copy of them.
            bind_manifest(con, snapshot, MANIFEST_TYPES.keys())
            for name in sqlfiles.names("views"):
                con.execute(sqlfiles.read("views", name))
                if name in MANIFEST_TYPES:
                    con.execute(f"CREATE TABLE copied AS FROM {name}; DROP VIEW {name}")
                    con.execute(f"ALTER TABLE copied RENAME TO {name}")
            for name in sqlfiles.names("functions"):
                con.execute(sqlfiles.read("functions", name))
            con.execute("COMMIT")
        finally:
            con.close()
        os.replace(fresh, target)
    except (duck.Error, OSError) as error:
        # "Invalid Input Error: No magic bytes found at end of file '…'": DuckDB names the file.
        raise UnavailableError(
            f"the catalog {target} cannot be made: {str(error).splitlines()[0]}",
            hint="`warehouse verify` names every damaged file and says what to do",
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
    return target


def publish_if_possible(data_dir: Path, manifest: Manifest) -> None:
    """`publish` where something else matters more, such as the error of a run: what goes wrong is logged."""
    try:
        publish(data_dir, manifest)
    except WarehouseError as error:
        log.warning("%s", error)

"""The catalog: `data/warehouse.duckdb`, views only, for any DuckDB client.

It is built aside and swapped by rename after each commit, so that an open session keeps its snapshot.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from warehouse import duck, sqlfiles
from warehouse.lake import Lake
from warehouse.manifest import Manifest


def publish(data_dir: Path, manifest: Manifest) -> Path:
    """Write the catalog for the manifest's present state; returns its path."""
    lake = Lake(data_dir)
    target = data_dir / "warehouse.duckdb"
    fresh = data_dir / f".catalog-{uuid.uuid4().hex[:12]}.duckdb"
    files: dict[str, list[Path]] = {table: [] for table in sqlfiles.names("tables")}
    for file in manifest.files():
        files[file.table].append(lake.path(file))
    try:
        con = duck.open_file(fresh)
        try:
            for name in sqlfiles.names("macros"):
                con.execute(sqlfiles.read("macros", name))
            for table, paths in files.items():
                con.execute(f"CREATE VIEW {table} AS {duck.parquet_relation(table, paths)}")
        finally:
            con.close()
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return target

"""The tables of the manifest, and how an older manifest becomes one of today's.

A change of the schema is one more entry of `MIGRATIONS`: SQL that leads from one version to the next. New
manifests run all of them in order, so that there is one way to get to a schema and not two.
"""

from __future__ import annotations

#: SQL that leads from version n (its place in the list) to n + 1.
MIGRATIONS: list[str] = [
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
    INSERT INTO meta VALUES ('generation', 0), ('schema', 0);
    -- The ledger: one row per object that was ever mirrored; gone = 1 when the bucket no longer has it.
    CREATE TABLE objects (
        bucket TEXT NOT NULL, key TEXT NOT NULL, prefix TEXT NOT NULL, etag TEXT NOT NULL,
        size INTEGER NOT NULL, modified_us INTEGER NOT NULL, storage_class TEXT NOT NULL, format TEXT,
        raw_bytes INTEGER NOT NULL, lines INTEGER NOT NULL, accepted INTEGER NOT NULL,
        rejected INTEGER NOT NULL, first_us INTEGER, last_us INTEGER, metadata TEXT NOT NULL,
        run_id TEXT NOT NULL, gone INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (bucket, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE files (
        path TEXT PRIMARY KEY, "table" TEXT NOT NULL, "partition" TEXT NOT NULL, entries INTEGER NOT NULL,
        bytes INTEGER NOT NULL, min_us INTEGER, max_us INTEGER, run_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
    -- Files that no longer count but that a running query may still read.
    CREATE TABLE retired (path TEXT PRIMARY KEY, at_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, started_us INTEGER NOT NULL,
        finished_us INTEGER, objects INTEGER NOT NULL DEFAULT 0, replaced INTEGER NOT NULL DEFAULT 0,
        entries INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
        compressed_bytes INTEGER NOT NULL DEFAULT 0, raw_bytes INTEGER NOT NULL DEFAULT 0,
        class_a INTEGER NOT NULL DEFAULT 0, class_b INTEGER NOT NULL DEFAULT 0, detail TEXT) STRICT;
    """,
    """
    -- What a part of the warehouse has to remember from one run to the next, as JSON, by part and name.
    CREATE TABLE state (
        part TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (part, name)) STRICT, WITHOUT ROWID;
    -- SHA-256 of a Parquet file as it was written, in hexadecimal.
    ALTER TABLE files ADD COLUMN sha256 TEXT;
    """,
    """
    -- What a run asked of the bucket, and what that costs: prices in dollars as they were set at its time,
    -- per million operations and per GB and month. stored_bytes is what the ledger held when the run ended.
    ALTER TABLE runs ADD COLUMN full_listing INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN listed_bytes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN downloaded_bytes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN class_a_price REAL NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN class_b_price REAL NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN storage_price REAL NOT NULL DEFAULT 0;
    """,
    """
    -- The bucket that a run was about; null for one that was about none, and for runs of former versions.
    ALTER TABLE runs ADD COLUMN bucket TEXT;
    """,
]

SCHEMA_VERSION = len(MIGRATIONS)

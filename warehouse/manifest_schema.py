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
    """
    -- Rules of the API as JSON; those that are built in or in the settings file are not here.
    CREATE TABLE alert_rules (id TEXT PRIMARY KEY, rule TEXT NOT NULL, changed_us INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    -- What is not well, by rule and group (name is empty for rules without groups).
    CREATE TABLE alert_states (
        rule_id TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, since_us INTEGER NOT NULL,
        fired_us INTEGER, value REAL, notified INTEGER NOT NULL, acknowledged_us INTEGER,
        seen_us INTEGER NOT NULL, PRIMARY KEY (rule_id, name)) STRICT, WITHOUT ROWID;
    CREATE TABLE alert_silences (rule_id TEXT PRIMARY KEY, until_us INTEGER NOT NULL, comment TEXT)
        STRICT, WITHOUT ROWID;
    -- What happened, with what reproduces it. notified = 0: a silence held it back.
    CREATE TABLE alert_events (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, rule_id TEXT NOT NULL,
        name TEXT NOT NULL, title TEXT NOT NULL, event TEXT NOT NULL, value REAL, condition TEXT NOT NULL,
        operator TEXT NOT NULL, threshold REAL NOT NULL, severity TEXT NOT NULL,
        window_start_us INTEGER NOT NULL, window_end_us INTEGER NOT NULL, query TEXT NOT NULL,
        notified INTEGER NOT NULL) STRICT;
    -- Messages to channels: due until they are sent or given up. Written with the event that they tell of.
    CREATE TABLE alert_outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL,
        message TEXT NOT NULL, created_us INTEGER NOT NULL, status TEXT NOT NULL DEFAULT 'due',
        attempts INTEGER NOT NULL DEFAULT 0, next_us INTEGER NOT NULL, error TEXT) STRICT;
    """,
    """
    -- Boards as JSON; one with the id of a shipped board takes its place.
    CREATE TABLE boards (id TEXT PRIMARY KEY, board TEXT NOT NULL, changed_us INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    """,
    """
    -- Runs that asked nothing of a bucket (compactions, cleanups, killed ones) noted no prices, as if storage
    -- were free. They get those of the run before that did, the first ones of all those of the run after.
    CREATE TABLE priced (
        started_us INTEGER PRIMARY KEY, a REAL NOT NULL, b REAL NOT NULL, storage REAL NOT NULL) STRICT;
    INSERT OR REPLACE INTO priced SELECT started_us, class_a_price, class_b_price, storage_price FROM runs
        WHERE class_a + class_b > 0 OR class_a_price + class_b_price + storage_price > 0;
    UPDATE runs SET (class_a_price, class_b_price, storage_price) = (
        SELECT p.a, p.b, p.storage FROM priced AS p WHERE p.started_us = coalesce(
            (SELECT max(e.started_us) FROM priced AS e WHERE e.started_us <= runs.started_us),
            (SELECT min(l.started_us) FROM priced AS l)))
        WHERE class_a + class_b = 0 AND class_a_price + class_b_price + storage_price = 0
            AND EXISTS (SELECT 1 FROM priced);
    DROP TABLE priced
    """,
]

SCHEMA_VERSION = len(MIGRATIONS)

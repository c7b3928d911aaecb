"""What the tests of sync and cleanup share: log lines, a bucket with its warehouse, what must always hold."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from warehouse import sync
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.housekeeping import cleanup
from warehouse.ingest.rollups import LOG_ROLLUPS
from warehouse.lake import Lake
from warehouse.manifest import Manifest
from warehouse.service import Warehouse
from warehouse.settings import Settings

#: 2026-11-10 00:00 UTC in epoch milliseconds, a day at the middle of a month.
DAY = round(datetime(2026, 11, 10, tzinfo=UTC).timestamp() * 1000)
SECOND = 1_000
HOUR = 3_600_000
DATE = 24 * HOUR

LEVELS = ("info", "info", "debug", "warn", "error")

#: Everything of a warehouse that only depends on what the bucket holds, table by table.
CONTENTS = {
    "logs": "SELECT * FROM logs ORDER BY object_key, line",
    "quarantine": "SELECT bucket, object_key, line, raw, reason FROM quarantine ORDER BY ALL",
    "activity": "SELECT * FROM activity ORDER BY ALL",
    "activity_by": "SELECT * FROM activity_by ORDER BY ALL",
    "latency": "SELECT * FROM latency ORDER BY ALL",
    "errors": "SELECT * FROM errors ORDER BY ALL",
    "daily": "SELECT * FROM daily ORDER BY ALL",
    "error_templates": "SELECT * FROM error_templates ORDER BY ALL",
    "facets": "SELECT * FROM facets ORDER BY ALL",
    "downloads": "SELECT * FROM downloads ORDER BY ALL",
    "installers": "SELECT * FROM installers ORDER BY ALL",
    "storage": "SELECT * FROM storage ORDER BY ALL",
    "packages": "SELECT * FROM packages ORDER BY ALL",
    "ledger": "SELECT * FROM ledger ORDER BY ALL",
}
ROLLUPS = tuple(LOG_ROLLUPS)

#: One statement, so one state: every way to count the entries, which must all agree.
AGREEMENT = """
    SELECT
        (SELECT count(*) FROM logs),
        coalesce((SELECT sum(entries) FROM activity WHERE grain = 30), 0),
        coalesce((SELECT sum(entries) FROM activity WHERE grain = 300), 0),
        coalesce((SELECT sum(entries) FROM activity WHERE grain = 3600), 0),
        coalesce((SELECT sum(entries) FROM daily), 0),
        coalesce((SELECT sum(entries) FROM facets WHERE grain = 900), 0),
        coalesce((SELECT sum(entries) FROM facets WHERE grain = 3600), 0),
        coalesce((SELECT sum(entries) FROM files WHERE "table" = 'logs'), 0),
        coalesce((SELECT sum(accepted) FROM ledger), 0)
"""


def line(at_ms: float, level: str = "info", message: str = "served", **metadata: Any) -> bytes:
    """One log line of the registry's format."""
    return json.dumps(
        {"timestamp": at_ms, "level": level, "message": message, "source": "api", "metadata": metadata}
    ).encode()


def lines(count: int, start_ms: float = DAY, step_ms: float = SECOND, tag: str = "m") -> list[bytes]:
    """`count` different GETs of tarballs, `step_ms` apart, of all levels; most carry a response time."""
    return [
        line(
            start_ms + number * step_ms,
            LEVELS[number % len(LEVELS)],
            f"{tag} {number}",
            status=500 if number % 5 == 4 else 200,
            method="GET",
            endpoint=f"/icons/-/icons-{number % 3}.0.0.tgz",
            clientIP=f"10.0.0.{number % 4}",
            **({"responseTime": 1.5 * (number + 1)} if number % 7 else {}),
        )
        for number in range(count)
    ]


def text(rows: Iterable[bytes]) -> bytes:
    return b"".join(row + b"\n" for row in rows)


def gz(rows: Iterable[bytes]) -> bytes:
    return gzip.compress(text(rows), mtime=0)


def zst(rows: Iterable[bytes]) -> bytes:
    return zstandard.compress(text(rows))


class ByBucket:
    """Fetches every body by way of the bucket, which a test has put its own in the place of."""

    def __init__(self, settings: Settings, bucket: Bucket) -> None:
        self._bucket = bucket

    def get(self, info: ObjectInfo, span: tuple[int, int] | None = None) -> bytes:
        return self._bucket.get(info.key, etag=info.etag, span=span)


class Mirror:
    """A bucket and the warehouse that mirrors it."""

    def __init__(self, settings: Settings, bucket: Bucket) -> None:
        self.settings = settings
        self.bucket = bucket
        self._reader: Warehouse | None = None
        self._others: list[Mirror] = []

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        for other in self._others:
            other.close()

    @property
    def reader(self) -> Warehouse:
        """The warehouse, opened once: it must see every commit of others."""
        if self._reader is None:
            self._reader = Warehouse(self.settings)
        return self._reader

    def with_settings(self, **changes: Any) -> Mirror:
        """The same bucket with other settings, for example another data directory."""
        self._others.append(Mirror(msgspec.structs.replace(self.settings, **changes), self.bucket))
        return self._others[-1]

    @property
    def lake(self) -> Path:
        return self.settings.data_dir / "lake"

    def put(self, key: str, rows: Iterable[bytes]) -> None:
        self.bucket.put(key, gz(rows))

    def sync(self) -> sync.SyncSummary:
        return sync.run(self.settings)

    def clean(self, now: datetime, **options: Any) -> cleanup.CleanupSummary:
        return cleanup.run(self.settings, now=now, **options)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.reader.sql(query).rows

    def row(self, query: str) -> tuple[Any, ...]:
        rows = self.rows(query)
        assert len(rows) == 1
        return rows[0]

    def contents(self, tables: Sequence[str] = tuple(CONTENTS)) -> dict[str, list[tuple[Any, ...]]]:
        return {table: self.rows(CONTENTS[table]) for table in tables}

    def files(self) -> dict[str, int]:
        """Path and size of every file that counts."""
        with closing(Manifest(self.settings.data_dir)) as manifest:
            return {file.path: file.bytes for file in manifest.files()}

    def retired(self) -> set[str]:
        with closing(Manifest(self.settings.data_dir)) as manifest:
            return manifest.known_paths() - {file.path for file in manifest.files()}

    def on_disk(self) -> dict[str, int]:
        """Path and size of every Parquet file in the lake."""
        return {
            str(path.relative_to(self.lake)): path.stat().st_size for path in self.lake.rglob("*.parquet")
        }

    def generation(self) -> int:
        with closing(Manifest(self.settings.data_dir)) as manifest:
            return manifest.generation()

    def last_run(self) -> dict[str, Any]:
        return self.reader.run("status_last_run")[0]

    def let_the_grace_end(self, monkeypatch: Any) -> None:
        """What retired goes at the next start of a run."""
        monkeypatch.setattr("warehouse.lake.GRACE_US", -1_000_000)

    def spawn(self, code: str) -> subprocess.Popen[str]:
        """Another process that runs `code` with `settings` at hand."""
        program = (
            "from warehouse import settings, sync\nfrom warehouse.housekeeping import cleanup, compact\n"
            f"settings = settings.load()\n{code}"
        )
        wanted = self.settings
        environment = {
            "PATH": os.environ["PATH"],
            "R2_BUCKET_NAME": str(wanted.bucket),
            "R2_ENDPOINT": str(wanted.endpoint),
            "R2_REGION": wanted.region,
            "R2_ACCESS_KEY_ID": str(wanted.access_key_id),
            "R2_SECRET_ACCESS_KEY": str(wanted.secret_access_key),
            "WAREHOUSE_DATA_DIR": str(wanted.data_dir),
            "WAREHOUSE_COMPACT_DAYS": str(wanted.compact_days),
        }
        return subprocess.Popen(
            [sys.executable, "-c", program],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )


def run_until_killed(mirror: Mirror, code: str, seconds: float, *, commits: int = 0) -> bool:
    """Start a writer, kill it `seconds` after its run began and committed so often.

    Tells whether it was in the middle of its run. Commits are counted, because their speed is the machine's.
    """
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        before = len(manifest.snapshot().runs)
        child = mirror.spawn(code)
        deadline = time.monotonic() + 60
        while child.poll() is None and len(manifest.snapshot().runs) == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        generation = manifest.generation()
        while child.poll() is None and manifest.generation() < generation + commits:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(seconds)
        child.kill()
        child.communicate()
        return manifest.snapshot().runs[0]["status"] == "running"


def assert_sound(mirror: Mirror, *, cleaned: bool = False) -> None:
    """The counts agree, the files are as the manifest says, and rollups equal rollups built anew.

    After a cleanup of the warehouse the ledger still counts the rows that went.
    """
    counts = mirror.row(AGREEMENT)
    assert len(set(counts[:-1] if cleaned else counts)) == 1, counts
    files, on_disk = mirror.files(), mirror.on_disk()
    assert files == {path: on_disk.get(path) for path in files}
    assert set(on_disk) == set(files) | mirror.retired()
    assert mirror.contents(ROLLUPS) == rebuilt(mirror)
    storage = mirror.row("SELECT sum(objects), sum(bytes) FROM storage WHERE grain = 86400")
    held = mirror.row("SELECT sum(objects), sum(bytes) FROM ledger")
    assert tuple(value or 0 for value in storage) == tuple(value or 0 for value in held)


def rebuilt(mirror: Mirror) -> dict[str, list[tuple[Any, ...]]]:
    """The rollups of the logs, built at once from all rows, with the queries of `sql/rollups/`."""
    from warehouse import duck, sqlfiles

    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        logs = [Lake(mirror.settings.data_dir).path(file) for file in manifest.files("logs")]
    answers = {}
    with closing(duck.connect()) as con:
        con.execute(f"CREATE VIEW fresh_logs AS {duck.parquet_relation('logs', logs)}")
        for table in ROLLUPS:
            con.execute(f"CREATE OR REPLACE VIEW prior AS {duck.empty_relation(table)}")
            column = LOG_ROLLUPS[table]
            partition = "strftime(day, '%Y-%m') AS month" if table == "daily" else f"{column}::DATE AS date"
            answers[table] = con.execute(
                f"SELECT *, {partition} FROM ({sqlfiles.read('rollups', table)}) ORDER BY ALL"
            ).fetchall()
    return answers

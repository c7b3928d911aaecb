"""What happens when a part of the warehouse is lost, damaged or of another time."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.warehouse_builder import Builder, log, ndjson, utc
from warehouse.errors import UnavailableError
from warehouse.housekeeping import cleanup
from warehouse.ingest import lines
from warehouse.manifest import Manifest
from warehouse.settings import load


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    made = Builder(tmp_path / "data")
    made.put([log(utc("2026-03-01T10:00:00")), log(utc("2026-03-01T10:00:01"), "error")])
    made.sync()
    return made


def parquet(builder: Builder) -> list[Path]:
    return sorted((builder.settings.data_dir / "lake").glob("**/*.parquet"))


def lose_the_manifest(builder: Builder) -> None:
    for path in builder.settings.data_dir.glob("manifest.sqlite*"):
        path.unlink()


def test_a_sync_without_the_manifest_of_a_full_lake_deletes_nothing_and_says_why(builder: Builder) -> None:
    before = parquet(builder)
    lose_the_manifest(builder)
    with pytest.raises(UnavailableError, match="knows nothing of them"):
        builder.sync()
    assert parquet(builder) == before


def test_a_cleanup_without_the_manifest_of_a_full_lake_deletes_nothing(builder: Builder) -> None:
    before = parquet(builder)
    lose_the_manifest(builder)
    with pytest.raises(UnavailableError, match="restore the manifest"):
        cleanup.run(load({}, data_dir=builder.settings.data_dir), 1)
    assert parquet(builder) == before


def test_a_missing_file_is_named_by_reader_and_facade(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        for path in parquet(builder):
            path.unlink()
        with pytest.raises(UnavailableError, match="cannot be read"):
            warehouse.analytics(now=utc("2026-03-01T11:00:00"))


def test_a_damaged_file_is_an_error_that_points_to_verify(builder: Builder) -> None:
    for path in parquet(builder):
        path.write_bytes(b"no parquet" * 100)
    with pytest.raises(UnavailableError, match="warehouse verify"), closing(builder.open()) as warehouse:
        warehouse.analytics(now=utc("2026-03-01T11:00:00"))


def test_a_manifest_of_another_schema_is_refused(builder: Builder) -> None:
    with closing(sqlite3.connect(builder.settings.data_dir / "manifest.sqlite")) as db:
        db.execute("UPDATE meta SET value = 99 WHERE key = 'schema'")
        db.commit()
    with pytest.raises(UnavailableError, match="schema 99"):
        Manifest(builder.settings.data_dir)


def test_times_with_a_zone_can_be_asked_for(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        rows = warehouse.sql("SELECT max(ts)::TIMESTAMPTZ FROM logs").rows
    assert rows[0][0].isoformat() == "2026-03-01T10:00:01+00:00"


def test_a_small_object_that_inflates_to_very_much_comes_in_small_batches() -> None:
    bomb = gzip.compress(b"\n" * 20_000_000)
    assert len(bomb) < 30_000
    batcher = lines.Batcher(32 * 1024 * 1024)
    sizes = [batch.lines for batch in batcher.add(0, [bomb])] + [batcher.take().lines]
    assert sum(sizes) == 20_000_000
    # A batch that is nearly full takes one more slice.
    assert max(sizes) <= 2 * 500_000


def test_a_byte_order_mark_belongs_to_no_line(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "marked")
    first, second = log(utc("2026-03-01T10:00:00")), log(utc("2026-03-01T10:00:01"))
    builder.put(b"\xef\xbb\xbf" + ndjson([first, second]))
    summary = builder.sync()
    assert (summary.entries, summary.rejected_lines) == (2, 0)

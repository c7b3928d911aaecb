"""A Parquet file that is damaged on the disk: the catalog says which, and hides no other error."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.sync.support import DAY, ByBucket, Mirror, lines
from warehouse import catalog
from warehouse.bucket import Bucket
from warehouse.errors import BucketError, UnavailableError
from warehouse.housekeeping import cleanup, rebuild, verify
from warehouse.manifest import Manifest


@pytest.fixture
def damaged(mirror: Mirror) -> Path:
    """A warehouse with a log file that is cut; gives the file."""
    mirror.put("logs/1.gz", lines(10, DAY))
    mirror.sync()
    (file,) = (mirror.lake / "logs").rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:100])
    return file


class _Refusing(Bucket):
    def get(self, key: str, **_: object) -> bytes:
        raise BucketError(f"cannot get {key}: SlowDown")


def test_a_damaged_file_is_named_by_the_catalog_and_says_what_to_do(mirror: Mirror, damaged: Path) -> None:
    before = (mirror.settings.data_dir / "warehouse.duckdb").read_bytes()
    with closing(Manifest(mirror.settings.data_dir)) as manifest, pytest.raises(UnavailableError) as told:
        catalog.publish(mirror.settings.data_dir, manifest)
    assert damaged.name in str(told.value)
    assert "warehouse verify" in str(told.value)
    assert (mirror.settings.data_dir / "warehouse.duckdb").read_bytes() == before
    assert list(mirror.settings.data_dir.glob(".catalog-*")) == []


@pytest.mark.usefixtures("damaged")
def test_a_damaged_file_does_not_hide_why_a_sync_failed(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.put("logs/2.gz", lines(10, DAY, tag="two"))
    monkeypatch.setattr("warehouse.sync.Bucket", _Refusing)
    monkeypatch.setattr("warehouse.sync.Fetcher", ByBucket)
    with pytest.raises(BucketError, match="SlowDown"):
        mirror.sync()
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        run = manifest.snapshot().runs[0]
    assert (run["status"], run["detail"]) == (
        "failed",
        "The bucket cannot be used: cannot get logs/2.gz: SlowDown",
    )


@pytest.mark.usefixtures("damaged")
def test_a_damaged_file_does_not_keep_what_a_killed_run_left_from_being_taken_over(mirror: Mirror) -> None:
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        manifest.query("UPDATE runs SET status = 'running'")
    mirror.put("logs/2.gz", lines(10, DAY + 86_400_000, tag="two"))
    with pytest.raises(UnavailableError, match="warehouse verify"):
        mirror.sync()
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        assert [(run["status"], run["objects"]) for run in manifest.snapshot().runs] == [
            ("ok", 1),
            ("killed", 1),
        ]


@pytest.mark.parametrize("table", ["activity", "daily", "storage"])
def test_a_sync_over_a_damaged_rollup_says_what_to_do_and_goes_well_after_that(
    mirror: Mirror, table: str
) -> None:
    mirror.put("logs/1.gz", lines(10, DAY))
    mirror.sync()
    (file,) = (mirror.lake / table).rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:100])
    mirror.put("logs/2.gz", lines(10, DAY, tag="two"))
    with pytest.raises(UnavailableError, match=rf"{file.name}.*warehouse verify"):
        mirror.sync()
    findings = verify.run(mirror.settings).findings
    (finding,) = [item for item in findings if item.where == str(file.relative_to(mirror.lake))]
    assert "rebuild --all" in finding.advice
    rebuild.run(mirror.settings)
    assert mirror.sync().entries == 10
    assert verify.run(mirror.settings).findings == []


def test_a_cleanup_over_a_damaged_file_says_what_to_do(mirror: Mirror, damaged: Path) -> None:
    with pytest.raises(UnavailableError, match=rf"{damaged.name}.*warehouse verify"):
        cleanup.run(
            mirror.settings, 1, now=datetime.fromtimestamp(DAY / 1000, UTC) + timedelta(days=1, seconds=3)
        )

"""A Parquet file that is damaged on the disk: the catalog says which, and hides no other error."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.sync.support import DAY, ByBucket, Mirror, lines
from warehouse import catalog
from warehouse.bucket import Bucket
from warehouse.errors import BucketError, UnavailableError
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

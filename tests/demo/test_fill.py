"""The demo's objects in a bucket and in a folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from warehouse.bucket import Bucket
from warehouse.demo import DemoSummary, clear, ensure, fill, filled, generate, write_to
from warehouse.errors import BucketError, CredentialsError, UnavailableError
from warehouse.settings import Settings

END = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
Target = tuple[Settings, Bucket]


class Told:
    """What a progress bar was told."""

    def __init__(self) -> None:
        self.expected = self.objects = self.bytes = self.closed = 0

    def start(self, objects: int, bytes: int) -> None:
        self.expected = objects

    def advance(self, objects: int, bytes: int) -> None:
        self.objects += objects
        self.bytes += bytes

    def close(self) -> None:
        self.closed += 1


def test_a_filled_bucket_holds_what_the_summary_says(bucket: Target) -> None:
    _, target = bucket
    told = Told()
    summary = fill(target, end=END, days=0.5, entries=1500, flush_seconds=1800, progress=told)
    made = {item.key: item for item in generate(END, 0.5, 1500, flush_seconds=1800)}
    listed = {info.key: info.size for prefix in ("logs/", "packages/") for info in target.list(prefix)}
    assert listed == {key: len(item.body) for key, item in made.items()}
    assert (summary.entries, summary.malformed) == (1500, 25)
    assert summary.objects + summary.packages == len(listed) == told.objects
    assert summary.packages == sum(key.startswith("packages/") for key in listed)
    assert summary.bytes == sum(listed.values()) == told.bytes
    assert summary.raw_bytes == sum(item.raw_bytes for item in made.values())
    assert (summary.start, summary.end) == (END - timedelta(hours=12), END)
    assert filled(target) == summary
    assert told.closed == 1
    assert 0.5 < told.expected / told.objects < 2


def test_the_packages_keep_their_integrity_in_the_bucket(bucket: Target) -> None:
    _, target = bucket
    fill(target, end=END, days=0.1, entries=10)
    package = next(item for item in generate(END, 0.1, 10) if item.key.startswith("packages/"))
    assert target.head(package.key).metadata == package.metadata
    assert target.get(package.key) == package.body


def test_a_bucket_that_was_never_filled_is_filled_by_ensure(bucket: Target) -> None:
    _, target = bucket
    target.put("logs/0xabc/1.jsonl", b"left by a fill that was cut short")
    assert filled(target) is None
    summary = ensure(target, now=END, days=0.5, entries=200)
    assert (summary.entries, summary.end) == (200, END)
    assert "logs/0xabc/1.jsonl" not in {info.key for info in target.list("logs/")}


def test_logs_that_are_fresh_stay_as_they_are_and_older_ones_go_on_until_now(bucket: Target) -> None:
    _, target = bucket
    first = ensure(target, now=END, days=1, entries=2400)
    before = {info.key for info in target.list("")}
    assert ensure(target, now=END + timedelta(minutes=59), days=1, entries=2400) == first
    assert {info.key for info in target.list("")} == before
    later = ensure(target, now=END + timedelta(hours=6), days=1, entries=2400)
    assert (later.entries, later.start, later.end) == (600, END, END + timedelta(hours=6))
    after = {info.key for info in target.list("")}
    assert before < after
    added = [int(key.split("/")[2].split(".")[0]) for key in after - before]
    assert min(added) > END.timestamp() * 1000


def test_a_cleared_bucket_is_empty(bucket: Target) -> None:
    _, target = bucket
    summary = fill(target, end=END, days=0.1, entries=50)
    assert clear(target) == summary.objects + summary.packages
    assert list(target.list("")) == []
    assert filled(target) is None


def test_a_fill_that_is_refused_says_so_and_leaves_no_summary(bucket: Target) -> None:
    settings, target = bucket
    told = Told()
    refused = Bucket(msgspec.structs.replace(settings, secret_access_key="not-the-secret"))
    with pytest.raises(CredentialsError):
        fill(refused, end=END, days=0.5, entries=500, progress=told)
    assert told.closed == 1
    assert filled(target) is None


def test_a_bucket_that_is_not_there_is_named(bucket: Target) -> None:
    settings, _ = bucket
    with pytest.raises(BucketError, match="no bucket not-there"):
        fill(Bucket(msgspec.structs.replace(settings, bucket="not-there")), end=END, entries=5)


def test_the_same_objects_can_be_written_as_files(tmp_path: Path) -> None:
    summary = write_to(tmp_path, end=END, days=0.2, entries=300, seed=5)
    files = {
        str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert files == {item.key: item.body for item in generate(END, 0.2, 300, 5)}
    assert summary == DemoSummary(
        objects=sum(key.startswith("logs/") for key in files),
        entries=300,
        malformed=25,
        packages=sum(key.startswith("packages/") for key in files),
        bytes=sum(map(len, files.values())),
        raw_bytes=summary.raw_bytes,
        start=END - timedelta(days=0.2),
        end=END,
        seed=5,
    )


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match=f"cannot write {tmp_path}/file/logs/"):
        write_to(tmp_path / "file", end=END, days=0.1, entries=5)

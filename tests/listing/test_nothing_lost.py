"""Whatever is skipped, killed or cut off between listing and commit is taken by a later run."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.listing.support import NOW, Mirror, PagedBucket, key_at, micros
from tests.warehouse_builder import Builder, MemorySource, log
from warehouse import sync
from warehouse.errors import BucketError, ObjectError
from warehouse.manifest import Manifest

OLD = key_at("bbbb", 235)  # the fixture's oldest object, far behind any look-back


def test_a_skipped_object_is_taken_next_time_though_the_start_is_past_it(mirror: Mirror) -> None:
    mirror.bucket.put(OLD)
    mirror.run(full=True, skip=frozenset({OLD}))
    assert OLD not in mirror.fetched

    mirror.run(skip=frozenset({OLD}))
    assert mirror.fetched == [], "it is asked for, and cannot be read again"
    mirror.run()
    assert (mirror.fetched, mirror.full) == ([OLD], False)
    heads = mirror.bucket.class_b
    mirror.run()
    assert mirror.fetched == []
    assert mirror.bucket.class_b == heads, "it is no longer asked for"
    assert mirror.held() == mirror.there()


def test_a_skipped_object_that_leaves_the_bucket_is_forgotten(mirror: Mirror) -> None:
    near = key_at("bbbb", 7)
    for key in (OLD, near):
        mirror.bucket.put(key)
    mirror.run(full=True, skip=frozenset({OLD, near}))
    del mirror.bucket.objects[OLD], mirror.bucket.objects[near]

    heads = mirror.bucket.class_b
    mirror.run()
    assert mirror.bucket.class_b == heads + 1, "only what the listing could not show is asked for"
    assert mirror.gone == [near]
    mirror.run()
    assert mirror.bucket.class_b == heads + 1
    assert (mirror.fetched, mirror.gone) == ([], [])


def test_an_object_that_was_only_in_the_inventory_is_fetched_once_it_lies_below_the_prefix(
    mirror: Mirror,
) -> None:
    for key in ("logs/other/a.log", "logs/other/b.log"):
        mirror.bucket.put(key)
    [inventoried, _] = mirror.bucket.list("logs/other/")
    row = msgspec.structs.replace(mirror._row(inventoried), format=None, prefix="logs/other/")
    mirror.manifest.commit(objects=[row])

    mirror.run()

    assert sorted(mirror.fetched) == ["logs/other/a.log", "logs/other/b.log"]
    mirror.run()
    assert mirror.fetched == []


def test_a_run_that_ends_between_its_commits_and_the_move_of_the_starts_loses_nothing(
    mirror: Mirror,
) -> None:
    new = [key_at("bbbb", -hours) for hours in (1, 50, 100)]
    for key in new:
        mirror.bucket.put(key)
    later = NOW + timedelta(hours=100)
    mirror.run(later, skip=frozenset(new[:2]), killed=True)
    assert mirror.fetched == new[2:]

    mirror.run(later)
    assert sorted(mirror.fetched) == sorted(new[:2])
    mirror.run(later)
    assert mirror.fetched == []
    assert mirror.held() == mirror.there()


def test_a_first_run_that_was_cut_off_begins_again_and_fetches_only_the_rest(
    small_pages: Any, tmp_path: Path
) -> None:
    bucket = PagedBucket(page=10)
    for number in range(60):
        bucket.put(key_at("aaaa", number))
    mirror = Mirror(tmp_path, bucket)
    missing = frozenset(key_at("aaaa", number) for number in range(20, 40))
    mirror.run(skip=missing, killed=True)

    mirror.run()

    assert sorted(mirror.fetched) == sorted(missing)
    assert mirror.held() == mirror.there()


@settings(max_examples=30)
@given(seed=st.integers(0, 1_000_000))
def test_runs_of_any_kind_in_any_order_take_all_that_comes_within_the_look_back(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Times pass, objects come (some late), change and go, runs are killed and skip: nothing is missed."""
    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.listing._PAGE", 10)
        patch.setattr("warehouse.listing._SMALL", 20)
        bucket = PagedBucket(page=10)
        folders = ["0xaaaa", "bbbb"]
        for number in range(60):
            bucket.put(key_at(folders[number % 2], 4 * number))
        mirror = Mirror(tmp_path_factory.mktemp("any"), bucket)
        increments = 0
        now = NOW
        for _ in range(12):
            now += timedelta(hours=chance.uniform(0, 20))
            if chance.random() < 0.2:
                folders.append(f"{chance.randrange(65536):04x}")
            for _ in range(chance.randrange(6)):
                written = now - timedelta(hours=chance.uniform(0, 23))
                name = f"logs/{chance.choice(folders)}/{micros(written) // 1000 + chance.randrange(1000)}.gz"
                bucket.put(name)
            skip = frozenset(key for key in bucket.objects if chance.random() < 0.1)
            mirror.run(now, skip=skip, killed=chance.random() < 0.2)
            increments += not mirror.full
        mirror.run(now)
        assert mirror.held() == mirror.there()
        assert increments


@pytest.fixture
def builder(tmp_path: Path, small_pages: Any) -> Builder:
    """Sixty objects of one entry each, in two folders; the bucket pages."""
    builder = Builder(tmp_path)
    builder.bucket = PagedBucket(page=10)
    for number in range(60):
        key = key_at(("0xaaaa", "bbbb")[number % 2], 6 * number)
        builder.put([log(NOW - timedelta(hours=6 * number))], key)
    return builder


def test_a_sync_that_cannot_read_an_old_object_takes_it_the_next_time(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread = key_at("bbbb", 6 * 59)
    take = builder.bucket.get

    def get(key: str, *, etag: str | None = None) -> bytes:
        if key == unread:
            raise ObjectError(f"{key} changed since it was listed")
        return take(key, etag=etag)

    with monkeypatch.context() as patch:
        patch.setattr(builder.bucket, "get", get)
        summary = builder.sync()
    assert (summary.objects, summary.skipped, summary.full_listing) == (59, 1, True)

    summary = builder.sync()
    assert (summary.objects, summary.skipped, summary.full_listing) == (1, 0, False)
    assert builder.sync().objects == 0
    assert builder.rows("SELECT count(*), count(DISTINCT object_key) FROM logs") == [(60, 60)]


@pytest.mark.parametrize("moment", ["chunk", "starts"])
def test_a_sync_that_dies_before_its_starts_move_is_made_good_by_the_next_one(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    builder.sync()
    new = [builder.put([log(NOW)], key_at("bbbb", -hours)) for hours in range(4)]

    class _Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        if moment == "starts":
            patch.setattr(Manifest, "remember", dies)
        else:
            patch.setattr("warehouse.sync._CHUNK_OBJECTS", 2)
            commits = []
            commit = Manifest.commit

            def dies_second(self: Manifest, **change: Any) -> None:
                commits.append(change)
                if len(commits) == 2:
                    raise _Killed
                commit(self, **change)

            patch.setattr(Manifest, "commit", dies_second)
        with pytest.raises(_Killed):
            builder.sync()
    assert builder.rows("SELECT count(*) FROM logs") == [(64 if moment == "starts" else 62,)]

    summary = builder.sync()

    assert summary.objects == (0 if moment == "starts" else 2)
    assert not summary.full_listing
    assert builder.rows("SELECT count(*), count(DISTINCT object_key) FROM logs") == [(64, 64)]
    assert len(new) == 4


def test_a_listing_that_breaks_off_keeps_what_was_committed_and_moves_no_start(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = builder.bucket.list
    monkeypatch.setattr("warehouse.sync._CHUNK_OBJECTS", 10)

    def breaks(prefix: str, start_after: str | None = None) -> Any:
        for number, info in enumerate(listing(prefix, start_after)):
            if number == 25 and prefix != "logs/":
                raise BucketError("the connection broke")
            yield info

    with monkeypatch.context() as patch:
        patch.setattr(builder.bucket, "list", breaks)
        with pytest.raises(BucketError):
            builder.sync()
    kept = builder.rows("SELECT count(*) FROM logs")[0][0]
    assert 0 < kept < 60
    assert builder.rows("SELECT status, class_b FROM runs") == [("failed", kept)]

    summary = builder.sync()

    assert (summary.objects, summary.full_listing) == (60 - kept, True)
    assert builder.rows("SELECT count(*), count(DISTINCT object_key) FROM logs") == [(60, 60)]


def test_ingesting_begins_while_the_listing_goes_on(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.sync._CHUNK_OBJECTS", 10)
    seen: list[tuple[int, int]] = []

    class _Progress:
        objects = 0

        def start(self, objects: int, size: int) -> None:
            assert objects >= self.objects, "the total only grows"
            self.objects = objects

        def advance(self, objects: int, size: int) -> None:
            seen.append((self.objects, len(builder.bucket.calls)))

        def close(self) -> None: ...

    monkeypatch.setattr("warehouse.sync.Bucket", lambda settings: builder.bucket)
    monkeypatch.setattr("warehouse.sync.Fetcher", lambda settings, bucket: MemorySource(bucket))
    sync.run(builder.settings, _Progress())

    assert len(seen) == 60
    assert seen[0][0] == 10, "the first objects were in before more than a page of them was known of"
    assert seen[-1][0] == 60
    assert seen[0][1] < len(builder.bucket.calls) - 1, "and before the last pages were listed"

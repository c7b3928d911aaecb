"""What a listing costs: calls that R2 bills, questions to the ledger, memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.listing.support import NOW, Mirror, PagedBucket, key_at, micros
from tests.warehouse_builder import Builder, log
from warehouse.bucket import Level, ObjectInfo
from warehouse.listing import Listing
from warehouse.manifest import Manifest
from warehouse.settings import Settings

MIB = 1024 * 1024


def test_an_idle_sync_over_three_thousand_objects_takes_four_listing_calls(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    builder.bucket = PagedBucket()
    for number in range(3_000):
        key = key_at(("0xaaaa", "bbbb")[number % 2], number)
        builder.put([log(NOW - timedelta(hours=number))], key)
    first = builder.sync()
    # Three pages, and one for the packages.
    assert (first.objects, first.class_a, first.full_listing) == (3_000, 4, True)

    builder.bucket.class_a = builder.bucket.class_b = 0
    idle = builder.sync()

    # One for the folders, one for the end of each of the two, and one for the packages.
    assert (idle.class_a, idle.class_b, idle.objects, idle.full_listing) == (4, 0, 0, False)
    assert builder.bucket.calls[-1] == ("packages/", None, False)
    assert idle.listed == 26, "the objects of the newest 24 hours of each"


@pytest.mark.parametrize("objects", [0, 1, 999, 1_000])
def test_a_prefix_that_fits_into_a_call_takes_one_call_always(tmp_path: Path, objects: int) -> None:
    bucket = PagedBucket()
    for number in range(objects):
        bucket.put(key_at(f"{number % 7:04x}", number))
    mirror = Mirror(tmp_path, bucket)

    assert [mirror.run(), mirror.run(), mirror.run(full=True)] == [1, 1, 1]
    assert mirror.held() == mirror.there()


class _HugeBucket(PagedBucket):
    """100,000 objects in four folders, made page by page when they are listed."""

    FOLDERS = ("0xaaaa", "0xbbbb", "cccc", "dddd")
    EACH = 25_000

    def list(self, prefix: str, start_after: str | None = None) -> Iterator[ObjectInfo]:
        listed = 0
        for folder in self.FOLDERS:
            if not f"logs/{folder}/".startswith(prefix):
                continue
            for number in range(self.EACH):
                key = f"logs/{folder}/{1_700_000_000_000 + number * 60_000}.gz"
                if start_after is None or key > start_after:
                    self.class_a += listed % self.page == 0
                    listed += 1
                    yield ObjectInfo(key, f"{number:032x}", 1, NOW, "STANDARD")
        self.class_a += listed == 0

    def level(self, prefix: str, start_after: str | None = None) -> Iterator[Level]:
        self.class_a += 1
        yield Level([], [f"logs/{folder}/" for folder in self.FOLDERS])


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each question to the ledger was answered with."""
    asked: list[int] = []
    query = Manifest.query

    def counted(self: Manifest, text: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        rows = query(self, text, values)
        asked.append(len(rows))
        return rows

    monkeypatch.setattr(Manifest, "query", counted)
    return asked


def test_a_hundred_thousand_keys_are_compared_by_the_page_and_never_held_together(
    tmp_path: Path, queries: list[int]
) -> None:
    bucket = _HugeBucket()
    with closing(Manifest(tmp_path)) as manifest:
        listing = Listing(Settings(bucket="memory"), bucket, manifest, micros(NOW))  # type: ignore[arg-type]
        tracemalloc.start()
        try:
            pages = [len(page.fetch) for page in listing.pages()]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert (sum(pages), max(pages), listing.objects) == (100_000, 1_000, 100_000)
    # Ten pages tell that it is large; then one call for the folders and 25 for each of them.
    assert bucket.class_a == 10 + 1 + 100
    assert max(queries) <= 1_000
    assert len(queries) <= 3 * len(pages) + 2
    assert peak < 8 * MIB, "the objects alone would be 23 MiB"

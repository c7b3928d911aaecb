"""Fixtures of the tests of the listing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.listing.support import Mirror, PagedBucket, key_at


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten keys a call, so that thirty objects are a large prefix."""
    monkeypatch.setattr("warehouse.listing._PAGE", 10)
    monkeypatch.setattr("warehouse.listing._SMALL", 20)


@pytest.fixture
def mirror(small_pages: Any, tmp_path: Path) -> Iterator[Mirror]:
    """Two configurations with an object every six hours of the last ten days, mirrored."""
    bucket = PagedBucket(page=10)
    for folder in ("0xaaaa", "bbbb"):
        for number in range(40):
            bucket.put(key_at(folder, 6 * number + 1))
    mirror = Mirror(tmp_path, bucket)
    mirror.run()
    assert len(mirror.fetched) == 80
    yield mirror
    mirror.manifest.close()

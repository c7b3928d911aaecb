"""Fixtures of the tests of sync and cleanup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.sync.support import Mirror
from warehouse.bucket import Bucket
from warehouse.settings import Settings


@pytest.fixture
def mirror(bucket: tuple[Settings, Bucket]) -> Iterator[Mirror]:
    """A fresh bucket and a fresh warehouse of it."""
    with closing(Mirror(*bucket)) as fresh:
        yield fresh


@pytest.fixture
def anew(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Mirror]:
    """Makes a warehouse of the same bucket in one undisturbed sync, to compare with."""

    def make() -> Mirror:
        other = mirror.with_settings(data_dir=tmp_path_factory.mktemp("anew"))
        other.sync()
        return other

    return make


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two objects a commit."""
    monkeypatch.setattr("warehouse.sync._CHUNK_OBJECTS", 2)

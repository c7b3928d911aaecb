"""Fixtures with a real S3 server, for every test that needs a bucket."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import msgspec
import pytest

from warehouse.bucket import Bucket
from warehouse.embedded import EmbeddedS3
from warehouse.settings import Settings


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedS3]:
    """One running S3 server for the whole session."""
    server = EmbeddedS3(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Bucket]]:
    """A fresh bucket of this test's own, and settings that name it and a fresh data directory."""
    settings = msgspec.structs.replace(
        s3.settings(Settings(), f"test-{uuid.uuid4().hex[:16]}"),
        data_dir=tmp_path_factory.mktemp("data"),
        compact_days=0,
    )
    fresh = Bucket(settings)
    fresh.create()
    yield settings, fresh
    fresh.close()

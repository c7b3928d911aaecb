"""Fixtures of the tests of several buckets."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.buckets.support import Several
from warehouse.embedded import EmbeddedS3

Make = Callable[..., Several]


@pytest.fixture
def several(s3: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes fresh buckets whose names begin with these, and their warehouse."""
    with ExitStack() as stack:

        def make(*names: str) -> Several:
            mark = uuid.uuid4().hex[:12]
            fresh = Several(s3, tmp_path_factory.mktemp("data"), [f"{name}-{mark}" for name in names])
            return stack.enter_context(closing(fresh))

        yield make

"""Fixtures of the tests of unattended syncs: those of the sync, and a queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.conftest import anew, mirror
from tests.sync.support import Mirror
from tests.unattended import fake_queue
from tests.unattended.fake_queue import ACCOUNT, QUEUE, TOKEN, FakeQueue

__all__ = ["anew", "mirror"]


@pytest.fixture
def queue() -> Iterator[FakeQueue]:
    """An empty queue."""
    with fake_queue.running() as fake:
        yield fake


def of_queue(queue: FakeQueue) -> dict[str, Any]:
    """The settings that name the queue."""
    return {
        "cloudflare_api": queue.url,
        "account_id": ACCOUNT,
        "queue_id": QUEUE,
        "queue_token": TOKEN,
    }


@pytest.fixture
def told(mirror: Mirror, queue: FakeQueue) -> Mirror:
    """A bucket and its warehouse, which the queue tells of."""
    return mirror.with_settings(**of_queue(queue))

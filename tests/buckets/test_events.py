"""One queue with the events of several buckets: each is mirrored, a failure of one holds up its own only."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from tests.buckets.conftest import Make
from tests.buckets.support import Several, settings_of
from tests.sync.support import DAY
from tests.unattended import fake_queue
from tests.unattended.conftest import of_queue
from tests.unattended.fake_queue import FakeQueue
from warehouse.settings import Settings
from warehouse.settings_tables import BucketSettings
from warehouse.unattended import event_sync


@pytest.fixture
def queue() -> Iterator[FakeQueue]:
    with fake_queue.running() as fake:
        yield fake


def put(pair: Several, queue: FakeQueue, name: str, key: str) -> None:
    pair.put(name, key, "one", "two", at_ms=DAY)
    queue.event(name, key, pair.buckets[name].head(key).info.etag)


def settings(pair: Several, queue: FakeQueue, *tables: BucketSettings) -> Settings:
    return settings_of(msgspec.structs.replace(pair.base, **of_queue(queue)), *tables)


def test_the_events_of_all_buckets_come_from_one_queue(several: Make, queue: FakeQueue) -> None:
    pair = several("a", "b", "c")
    a, b, c = pair.buckets
    put(pair, queue, a, "logs/1.gz")
    put(pair, queue, b, "audit/1.gz")
    put(pair, queue, b, "logs/1.gz")
    put(pair, queue, c, "logs/1.gz")
    ours = settings(pair, queue, BucketSettings(name=a), BucketSettings(name=b, log_prefix="audit/"))

    summary, error = event_sync.attempt(ours)

    assert error is None
    assert (summary.messages, summary.acknowledged, summary.ignored) == (4, 4, 2)
    assert summary.sync is not None
    assert (summary.sync.objects, summary.sync.class_a, summary.sync.class_b) == (2, 0, 4)
    keys = pair.mirror.rows("SELECT DISTINCT bucket, object_key FROM logs ORDER BY ALL")
    assert keys == [(a, "logs/1.gz"), (b, "audit/1.gz")]


def test_messages_of_a_bucket_that_fails_come_again_and_the_others_do_not(
    several: Make, queue: FakeQueue
) -> None:
    pair = several("a", "b")
    a, b = pair.buckets
    put(pair, queue, a, "logs/1.gz")
    put(pair, queue, b, "logs/1.gz")
    wrong = BucketSettings(name=b, access_key_id="nobody", secret_access_key="nothing")

    summary, error = event_sync.attempt(settings(pair, queue, BucketSettings(name=a), wrong))

    assert error is None
    assert (summary.status, summary.acknowledged, summary.given_back) == ("partial", 1, 1)
    assert [held.id for held in queue.held] == ["m2"]
    queue.later(61)
    again, _ = event_sync.attempt(settings(pair, queue, BucketSettings(name=a), BucketSettings(name=b)))
    assert (again.status, again.acknowledged) == ("ok", 1)
    assert pair.mirror.row("SELECT count(DISTINCT bucket), count(*) FROM logs") == (2, 4)

"""Syncs by the queue: only what is named, acknowledged only when committed, nothing lost, nothing doubled."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.faults.proxy import FaultyProxy, Rule, refused
from tests.sync.support import DAY, Mirror, assert_sound, lines
from tests.unattended.conftest import of_queue
from tests.unattended.fake_queue import FakeQueue
from warehouse import lock, sync
from warehouse.errors import BucketError, BusyError, CredentialsError
from warehouse.manifest import Manifest
from warehouse.unattended import event_sync
from warehouse.unattended.event_sync import EventsSummary
from warehouse.unattended.queue import LEASE_MS
from warehouse.unattended.scheduler import Stopped, Stopping

Anew = Callable[[], Mirror]
LEASE = LEASE_MS / 1000


def put(told: Mirror, queue: FakeQueue, *names: str, tag: str = "") -> None:
    """Objects of ten lines each, and R2's events of them."""
    for name in names:
        told.put(f"logs/{name}.gz", lines(10, DAY, tag=tag or name))
        queue.event(told.bucket.name, f"logs/{name}.gz", told.bucket.head(f"logs/{name}.gz").info.etag)


def by_events(told: Mirror) -> EventsSummary:
    summary, error = event_sync.attempt(told.settings)
    assert error is None
    return summary


def spawned(told: Mirror) -> subprocess.Popen[str]:
    """Another process that syncs by the queue, two objects a commit."""
    wanted = {name: getattr(told.settings, name) for name in of_queue(FakeQueue())}
    return told.spawn(
        "import msgspec\nfrom warehouse.unattended import event_sync\nsync._CHUNK_OBJECTS = 2\n"
        f"event_sync.attempt(msgspec.structs.replace(settings, **{wanted!r}))"
    )


def counts(summary: EventsSummary) -> tuple[int, int, int, int]:
    return summary.messages, summary.acknowledged, summary.ignored, summary.given_back


def operations(summary: EventsSummary) -> tuple[int, int, int]:
    """Objects that came, and operations of Class A and B."""
    assert summary.sync is not None
    return summary.sync.objects, summary.sync.class_a, summary.sync.class_b


def test_what_is_named_is_fetched_without_a_listing(told: Mirror, queue: FakeQueue, anew: Anew) -> None:
    put(told, queue, "1", "2", "3")
    summary = by_events(told)
    assert counts(summary) == (3, 3, 0, 0)
    assert operations(summary) == (3, 0, 6), "a HEAD and a GET for each object"
    assert told.contents() == anew().contents()
    assert queue.held == []
    assert_sound(told)


def test_an_empty_queue_asks_the_bucket_for_nothing_and_makes_no_run(told: Mirror, queue: FakeQueue) -> None:
    summary = by_events(told)
    assert (counts(summary), summary.status, summary.sync) == ((0, 0, 0, 0), "ok", None)
    assert queue.actions() == ["pull"]
    with closing(Manifest(told.settings.data_dir)) as manifest:
        assert manifest.snapshot().runs == []


def test_many_messages_are_mirrored_together(told: Mirror, queue: FakeQueue) -> None:
    put(told, queue, *(f"{number:03}" for number in range(120)))
    summary = by_events(told)
    assert counts(summary) == (120, 120, 0, 0)
    assert operations(summary) == (120, 0, 240)
    assert told.row("SELECT count(*), count(DISTINCT run_id) FROM runs WHERE kind = 'sync'") == (1, 1)
    assert queue.actions() == ["pull", "pull", "pull", "ack", "ack"]


def test_a_long_queue_is_worked_off_in_several_syncs(
    told: Mirror, queue: FakeQueue, anew: Anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_sync, "_TOGETHER", 100)
    put(told, queue, *(f"{number:03}" for number in range(120)))
    summary = by_events(told)
    assert (counts(summary), operations(summary), summary.status) == ((120, 120, 0, 0), (120, 0, 240), "ok")
    assert summary.sync is not None
    assert [bucket.objects for bucket in summary.sync.buckets] == [100, 20]
    assert summary.sync.sync_url == f"s3://{told.bucket.name}/logs/"
    assert queue.actions() == ["pull", "ack", "pull", "pull", "ack"]
    assert told.contents() == anew().contents()


def test_a_message_is_acknowledged_only_when_its_rows_are_committed(told: Mirror, queue: FakeQueue) -> None:
    seen: list[int] = []
    queue.before_ack = lambda: seen.append(told.row("SELECT coalesce(sum(accepted), 0) FROM ledger")[0])
    put(told, queue, "1", "2")
    by_events(told)
    assert seen == [20]


def test_what_comes_twice_changes_nothing_and_asks_for_nothing(told: Mirror, queue: FakeQueue) -> None:
    put(told, queue, "1")
    etag = told.bucket.head("logs/1.gz").info.etag
    queue.event(told.bucket.name, "logs/1.gz", etag)
    assert operations(by_events(told)) == (1, 0, 2)
    before = told.contents()
    queue.event(told.bucket.name, "logs/1.gz", f'"{etag}"')
    summary = by_events(told)
    assert (counts(summary), operations(summary)) == ((1, 1, 0, 0), (0, 0, 0))
    assert told.contents() == before


def test_events_of_other_buckets_and_prefixes_are_acknowledged_and_counted(
    told: Mirror, queue: FakeQueue
) -> None:
    queue.event("another", "logs/1.gz")
    queue.event(told.bucket.name, "packages/left-pad.tgz")
    queue.event(told.bucket.name, "logs/folder/")
    summary = by_events(told)
    assert (counts(summary), summary.sync) == ((3, 3, 3, 0), None)
    assert queue.held == []


def test_a_message_that_is_no_event_is_told_and_left_to_the_dead_letter_queue(
    told: Mirror, queue: FakeQueue
) -> None:
    queue.put({"hello": "world"}, message_id="odd")
    put(told, queue, "1")
    summary = by_events(told)
    assert (counts(summary), summary.status) == ((2, 1, 0, 1), "ok")
    ((odd, reason),) = [(message.id, message.reason) for message in summary.malformed]
    assert odd == "odd"
    assert reason.startswith("message odd is no event of R2: Object missing required field")
    assert queue.given_back() == [{"lease_id": "odd-1", "delay_seconds": 60}]
    for _ in range(2):
        queue.later(61)
        assert counts(by_events(told)) == (1, 0, 0, 1)
    queue.later(61)
    assert counts(by_events(told)) == (0, 0, 0, 0)
    assert [held.id for held in queue.dead] == ["odd"]


def test_a_queue_that_gives_the_same_message_at_once_again_does_not_hold_the_run(
    told: Mirror, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_sync, "_TOGETHER", 1)
    queue.most_deliveries = 1_000
    queue.put("?", kind="text")
    monkeypatch.setattr("warehouse.unattended.queue.AGAIN_SECONDS", 0)
    assert by_events(told).messages == 2


def test_deletions_and_returns_are_mirrored_in_whatever_order_events_come(
    told: Mirror, queue: FakeQueue, anew: Anew
) -> None:
    put(told, queue, "1", "2")
    by_events(told)
    told.bucket.delete("logs/1.gz")
    queue.event(told.bucket.name, "logs/1.gz", None, "DeleteObject")
    summary = by_events(told)
    assert summary.sync is not None
    assert (summary.sync.gone, summary.sync.class_a) == (1, 0)
    assert told.row("SELECT sum(objects) FROM ledger") == (1,)
    assert told.row("SELECT count(*) FROM logs") == (20,), "its rows stay"
    put(told, queue, "1")
    queue.event(told.bucket.name, "logs/1.gz", None, "LifecycleDeletion")
    by_events(told)
    assert told.row("SELECT sum(objects) FROM ledger") == (2,)
    assert told.contents() == anew().contents()
    assert_sound(told)


def test_of_several_versions_the_one_that_is_there_now_counts(
    told: Mirror, queue: FakeQueue, anew: Anew
) -> None:
    put(told, queue, "1", tag="old")
    put(told, queue, "1", tag="new")
    queue.held.reverse()
    assert operations(by_events(told)) == (1, 0, 2)
    put(told, queue, "1", tag="newer")
    summary = by_events(told)
    assert summary.sync is not None
    assert (summary.sync.objects, summary.sync.replaced) == (1, 1)
    assert told.row("SELECT DISTINCT split_part(message, ' ', 1) FROM logs") == ("newer",)
    assert told.contents() == anew().contents()
    assert_sound(told)


def test_what_is_named_and_no_longer_there_needs_nothing(told: Mirror, queue: FakeQueue) -> None:
    queue.event(told.bucket.name, "logs/never.gz")
    summary = by_events(told)
    assert (counts(summary), operations(summary)) == ((1, 1, 0, 0), (0, 0, 2))


def test_a_bucket_that_is_not_there_makes_no_object_go(told: Mirror, queue: FakeQueue) -> None:
    put(told, queue, "1")
    by_events(told)
    with FaultyProxy(str(told.settings.endpoint), Rule(refused(404, ""), method="HEAD", times=9)) as proxy:
        queue.event(told.bucket.name, "logs/1.gz", None)
        behind = told.with_settings(endpoint=proxy.endpoint)
        _, error = event_sync.attempt(behind.settings)
    assert isinstance(error, BucketError)
    assert "there is no bucket" in str(error)
    assert told.row("SELECT sum(objects) FROM ledger") == (1,)
    assert len(queue.held) == 1


def test_events_that_never_came_are_found_by_the_next_listing(
    told: Mirror, queue: FakeQueue, anew: Anew
) -> None:
    put(told, queue, "1", "2")
    queue.held.pop()
    by_events(told)
    assert told.row("SELECT sum(objects) FROM ledger") == (1,)
    assert sync.run(told.settings).objects == 1
    assert told.contents() == anew().contents()


def test_what_was_committed_before_a_failure_is_acknowledged_and_the_rest_comes_again(
    told: Mirror, queue: FakeQueue, anew: Anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.sync._CHUNK_OBJECTS", 2)
    put(told, queue, "1", "2", "3", "4", "5")
    rules = [Rule(refused(403, "AccessDenied"), f"{number}.gz") for number in (3, 4, 5)]
    with FaultyProxy(str(told.settings.endpoint), *rules) as proxy:
        behind = told.with_settings(endpoint=proxy.endpoint, fetch_threads=1)
        summary, error = event_sync.attempt(behind.settings)
    assert isinstance(error, CredentialsError)
    assert "2 objects, 20 entries mirrored before the failure" in str(error)
    assert (counts(summary), summary.status) == ((5, 2, 0, 3), "failed")
    assert [held.id for held in queue.held] == ["m3", "m4", "m5"]
    queue.later(61)
    assert counts(by_events(told)) == (3, 3, 0, 0)
    assert told.contents() == anew().contents()
    assert_sound(told)


def test_an_object_that_the_bucket_does_not_give_comes_again_and_the_others_do_not(
    told: Mirror, queue: FakeQueue, anew: Anew
) -> None:
    put(told, queue, "1", "2", "3", "4")
    with FaultyProxy(str(told.settings.endpoint), Rule(refused(403, "AccessDenied"), "3.gz")) as proxy:
        summary = by_events(told.with_settings(endpoint=proxy.endpoint))
    assert (counts(summary), summary.status) == ((4, 3, 0, 1), "partial")
    assert [held.id for held in queue.held] == ["m3"]
    queue.later(61)
    assert counts(by_events(told)) == (1, 1, 0, 0)
    assert told.contents() == anew().contents()


def test_an_object_that_changes_while_it_is_read_is_not_acknowledged(
    told: Mirror, queue: FakeQueue, anew: Anew
) -> None:
    put(told, queue, "1", "2")
    with FaultyProxy(str(told.settings.endpoint), Rule(refused(412, "PreconditionFailed"), "1.gz")) as proxy:
        summary = by_events(told.with_settings(endpoint=proxy.endpoint))
    assert counts(summary) == (2, 1, 0, 1)
    queue.later(61)
    assert counts(by_events(told)) == (1, 1, 0, 0)
    assert told.contents() == anew().contents()


def test_a_kill_between_commit_and_acknowledgement_doubles_nothing(
    told: Mirror, queue: FakeQueue, anew: Anew
) -> None:
    put(told, queue, "1", "2")
    reached, goes_on = threading.Event(), threading.Event()

    def lost() -> None:
        reached.set()
        goes_on.wait(60)
        raise ConnectionError("the client has gone before its request was whole")

    queue.before_ack = lost
    child = spawned(told)
    try:
        assert reached.wait(60)
    finally:
        child.kill()
        child.communicate()
    assert told.row("SELECT count(*) FROM logs") == (20,)
    held = [*queue.held]
    queue.before_ack = lambda: None
    goes_on.set()
    assert by_events(told).messages == 0, "still leased"
    queue.later(LEASE)
    summary = by_events(told)
    assert (counts(summary), operations(summary)) == ((2, 2, 0, 0), (0, 0, 0))
    assert [message.attempts for message in held] == [2, 2]
    assert told.contents() == anew().contents()
    assert_sound(told)


def test_kills_at_random_moments_lose_and_double_nothing(told: Mirror, queue: FakeQueue, anew: Anew) -> None:
    chance = random.Random(11)
    queue.most_deliveries = 1_000
    put(told, queue, *(f"{number:02}" for number in range(24)))
    states = set()
    for kill in range(8):
        pulls = len(queue.actions())
        child = spawned(told)
        deadline = time.monotonic() + 60
        while len(queue.actions()) == pulls and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.9))
        child.kill()
        child.communicate()
        states.add((told.row("SELECT coalesce(sum(objects), 0) FROM ledger")[0], len(queue.held)))
        put(told, queue, f"{chance.randrange(24):02}", tag=f"after kill {kill}")
        queue.later(LEASE)
    assert len(states) > 2, f"kills hit runs that had done something: {states}"
    by_events(told)
    assert queue.held == []
    assert told.contents() == anew().contents()
    assert_sound(told)


def test_beside_another_writer_no_message_is_pulled(told: Mirror, queue: FakeQueue) -> None:
    put(told, queue, "1")
    with lock.writer(told.settings.data_dir), pytest.raises(BusyError):
        by_events(told)
    assert queue.requests == []


def test_a_stop_in_the_middle_gives_back_what_is_not_committed(told: Mirror, queue: FakeQueue) -> None:
    put(told, queue, "1")
    stop = threading.Event()

    class StopsAtTheFirstObject(Stopping):
        def start(self, objects: int, size: int) -> None:
            stop.set()
            super().start(objects, size)

    with pytest.raises(Stopped):
        event_sync.attempt(told.settings, StopsAtTheFirstObject(stop))
    assert queue.given_back() == [{"lease_id": "m1-1", "delay_seconds": 60}]
    queue.later(61)
    assert operations(by_events(told)) == (1, 0, 2)

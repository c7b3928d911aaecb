"""The client of the queue against a real server: leases, batches, faults, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from tests.unattended.conftest import of_queue
from tests.unattended.fake_queue import TOKEN, FakeQueue, Fault
from warehouse import backoff
from warehouse.errors import CredentialsError, QueueError, SettingError, UnavailableError
from warehouse.settings import Settings
from warehouse.unattended.queue import LEASE_MS, Queue


@pytest.fixture
def client(queue: FakeQueue) -> Iterator[Queue]:
    with closing(Queue(Settings(**of_queue(queue)))) as fresh:
        yield fresh


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.0)


def test_messages_come_in_batches_of_a_hundred_until_there_are_none(client: Queue, queue: FakeQueue) -> None:
    for number in range(230):
        queue.event("b", f"logs/{number}")
    batches = [client.pull() for _ in range(4)]
    assert [len(batch) for batch in batches] == [100, 100, 30, 0]
    assert [body["batch_size"] for _, _, body in queue.requests] == [100] * 4
    assert [message.attempts for message in batches[0]] == [1] * 100


def test_what_is_acknowledged_is_gone_and_what_is_given_back_comes_again_later(
    client: Queue, queue: FakeQueue
) -> None:
    for name in "abc":
        queue.put(name, kind="text", message_id=name)
    first, second, third = client.pull()
    client.settle([first], [second])
    assert client.pull() == [], "one is delayed, one is leased"
    queue.later(61)
    (again,) = client.pull()
    assert (again.id, again.attempts) == ("b", 2)
    queue.later(LEASE_MS / 1000)
    assert [(message.id, message.attempts) for message in client.pull()] == [("b", 3), ("c", 2)]
    client.settle([third])
    assert [held.id for held in queue.held] == ["b", "c"], "the lease of the first delivery has ended"


def test_many_acknowledgements_go_in_groups(client: Queue, queue: FakeQueue) -> None:
    for number in range(150):
        queue.event("b", f"logs/{number}")
    client.settle([*client.pull(), *client.pull()])
    assert queue.held == []
    assert [len(body["acks"]) for _, action, body in queue.requests if action == "ack"] == [100, 50]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_throttling_and_faults_of_the_server_are_tried_again_with_growing_pauses(
    client: Queue, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr("tenacity.wait.random.uniform", lambda low, high: high)
    queue.event("b", "logs/1")
    queue.faults = [Fault(status, "pull", times=3)]
    assert len(client.pull()) == 1
    pauses = [after[0] - before[0] for before, after in pairwise(queue.requests)]
    for pause, least in zip(pauses, (0.05, 0.1, 0.2), strict=True):
        assert least <= pause < least + 0.3


def test_retry_after_is_respected(client: Queue, queue: FakeQueue) -> None:
    queue.faults = [Fault(429, retry_after="1")]
    client.pull()
    (first, _, _), (second, _, _) = queue.requests
    assert second - first >= 1


@pytest.mark.usefixtures("impatient")
def test_a_fault_that_lasts_ends_after_six_attempts_with_its_reason(client: Queue, queue: FakeQueue) -> None:
    queue.faults = [Fault(500, times=100, message="overloaded")]
    with pytest.raises(QueueError, match=r"does not pull messages .*: overloaded \(status 500\)"):
        client.pull()
    assert len(queue.requests) == 6


@pytest.mark.usefixtures("impatient")
def test_an_acknowledgement_is_tried_again_too(client: Queue, queue: FakeQueue) -> None:
    queue.event("b", "logs/1")
    messages = client.pull()
    queue.faults = [Fault(503, "ack", times=2)]
    client.settle(messages)
    assert queue.held == []


@pytest.mark.parametrize(
    ("wrong", "kind", "text", "field"),
    [
        (
            {"queue_token": "wrong-token-1"},
            CredentialsError,
            "refuses the API token of WAREHOUSE_QUEUE_TOKEN for the queue: Authentication error (status 403)"
            " (the token needs the right Account > Queues > Edit)",
            "WAREHOUSE_QUEUE_TOKEN",
        ),
        (
            {"queue_token": None, "api_token": "wrong-token-1"},
            CredentialsError,
            "refuses the API token of CLOUDFLARE_API_KEY for the queue",
            "CLOUDFLARE_API_KEY",
        ),
        (
            {"queue_id": "another"},
            QueueError,
            "there is no queue another in account 0123456789abcdef0123456789abcdef: Queue not found",
            "WAREHOUSE_QUEUE_ID",
        ),
    ],
)
def test_a_refusal_is_asked_once_and_says_what_to_mend(
    queue: FakeQueue, wrong: dict[str, Any], kind: type[Exception], text: str, field: str
) -> None:
    settings = msgspec.structs.replace(Settings(**of_queue(queue)), **wrong)
    with closing(Queue(settings)) as client, pytest.raises(kind) as told:
        client.pull()
    assert text in str(told.value)
    assert getattr(told.value, "field", None) == field
    assert "wrong-token-1" not in str(told.value)
    assert len(queue.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 405])
def test_other_refusals_are_asked_once_too(client: Queue, queue: FakeQueue, status: int) -> None:
    queue.faults = [Fault(status, times=100, message=f"no, {TOKEN}")]
    with pytest.raises((QueueError, CredentialsError), match=r"no, \*\*\* \(status"):
        client.pull()
    assert len(queue.requests) == 1


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_not_there_is_told(queue: FakeQueue) -> None:
    settings = Settings(**(of_queue(queue) | {"cloudflare_api": "http://127.0.0.1:9"}))
    with (
        closing(Queue(settings)) as client,
        pytest.raises(UnavailableError, match="no usable answer") as told,
    ):
        client.pull()
    assert TOKEN not in str(told.value)


def test_the_token_of_the_bucket_serves_where_the_queue_has_none_of_its_own(queue: FakeQueue) -> None:
    settings = Settings(**(of_queue(queue) | {"queue_token": None, "api_token": TOKEN}))
    with closing(Queue(settings)) as client:
        assert client.pull() == []
        assert TOKEN not in repr(client)


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ({"queue_id": None}, "WAREHOUSE_QUEUE_ID"),
        ({"account_id": None}, "CLOUDFLARE_ACCOUNT_ID"),
        ({"queue_token": None}, "WAREHOUSE_QUEUE_TOKEN"),
        ({"queue_token": "two words"}, "WAREHOUSE_QUEUE_TOKEN"),
        ({"cloudflare_api": "http://[bad"}, "CLOUDFLARE_API_BASE_URL"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(
    queue: FakeQueue, missing: dict[str, Any], field: str
) -> None:
    with pytest.raises(SettingError) as told:
        Queue(Settings(**(of_queue(queue) | missing)))
    assert told.value.field == field
    assert "two words" not in str(told.value)

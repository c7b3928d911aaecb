"""Messages and tests do not wait for each other: bounded runs, other processes' channels, couriers."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from tests.alerts.receiver import Receiver
from tests.alerts.test_lifecycle import book, check, put
from tests.warehouse_builder import Builder
from warehouse.alerts import outbox, watch
from warehouse.alerts.channels import Webhook
from warehouse.alerts.courier import Courier
from warehouse.errors import NotifyError

NONE = {"alert_webhook": None, "alert_webhook_secret": None}


@pytest.fixture
def erring(builder: Builder) -> Builder:
    put(builder, datetime.now(UTC) - timedelta(minutes=5), errors=5)
    return builder


def outcome(builder: Builder) -> list[tuple[str, int]]:
    with book(builder, **NONE) as opened:
        return [(row["status"], row["attempts"]) for row in opened.outbox()]


def test_a_message_that_fails_is_tried_once_a_run_whatever_its_pause(
    erring: Builder, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 500
    monkeypatch.setattr(outbox, "PAUSES", (0,) * 9)
    assert check(erring, datetime.now(UTC)).failed == 2
    assert len(receiver.bodies) == 2


def test_a_channel_that_does_not_answer_is_left_alone_for_the_rest_of_a_run(
    erring: Builder, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_PATIENCE", -1.0)
    with patch.object(Webhook, "send", side_effect=NotifyError("away")):
        done = check(erring, datetime.now(UTC), alert_notify=f"json://{receiver.address}/")
    assert (done.sent, done.failed) == (2, 1)
    assert sorted(outcome(erring)) == [("due", 0), ("due", 1), ("sent", 1), ("sent", 1)]


def test_a_run_ends_after_a_while_and_leaves_the_rest_to_the_next(
    erring: Builder, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_LONGEST", -1.0)
    done = check(erring, datetime.now(UTC))
    assert (done.fired, done.sent, done.failed) == (2, 0, 0)
    monkeypatch.undo()
    assert check(erring, datetime.now(UTC)).sent == 2


def test_a_recovery_is_told_after_the_firing_that_could_not_be_told_at_once(
    erring: Builder, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 500
    assert check(erring, datetime.now(UTC)).failed == 2
    receiver.status = 200
    receiver.bodies.clear()
    # The firings are tried again in ten seconds; that they are over is due now.
    later = check(erring, datetime.now(UTC) + timedelta(days=2))
    assert (later.resolved, later.sent, later.failed) == (2, 0, 0)
    monkeypatch.setattr(outbox, "now_us", lambda: round(datetime.now(UTC).timestamp() * 1e6) + 60_000_000)
    assert check(erring, datetime.now(UTC) + timedelta(days=2)).sent == 4
    told: dict[str, list[str]] = {}
    for message in receiver.messages[-4:]:
        told.setdefault(message["rule"], []).append(message["event"])
    assert list(told.values()) == [["firing", "resolved"]] * 2


def test_a_message_waits_for_a_process_that_has_its_channel(erring: Builder, receiver: Receiver) -> None:
    with book(erring) as opened:
        opened.check(send=False)
    assert check(erring, datetime.now(UTC), **NONE).failed == 0
    assert outcome(erring) == [("due", 0)] * 2
    assert check(erring, datetime.now(UTC)).sent == 2


def test_a_message_that_no_process_has_the_channel_of_is_given_up_when_its_attempts_would_be_over(
    erring: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with book(erring) as opened:
        opened.check(send=False)
    monkeypatch.setattr(outbox, "_LIFETIME_US", 0)
    check(erring, datetime.now(UTC), **NONE)
    with book(erring) as opened:
        assert {(row["status"], row["error"]) for row in opened.outbox()} == {
            ("failed", "the channel is not set any more")
        }


def test_tests_in_a_server_do_not_wait_for_a_channel(erring: Builder) -> None:
    sending, answered = threading.Event(), threading.Event()

    def slow(*_: Any) -> None:
        sending.set()
        assert answered.wait(60)

    with patch.object(Webhook, "send", side_effect=slow), book(erring) as opened:
        watch.check(opened)
        assert sending.wait(60)
        # The first message is under way, and the next round is over.
        watch.check(opened)
        assert len(opened.states()) == 2
        assert not answered.is_set()
        answered.set()
    assert outcome(erring) == [("due", 0), ("sent", 1)] or outcome(erring) == [("sent", 1)] * 2


def test_what_is_asked_for_while_something_is_sent_is_sent_afterwards() -> None:
    runs, entered, go_on = [], threading.Semaphore(0), threading.Semaphore(0)

    def deliver(stopped: Any) -> None:
        entered.release()
        assert go_on.acquire(timeout=60)
        runs.append(stopped())

    with closing(Courier(deliver)) as courier:
        courier.soon()
        assert entered.acquire(timeout=60)
        courier.soon()
        courier.soon()
        go_on.release()
        assert entered.acquire(timeout=60)
        go_on.release()
    assert len(runs) == 2


def test_a_run_that_fails_does_not_end_those_that_follow(erring: Builder) -> None:
    begun = threading.Semaphore(0)

    def broken(stopped: Any) -> None:
        begun.release()
        raise OSError("oops")

    with closing(Courier(broken)) as courier:
        for _ in range(2):
            courier.soon()
            assert begun.acquire(timeout=60)


def test_a_courier_that_is_closed_begins_nothing() -> None:
    with patch("threading.Thread") as thread:
        courier = Courier(lambda _: None)
        courier.close()
        courier.soon()
    thread.assert_not_called()

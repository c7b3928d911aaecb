"""From the sync to the message: one per firing and one per recovery, through every restart."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from tests.alerts.receiver import Receiver
from tests.warehouse_builder import Builder, log, millis, utc
from warehouse.alerts import outbox
from warehouse.alerts.book import AlertBook
from warehouse.alerts.rounds import Checked
from warehouse.alerts.rules import AlertRule
from warehouse.alerts.watch import Clock
from warehouse.errors import SettingError
from warehouse.manifest import Manifest
from warehouse.service import Warehouse
from warehouse.settings import Settings

NOON = utc("2026-03-01T12:00:00")
SLOW = AlertRule(id="slow", metric="avgResponseTime", threshold=100, hours=1, severity="info")


@contextmanager
def book(builder: Builder, **changes: Any) -> Iterator[AlertBook]:
    """The book as a process that was just started has it."""
    with closing(Warehouse(msgspec.structs.replace(builder.settings, **changes))) as warehouse:
        yield warehouse.alert_book


def check(builder: Builder, now: datetime, **changes: Any) -> Checked:
    """One round of tests by a process of its own."""
    with book(builder, **changes) as opened:
        return opened.check(now)


def put(builder: Builder, at: datetime, errors: int, total: int = 10) -> None:
    builder.put([log(at, "error" if number < errors else "info") for number in range(total)])
    builder.sync()


def test_one_message_per_firing_and_one_per_recovery_through_restarts(
    builder: Builder, receiver: Receiver
) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    for minute in range(3):
        done = check(builder, NOON + timedelta(minutes=minute))
    # 50 percent errors: the rule of errors, and that of health (critical).
    assert (done.firing, done.fired, done.sent) == (2, 0, 0)
    assert [(each["event"], each["rule"]) for each in receiver.messages] == [
        ("firing", "high-error-rate"),
        ("firing", "system-health"),
    ]
    first = receiver.messages[0]
    assert (first["value"], first["threshold"], first["severity"]) == (50, 10, "critical")
    assert (first["since"], first["timestamp"]) == (millis(NOON), millis(NOON))
    assert first["window"] == {"hours": 24, "start": millis(NOON - timedelta(days=1)), "end": millis(NOON)}
    assert first["title"] == "High Error Rate is firing (critical)"
    assert first["text"].startswith("errorRate is 50 percent; the rule fires at > 10 percent over 24 hours.")

    put(builder, NOON, errors=0, total=1_000)
    for minute in range(10, 13):
        check(builder, NOON + timedelta(minutes=minute))
    assert [(each["event"], each["rule"]) for each in receiver.messages[2:]] == [
        ("resolved", "high-error-rate"),
        ("resolved", "system-health"),
    ]
    assert all(receiver.signed_rightly(number) for number in range(4))
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 4


def test_the_history_has_the_value_the_window_and_the_query_that_reproduces_it(builder: Builder) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=3)
    check(builder, NOON)
    with closing(builder.open()) as warehouse:
        [health, errors] = warehouse.alert_book.history()
        assert (errors["rule_id"], errors["event"], errors["value"]) == ("high-error-rate", "firing", 30)
        assert errors["window_end_us"] - errors["window_start_us"] == 24 * 3_600_000_000
        assert (errors["notified"], health["rule_id"]) == (1, "system-health")
        again = warehouse.sql(errors["query"])
        assert dict(zip(again.columns, again.rows[0], strict=True)) == {
            "name": None, "value": 30, "breached": True,
        }  # fmt: skip


def test_a_receiver_that_is_away_for_a_while_gets_each_message_once(
    builder: Builder, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    receiver.status = 500
    monkeypatch.setattr(outbox, "PAUSES", (0.2, 0.2, 0.2, 0.2))
    done = check(builder, NOON)
    assert (done.sent, done.failed) == (0, 2)
    receiver.status = 200
    threading.Event().wait(0.5)
    assert check(builder, NOON + timedelta(minutes=1)).sent == 2
    assert check(builder, NOON + timedelta(minutes=2)).sent == 0
    # The same id at each attempt: a receiver can tell that it is the same message.
    ids = [headers["webhook-id"] for headers in receiver.headers]
    assert sorted(ids[:2]) == sorted(ids[2:])


def test_a_server_that_stops_leaves_messages_to_the_next(builder: Builder, receiver: Receiver) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    with book(builder) as opened:
        assert opened.check(NOON, stopped=lambda: len(receiver.bodies) == 1).sent == 1
    assert check(builder, NOON + timedelta(minutes=1)).sent == 1
    assert [each["rule"] for each in receiver.messages] == ["high-error-rate", "system-health"]


def test_a_round_that_finds_nothing_writes_nothing(builder: Builder) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=0)
    with book(builder) as opened, patch.object(Manifest, "transaction") as transaction:
        done = opened.check(NOON)
    assert (done.rules, done.firing, done.errors) == (4, 0, {})
    transaction.assert_not_called()


def test_a_message_is_given_up_in_the_end(
    builder: Builder, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    receiver.status = 410
    monkeypatch.setattr(outbox, "PAUSES", ())
    check(builder, NOON)
    with book(builder) as opened:
        assert [(row["status"], row["attempts"], row["error"]) for row in opened.outbox()] == [
            ("failed", 1, "the webhook answered 410")
        ] * 2


def test_rules_of_the_settings_file_watch_groups_and_have_to_hold(
    builder: Builder, receiver: Receiver
) -> None:
    rule = AlertRule(
        id="slow-package",
        metric="avgResponseTime",
        threshold=100,
        hours=1,
        group_by="package",
        for_minutes=10,
    )
    at = NOON - timedelta(minutes=5)
    builder.put([log(at, package="a", responseTime=500), log(at, package="b", responseTime=50)])
    builder.put([log(at, package="c", responseTime=101)])
    builder.sync()
    for minute, firing in ((0, 0), (5, 0), (10, 2), (15, 2)):
        assert check(builder, NOON + timedelta(minutes=minute), alerts=(rule,)).firing == firing
    assert [(each["group"], each["value"]) for each in receiver.messages] == [("a", 500), ("c", 101)]
    assert receiver.messages[0]["since"] == millis(NOON)
    # An hour later nobody asked for them: no data is well.
    check(builder, NOON + timedelta(hours=2), alerts=(rule,))
    assert [(each["group"], each["event"]) for each in receiver.messages[2:]] == [
        ("a", "resolved"), ("c", "resolved"),
    ]  # fmt: skip


def test_a_query_is_a_rule_too(builder: Builder, receiver: Receiver) -> None:
    query = "SELECT source AS name, count(*) AS value FROM logs WHERE ts >= $window_start GROUP BY source;"
    rule = AlertRule(id="busy", query=query, operator=">=", threshold=3, hours=1)
    at = NOON - timedelta(minutes=5)
    builder.put([log(at, source="api")] * 3 + [log(at, source="web")] * 2)
    builder.put([log(at - timedelta(hours=3), source="web")] * 5)
    builder.sync()
    check(builder, NOON, alerts=(rule,))
    [told] = receiver.messages
    assert (told["group"], told["value"], told["condition"]) == ("api", 3, "query")


def test_a_rule_that_cannot_be_tested_says_why_and_stops_no_other(
    builder: Builder, receiver: Receiver
) -> None:
    broken = AlertRule(id="broken", query="SELECT nothing AS value FROM logs", threshold=0)
    put(builder, NOON - timedelta(minutes=5), errors=5)
    done = check(builder, NOON, alerts=(broken,))
    assert (done.firing, list(done.errors)) == (2, ["broken"])
    assert "nothing" in done.errors["broken"]


def test_a_silenced_rule_is_noted_and_told_when_the_silence_ends(
    builder: Builder, receiver: Receiver
) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    with book(builder) as opened:
        opened.silence("high-error-rate", 30, "we know")
        opened.silence("system-health", 30)
    # Silences are told by the wall clock.
    now = datetime.now(NOON.tzinfo)
    put(builder, now - timedelta(minutes=5), errors=5)
    assert check(builder, now).firing == 2
    assert receiver.messages == []
    with book(builder) as opened:
        assert [row["notified"] for row in opened.history()] == [0, 0]
        opened.silence("high-error-rate", 0)
        assert opened.check(now).sent == 1
        assert [row["notified"] for row in opened.history("high-error-rate")] == [1]
        assert opened.check(now).sent == 0
    assert [each["rule"] for each in receiver.messages] == ["high-error-rate"]


def test_an_acknowledgement_stays_until_it_is_over(builder: Builder) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    check(builder, NOON)
    with book(builder) as opened:
        assert opened.acknowledge("high-error-rate") == 1
        opened.check(NOON + timedelta(minutes=1))
        assert opened.states()["high-error-rate", ""].acknowledged_us is not None
    put(builder, NOON, errors=0, total=1_000)
    check(builder, NOON + timedelta(minutes=2))
    put(builder, NOON, errors=1_000, total=1_000)
    with book(builder) as opened:
        opened.check(NOON + timedelta(minutes=3))
        assert opened.states()["high-error-rate", ""].acknowledged_us is None


def test_a_rule_that_was_switched_off_is_forgotten_and_nobody_is_told(
    builder: Builder, receiver: Receiver
) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    check(builder, NOON, alerts=(SLOW,))
    sent = len(receiver.messages)
    with book(builder) as opened:
        opened.change(msgspec.structs.replace(opened.rules()["high-error-rate"], enabled=False))
        assert opened.check(NOON).firing == 1
        assert ("high-error-rate", "") not in opened.states()
        assert [row["event"] for row in opened.history("high-error-rate")] == ["removed", "firing"]
    assert len(receiver.messages) == sent


def _rounds(settings: Settings, now: datetime) -> None:
    with closing(Warehouse(settings)) as warehouse:
        for _ in range(5):
            warehouse.alert_book.check(now)


def test_processes_that_test_at_once_tell_once(builder: Builder, receiver: Receiver) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_rounds, args=(builder.settings, NOON)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert sorted(each["rule"] for each in receiver.messages) == ["high-error-rate", "system-health"]


def test_the_server_tests_on_the_clock(builder: Builder, receiver: Receiver) -> None:
    with book(builder) as opened:
        clock = Clock(opened, 0.05)
        thread = threading.Thread(target=clock.run)
        thread.start()
        try:
            put(builder, datetime.now(NOON.tzinfo) - timedelta(minutes=5), errors=5)
            for _ in range(200):
                if len(receiver.bodies) == 2:
                    break
                threading.Event().wait(0.05)
        finally:
            clock.stop()
            thread.join()
    assert len(receiver.messages) == 2


def test_apprise_is_told_in_words(builder: Builder, receiver: Receiver, tmp_path: Path) -> None:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    changes = {"alert_webhook": None, "alert_notify": f"json://{receiver.address}/ nonsense://x"}
    done = check(builder, NOON, **changes)
    assert (done.sent, done.failed) == (2, 2)
    titles = [each["title"] for each in receiver.messages]
    assert titles == [
        "High Error Rate is firing (critical)",
        "System Health Degradation is firing (critical)",
    ]
    assert receiver.messages[0]["type"] == "failure"
    with book(builder, **changes) as opened:
        answers = opened.send_test()
        assert [reason for name, reason in sorted(answers.items())] == [
            None,
            "apprise does not know the address",
        ]
        assert receiver.address not in repr(opened.outbox()) + repr(answers)
    assert receiver.messages[-1]["title"] == "Test of the log warehouse's alerts"


def test_a_webhook_needs_a_secret(builder: Builder) -> None:
    builder.sync()
    with pytest.raises(SettingError, match="WAREHOUSE_ALERT_WEBHOOK_SECRET is not set"):
        check(builder, NOON, alert_webhook_secret=None)

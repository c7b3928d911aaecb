"""Who is told of what, and when: silences, changed rules, groups that fall silent, later channels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.alerts.receiver import Receiver
from tests.alerts.test_lifecycle import book, check, put
from tests.warehouse_builder import Builder, log
from warehouse.alerts.rules import AlertRule
from warehouse.errors import NotFoundError

NONE = {"alert_webhook": None, "alert_webhook_secret": None}
BUSY = AlertRule(id="busy", metric="totalLogs", threshold=1, hours=24)


@pytest.fixture
def now() -> datetime:
    """Silences and messages are of the wall clock."""
    return datetime.now(UTC)


def told(receiver: Receiver, rule: str) -> list[tuple[str, Any]]:
    return [(each["event"], each["group"]) for each in receiver.messages if each["rule"] == rule]


def test_a_recovery_in_a_silence_is_told_to_nobody_until_it_ends(
    builder: Builder, receiver: Receiver, now: datetime
) -> None:
    put(builder, now - timedelta(minutes=5), errors=0)
    check(builder, now, alerts=(BUSY,))
    quiet = msgspec.structs.replace(BUSY, threshold=100)
    with book(builder, alerts=(quiet,)) as opened:
        opened.silence("busy", 30)
        assert opened.check(now).resolved == 1
        assert opened.states() == {}
        assert told(receiver, "busy") == [("firing", None)]
        assert [row["notified"] for row in opened.history("busy")] == [0, 1]
        opened.silence("busy", 0)
        assert opened.check(now).resolved == 0
        opened.check(now)
        assert told(receiver, "busy") == [("firing", None), ("resolved", None)]
        assert [row["notified"] for row in opened.history("busy")] == [1, 1]


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        ({"metric": "totalLogs", "operator": "<", "threshold": 1}, True),
        ({"metric": "errorRate", "threshold": 50, "no_data": "alert"}, True),
        ({"metric": "errorRate", "threshold": 50}, False),
    ],
)
def test_a_source_that_falls_silent_fires(
    builder: Builder, receiver: Receiver, now: datetime, rule: dict[str, Any], fires: bool
) -> None:
    silent = AlertRule(id="silent", group_by="source", hours=1, **rule)
    builder.put([log(now - timedelta(hours=3), "info", source="edge")])
    builder.put([log(now - timedelta(minutes=5), "info", source="api")])
    builder.sync()
    check(builder, now, alerts=(silent,))
    assert told(receiver, "silent") == ([("firing", "edge")] if fires else [])
    # It comes back.
    builder.put([log(now - timedelta(minutes=1), "info", source="edge")])
    builder.sync()
    check(builder, now, alerts=(silent,))
    assert told(receiver, "silent")[1:] == ([("resolved", "edge")] if fires else [])


def test_a_group_that_was_silent_for_a_week_is_forgotten_and_nobody_is_told(
    builder: Builder, receiver: Receiver, now: datetime
) -> None:
    silent = AlertRule(
        id="silent",
        metric="totalLogs",
        operator="<",
        threshold=1,
        group_by="source",
        hours=1,
        no_data="alert",
    )
    builder.put([log(now - timedelta(hours=3), "info", source="edge")])
    builder.sync()
    assert check(builder, now, alerts=(silent,)).firing == 1
    assert check(builder, now + timedelta(days=6), alerts=(silent,)).firing == 1
    with book(builder, alerts=(silent,)) as opened:
        assert opened.check(now + timedelta(days=8)).firing == 0
        assert [row["event"] for row in opened.history("silent")] == ["removed", "firing"]
    assert told(receiver, "silent") == [("firing", "edge")]


@pytest.mark.parametrize("silenced", [False, True])
@pytest.mark.parametrize("change", [{"group_by": None}, {"metric": "warnRate"}, {"group_by": "package"}])
def test_what_a_rule_was_at_is_over_when_it_watches_something_else(
    builder: Builder, receiver: Receiver, now: datetime, change: dict[str, Any], silenced: bool
) -> None:
    builder.put([log(now - timedelta(minutes=5), "error", source="edge")])
    builder.sync()
    rule = AlertRule(id="own", metric="errorRate", threshold=10, group_by="source", no_data="keep")
    with book(builder) as opened:
        opened.create(rule)
        opened.check(now)
        opened.silence("own", 30 if silenced else 0)
        opened.change(msgspec.structs.replace(rule, threshold=200, **change))
        opened.silence("own", 0)
        opened.check(now)
        assert [key for key in opened.states() if key[0] == "own"] == []
        assert [row["event"] for row in opened.history("own")] == ["resolved", "firing"]
    assert [event for event, _ in told(receiver, "own")] == ["firing"] + ["resolved"] * (not silenced)


def test_another_threshold_keeps_what_a_rule_is_at(
    builder: Builder, receiver: Receiver, now: datetime
) -> None:
    put(builder, now - timedelta(minutes=5), errors=5)
    with book(builder) as opened:
        opened.create(BUSY)
        opened.check(now)
        opened.change(msgspec.structs.replace(BUSY, threshold=2))
        opened.check(now)
    assert told(receiver, "busy") == [("firing", None)]


def test_a_rule_of_the_settings_file_that_lost_its_groups_ends_them(
    builder: Builder, receiver: Receiver, now: datetime
) -> None:
    builder.put([log(now - timedelta(minutes=5), source="edge")] * 3)
    builder.sync()
    by_source = msgspec.structs.replace(BUSY, group_by="source", no_data="keep")
    check(builder, now, alerts=(by_source,))
    check(builder, now, alerts=(msgspec.structs.replace(BUSY, threshold=100, no_data="keep"),))
    assert told(receiver, "busy") == [("firing", "edge"), ("resolved", "edge")]


def test_a_rule_that_is_made_anew_fires_anew_and_is_not_silenced(
    builder: Builder, receiver: Receiver, now: datetime
) -> None:
    put(builder, now - timedelta(minutes=5), errors=5)
    with book(builder) as opened:
        opened.create(BUSY)
        opened.check(now)
        opened.silence("busy", 600)
        opened.delete("busy")
        opened.create(BUSY)
        assert "busy" not in opened.silences()
        opened.check(now)
    assert told(receiver, "busy") == [("firing", None)] * 2


def test_a_pending_rule_cannot_be_acknowledged(builder: Builder, now: datetime) -> None:
    put(builder, now - timedelta(minutes=5), errors=5)
    rule = msgspec.structs.replace(BUSY, for_minutes=10)
    with book(builder, alerts=(rule,)) as opened:
        opened.check(now)
        assert opened.states()["busy", ""].state == "pending"
        with pytest.raises(NotFoundError, match="busy does not fire"):
            opened.acknowledge("busy")


def test_without_a_channel_nobody_is_told_until_there_is_one(
    builder: Builder, receiver: Receiver, now: datetime
) -> None:
    put(builder, now - timedelta(minutes=5), errors=5)
    with book(builder, alerts=(BUSY,), **NONE) as opened:
        opened.check(now)
        assert [row["notified"] for row in opened.history("busy")] == [0]
    for _ in range(2):
        check(builder, now, alerts=(BUSY,))
    assert told(receiver, "busy") == [("firing", None)]
    # The recovery is found by a process without a channel, and told by one that has it.
    quiet = msgspec.structs.replace(BUSY, threshold=100)
    check(builder, now, alerts=(quiet,), **NONE)
    assert told(receiver, "busy") == [("firing", None)]
    check(builder, now, alerts=(quiet,))
    assert told(receiver, "busy") == [("firing", None), ("resolved", None)]
    with book(builder) as opened:
        assert [row["notified"] for row in opened.history("busy")] == [1, 1]

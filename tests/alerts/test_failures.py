"""Whatever goes wrong in one rule or channel, the others have their turn; the sync and the clock go on."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from tests.alerts.receiver import Receiver
from tests.alerts.test_lifecycle import NOON, book, check, put
from tests.alerts.test_queries import ENDLESS
from tests.warehouse_builder import Builder
from warehouse.alerts import queries, watch
from warehouse.alerts.book import AlertBook
from warehouse.alerts.channels import Webhook
from warehouse.alerts.rules import AlertRule
from warehouse.errors import SettingError

OWN = AlertRule(id="own", query="SELECT 1 AS value", threshold=0)


class BrokenError(Exception):
    """Nothing that anybody expects."""


@pytest.fixture
def erring(builder: Builder) -> Builder:
    put(builder, NOON - timedelta(minutes=5), errors=5)
    return builder


def test_a_column_in_capitals_stops_no_round(erring: Builder, receiver: Receiver) -> None:
    rule = AlertRule(id="own", query='SELECT 7 AS "VALUE"', threshold=0)
    assert check(erring, NOON, alerts=(rule,)).errors == {}
    assert [(each["rule"], each["value"]) for each in receiver.messages[2:]] == [("own", 7)]


def test_a_rule_that_fails_in_an_unknown_way_stops_no_other(erring: Builder, receiver: Receiver) -> None:
    with patch.object(queries, "rows", side_effect=BrokenError("oops")):
        done = check(erring, NOON, alerts=(OWN,))
    assert done.errors == {"own": "BrokenError: oops"}
    assert len(receiver.messages) == 2


def test_a_query_without_end_holds_up_no_other_rule(
    erring: Builder, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SECONDS", 0.2)
    endless = AlertRule(id="endless", query=ENDLESS, threshold=0)
    done = check(erring, NOON, alerts=(endless, OWN))
    assert done.errors == {"endless": "it takes longer than 0.2 seconds"}
    assert [each["rule"] for each in receiver.messages[2:]] == ["own"]


def test_a_finding_that_cannot_be_noted_stops_no_other(erring: Builder, receiver: Receiver) -> None:
    with (
        book(erring) as opened,
        patch("warehouse.alerts.machine.step", side_effect=[BrokenError("oops"), *[_fired()] * 3]),
    ):
        done = opened.check(NOON)
    assert (list(done.errors), done.fired) == (["high-error-rate"], 1)


def _fired() -> Any:
    from warehouse.alerts.machine import AlertState, Step

    return Step(AlertState("firing", 0, 1.0, 0, notified=True), "firing", tell=True)


def test_a_channel_that_fails_in_an_unknown_way_stops_no_other(erring: Builder, receiver: Receiver) -> None:
    settings = {"alert_notify": f"json://{receiver.address}/"}
    with patch.object(Webhook, "send", side_effect=BrokenError("http://token@host")):
        done = check(erring, NOON, **settings)
        with book(erring, **settings) as opened:
            answers = opened.send_test()
            kept = repr(opened.outbox())
    assert (done.sent, done.failed) == (2, 2)
    assert answers["webhook"] == "it failed with BrokenError"
    assert "token" not in kept


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/token",
        "http://",
        "http:///hook",
        "https://host:port/",
        "http://host:99999/",
        "http://a b/",
        "ftp://x",
    ],
)
def test_a_webhook_that_is_no_address_is_a_wrong_setting(builder: Builder, url: str) -> None:
    with book(builder, alert_webhook=url) as opened, pytest.raises(SettingError) as caught:
        opened.send_test()
    assert caught.value.field == "WAREHOUSE_ALERT_WEBHOOK"
    assert "token" not in str(caught.value)


def test_a_round_after_a_sync_that_fails_is_logged(erring: Builder, caplog: pytest.LogCaptureFixture) -> None:
    with patch.object(AlertBook, "check", side_effect=BrokenError("oops")), caplog.at_level(logging.ERROR):
        watch.after_sync(erring.settings)
    with patch("warehouse.alerts.watch.Engine", side_effect=BrokenError("oops")):
        watch.after_sync(erring.settings)
    assert [record.message for record in caplog.records] == [
        "the alert rules could not be tested: BrokenError: oops"
    ] * 2


def test_the_clock_goes_on_after_a_round_that_fails(erring: Builder) -> None:
    rounds = threading.Semaphore(0)

    def fails(*_: Any, **__: Any) -> None:
        rounds.release()
        raise BrokenError("oops")

    with book(erring) as opened, patch.object(AlertBook, "check", side_effect=fails):
        clock = watch.Clock(opened, 0.01)
        thread = threading.Thread(target=clock.run)
        thread.start()
        assert all(rounds.acquire(timeout=60) for _ in range(3))
        clock.stop()
        thread.join()

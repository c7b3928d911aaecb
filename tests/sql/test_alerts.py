"""GET /analytics/alerts: endpoints/alerts."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, millis, naive, utc, window_of
from warehouse.service import Warehouse

DAY = utc("2026-03-01T00:00:00")


def every_rule(warehouse: Warehouse, hours: float, now: datetime) -> dict[str, dict[str, Any]]:
    """Every rule's row by its id, firing or not."""
    asked = {"hours": hours, "points": 24, "now": now.replace(tzinfo=None)}
    rules = warehouse.alert_book.built_in()
    rows = warehouse.run("alerts", asked | window_of(warehouse, asked) | rules)
    return {row["id"]: row for row in rows}


def test_the_four_rules_are_those_of_the_contract(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        rules = warehouse.alert_book.rules()
    assert [(r.id, r.name, r.metric, r.operator, r.threshold, r.enabled) for r in rules.values()] == [
        ("high-error-rate", "High Error Rate", "errorRate", ">", 10, True),
        ("storage-growth", "Rapid Storage Growth", "storageGrowth", ">", 100, True),
        ("slow-response", "Slow Response Time", "avgResponseTime", ">", 1000, True),
        ("system-health", "System Health Degradation", "systemHealth", ">=", 1, True),
    ]


def test_thresholds_come_from_the_settings(builder: Builder) -> None:
    builder.put([log(DAY + timedelta(minutes=5), level) for level in ("error", "info", "info", "info")])
    builder.sync()
    builder.settings = msgspec.structs.replace(
        builder.settings, alert_error_rate=25, alert_response_ms=7.5, alert_storage_growth=3, alert_health=2
    )
    with closing(builder.open()) as warehouse:
        rules = every_rule(warehouse, 1, DAY + timedelta(hours=1))
    assert {rule: (row["threshold"], row["triggered"]) for rule, row in rules.items()} == {
        "high-error-rate": (25, False),
        "slow-response": (7.5, False),
        "storage-growth": (3, False),
        "system-health": (2, True),
    }


#: One hour each, from DAY on: errors, entries, response time, bytes stored; and the values of the rules.
HOURS: list[tuple[int, int, float | None, int, dict[str, tuple[float, bool]]]] = [
    (0, 5, 999.999, 0, {"slow-response": (999.999, False), "system-health": (0, False)}),
    (0, 5, 1000, 0, {"slow-response": (1000, False), "system-health": (0, False)}),
    (0, 5, 1000.001, 0, {"slow-response": (1000.001, True), "system-health": (1, True)}),
    (0, 5, 2000.001, 0, {"slow-response": (2000.001, True), "system-health": (2, True)}),
    (9, 100, None, 0, {"high-error-rate": (9, False), "system-health": (0, False)}),
    (10, 100, None, 0, {"high-error-rate": (10, False), "system-health": (0, False)}),
    (11, 100, None, 0, {"high-error-rate": (11, True), "system-health": (1, True)}),
    (21, 100, None, 0, {"high-error-rate": (21, True), "system-health": (2, True)}),
    (0, 1, None, 100 * MB - 1, {"storage-growth": (100 - 1 / MB, False)}),
    (0, 1, None, 100 * MB, {"storage-growth": (100, False)}),
    (0, 1, None, 100 * MB + 1, {"storage-growth": (100 + 1 / MB, True), "system-health": (0, False)}),
]


@pytest.fixture(scope="module")
def hourly(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    builder = Builder(tmp_path_factory.mktemp("hourly"))
    for hour, (errors, total, ms, size, _) in enumerate(HOURS):
        start = DAY + timedelta(hours=hour)
        timed = {} if ms is None else {"responseTime": ms}
        entries = [
            log(start + timedelta(seconds=30 * n), "error" if n < errors else "info", **timed)
            for n in range(total)
        ]
        builder.put(entries, size=size, stored=start + timedelta(minutes=30))
    return synced_once(builder)


@pytest.mark.parametrize("hour", range(len(HOURS)))
def test_each_rule_fires_above_its_threshold(hourly: Warehouse, hour: int) -> None:
    now = DAY + timedelta(hours=hour + 1)
    rules = every_rule(hourly, 1, now)
    expected = HOURS[hour][-1]
    found = {name: (rules[name]["value"], rules[name]["triggered"]) for name in expected}
    assert {name: value for name, (value, _) in found.items()} == pytest.approx(
        {name: value for name, (value, _) in expected.items()}, rel=1e-12
    )
    assert {name: fires for name, (_, fires) in found.items()} == {
        name: fires for name, (_, fires) in expected.items()
    }


@pytest.mark.parametrize("hour", range(len(HOURS)))
def test_only_firing_rules_are_shown_and_they_agree_with_the_analytics(hourly: Warehouse, hour: int) -> None:
    now = DAY + timedelta(hours=hour + 1)
    answer = hourly.alerts(1, now)
    firing = {name for name, rule in every_rule(hourly, 1, now).items() if rule["triggered"]}
    assert {alert["id"] for alert in answer["alerts"]} == firing
    assert answer["count"] == len(firing)
    figures = hourly.analytics(1, now)
    for alert in answer["alerts"]:
        if alert["condition"] != "systemHealth":
            assert alert["value"] == pytest.approx(figures[alert["condition"]])
        assert alert["evidence"]["window"] == {
            "hours": 1,
            "start": figures["windowStart"],
            "end": figures["windowEnd"],
        }


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    """Half errors at 11:20, few of them from 11:40 on, many again at 11:50."""
    builder = Builder(tmp_path_factory.mktemp("changing"))
    builder.put(
        [log("2026-03-01T11:20:00"), log("2026-03-01T11:20:29", "error")]  # 1 of 2: 50 percent
        + [log("2026-03-01T11:40:10")] * 10  # 1 of 12: 8.3 percent
        + [log("2026-03-01T11:50:05", "error")] * 5  # 6 of 17: 35.3 percent
    )
    return synced_once(builder)


@pytest.mark.parametrize(
    ("now", "fires", "since", "last"),
    [
        # The window that ends with the slot of the first entries is the first that fires.
        ("11:20:00", False, None, None),
        ("11:20:30", True, "11:20:30", "11:20:30"),
        ("11:30:00", True, "11:20:30", "11:30:00"),
        ("11:40:00", True, "11:20:30", "11:40:00"),
        ("11:40:30", False, None, "11:40:00"),
        ("11:50:00", False, None, "11:40:00"),
        # Fires again: since then, not since the first time.
        ("11:50:30", True, "11:50:30", "11:50:30"),
        ("12:20:00", True, "11:50:30", "12:20:00"),
        # From here on the entries of 11:20 are out: 5 of 15 are errors.
        ("12:30:00", True, "11:50:30", "12:30:00"),
        # From 12:40:30 on, 5 of 5; it is looked back for one hour and no further.
        ("12:50:00", True, "11:50:30", "12:50:00"),
        ("12:50:30", False, None, "12:50:00"),
        ("13:49:30", False, None, "12:50:00"),
        ("13:50:00", False, None, None),
    ],
)
def test_since_and_last_triggered_follow_the_data(
    changing: Warehouse, now: str, fires: bool, since: str | None, last: str | None
) -> None:
    def at(time: str | None) -> int | None:
        return None if time is None else millis(f"2026-03-01T{time}")

    rule = every_rule(changing, 1, utc(f"2026-03-01T{now}"))["high-error-rate"]
    assert (rule["triggered"], rule["since"], rule["lastTriggered"]) == (fires, at(since), at(last))


def test_since_goes_back_one_window_at_most(builder: Builder, synced: Open) -> None:
    start = utc("2026-03-01T00:00:00")
    builder.put([log(start + timedelta(minutes=10 * number), "error") for number in range(6 * 5)])
    rule = every_rule(synced(builder), 1, utc("2026-03-01T05:00:00"))["high-error-rate"]
    assert rule["since"] == millis("2026-03-01T04:00:30")


def test_firing_rules_come_first_and_the_critical_ones_before_the_others(changing: Warehouse) -> None:
    asked = {"hours": 1, "points": 24, "now": naive("2026-03-01T11:30:00")}
    rules = changing.alert_book.built_in()
    rows = changing.run("alerts", asked | window_of(changing, asked) | rules)
    assert [(row["id"], row["severity"]) for row in rows] == [
        ("high-error-rate", "critical"),
        ("system-health", "critical"),
        ("slow-response", "warning"),
        ("storage-growth", "warning"),
    ]
    assert [row["triggered"] for row in rows] == [True, True, False, False]


@pytest.mark.parametrize("hours", [24, 168, 720, 8760])
def test_longer_windows_are_tested_by_coarser_slots(changing: Warehouse, hours: int) -> None:
    rule = every_rule(changing, hours, utc("2026-03-01T12:00:00"))["high-error-rate"]
    assert rule["value"] == pytest.approx(600 / 17)
    assert rule["triggered"]
    assert rule["lastTriggered"] == millis("2026-03-01T12:00:00")

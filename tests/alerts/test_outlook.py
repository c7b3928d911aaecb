"""Rules over anomalies and over forecasts: endpoints/alert_anomalies, endpoints/alert_forecast."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.warehouse_builder import MB, Builder, log
from warehouse.alerts.rules import AlertRule
from warehouse.errors import BadRequestError
from warehouse.forecast.outlook import Row
from warehouse.service import Warehouse

CRITICAL: Any = "critical"


def hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def fill(builder: Builder, last: int = 10) -> None:
    """Ten days of ten entries an hour and 1 MB an hour; in the hour that ended last, `last` entries."""
    for day in range(10, 0, -1):
        start = hour() - timedelta(days=day)
        for h in range(24):
            at = start + timedelta(hours=h)
            count = last if at == hour() - timedelta(hours=1) else 10
            builder.put(
                [log(at + timedelta(minutes=5, seconds=n), "info") for n in range(count)],
                size=MB,
                stored=at + timedelta(minutes=30),
            )
    builder.sync()


def probe(warehouse: Warehouse, rule: AlertRule) -> Row:
    if rule.id in warehouse.alert_book.rules():
        warehouse.alert_book.delete(rule.id)
    warehouse.alert_book.create(rule)
    found = warehouse.alert_book.tried(rule.id)
    assert found.error is None
    rows = [(reading.group, reading.value, reading.breached) for reading in found.readings]
    query = found.query(found.readings[0].group if found.readings else "")
    return {"rows": rows, "sql": warehouse.sql(query).rows}


def test_an_anomaly_fires_by_what_it_is_in(builder: Builder) -> None:
    fill(builder, last=500)
    with closing(builder.open()) as warehouse:
        found = probe(warehouse, AlertRule(id="odd", metric="anomaly", threshold=0.5, hours=6))
        assert [(group, breached) for group, _, breached in found["rows"]] == [("logs", True)]
        assert found["rows"][0][1] > 0.9
        assert found["sql"] == [("logs", found["rows"][0][1], True)]
        warehouse.alert_book.check()
        firing = warehouse.alerts()["alerts"]
        assert [(row["id"], row["group"], row["condition"]) for row in firing if row["id"] == "odd"] == [
            ("odd", "logs", "anomaly")
        ]


def test_hours_that_are_as_usual_fire_nothing(builder: Builder) -> None:
    fill(builder)
    with closing(builder.open()) as warehouse:
        found = probe(warehouse, AlertRule(id="odd", metric="anomaly", threshold=0.5, hours=6))
        assert found["rows"] == []


@pytest.mark.parametrize(
    ("metric", "operator", "threshold", "breached"),
    [
        ("forecastLogs", ">", 9, True),
        ("forecastLogs", ">", 1_000, False),
        ("forecastLogs", "<", 11, True),
        ("forecastErrors", ">", 5, False),
        # 240 MB are there, and each of the 6 hours may bring a little more than 1.
        ("forecastStorage", ">", 245.9, True),
        ("forecastStorage", ">", 300, False),
        ("forecastStorage", "<", 246.1, True),
    ],
)
def test_the_edge_of_a_forecast_is_compared(
    builder: Builder, metric: Any, operator: Any, threshold: float, breached: bool
) -> None:
    fill(builder)
    with closing(builder.open()) as warehouse:
        rule = AlertRule(id="ahead", metric=metric, operator=operator, threshold=threshold, hours=6)
        found = probe(warehouse, rule)
        assert [row[2] for row in found["rows"]] == [breached]
        assert found["sql"][0][1] == pytest.approx(found["rows"][0][1])


def test_the_narrower_interval_is_crossed_later(builder: Builder) -> None:
    fill(builder)
    with closing(builder.open()) as warehouse:
        edges = [
            probe(
                warehouse,
                AlertRule(id="a", metric="forecastLogs", threshold=1, hours=6, interval=interval),
            )["rows"][0][1]
            for interval in (80, 95)
        ]
    assert edges[0] < edges[1]


def test_without_a_forecast_there_is_no_value(builder: Builder) -> None:
    builder.sync()
    with closing(builder.open()) as warehouse:
        found = probe(warehouse, AlertRule(id="ahead", metric="forecastLogs", threshold=1, hours=6))
        assert found["rows"] == [("", None, None)]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (AlertRule(id="r", metric="forecastLogs", threshold=1, hours=49), "hours"),
        (AlertRule(id="r", metric="forecastLogs", threshold=1, hours=1.5), "hours"),
        (AlertRule(id="r", metric="forecastLogs", threshold=1, hours=6, source="api"), "source"),
        (AlertRule(id="r", metric="anomaly", threshold=1, group_by="package"), "group_by"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rule: AlertRule, field: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        rule.check()
    assert caught.value.field == field

"""Tests rules: the values over their windows, and whether they go beyond the thresholds (all by SQL)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from warehouse import analytics, sqlfiles
from warehouse.alerts import queries
from warehouse.alerts.machine import Reading
from warehouse.alerts.rules import AlertRule
from warehouse.analytics import MetricFilter
from warehouse.engine import Engine
from warehouse.errors import WarehouseError
from warehouse.sqltext import reproduced

log = logging.getLogger("warehouse.alerts")


class Tested(Struct, frozen=True):
    """What a rule's test found, over which window (UTC, without a zone).

    `error` is why it could not be tested; its readings are empty then.
    """

    rule: AlertRule
    readings: list[Reading]
    window_start: datetime
    window_end: datetime
    values: dict[str, Any]
    error: str | None = None

    def query(self, group: str = "") -> str:
        """SQL for `warehouse sql` that reproduces the value, of one group of a rule that has groups."""
        if self.rule.query is not None:
            text = reproduced(self.rule.query.strip().rstrip(";"), self.values)
            if not group:
                return text
            return reproduced(f"SELECT * FROM (\n{text}\n) AS q WHERE q.name = $name", {"name": group})
        values = self.values
        if self.rule.metric == "anomaly" and group:
            text = sqlfiles.read("endpoints", "alert_anomalies")
            return reproduced(
                f"SELECT * FROM (\n{text}\n) AS q WHERE q.name = $name", values | {"name": group}
            )
        if self.rule.group_by:
            # As sql/endpoints/alert_groups.sql reads it.
            reads, grain = ("logs", 30) if self.rule.hours < 12 else ("activity_by", 3600)
            values = values | {"reads": reads, "grain": grain, "latency_grain": grain}
            values |= {"window_start": self.window_start, "window_end": self.window_end}
            values |= {self.rule.group_by: group}
            return reproduced(sqlfiles.read("endpoints", "alert_metric"), values)
        return reproduced(sqlfiles.read("endpoints", _query_of(self.rule)), values)


def test(engine: Engine, rule: AlertRule, now: datetime, apdex_ms: int) -> Tested:
    """Test one rule as of `now` (UTC, without a zone). A rule that cannot be tested says why in `error`."""
    try:
        return _test(engine, rule, now, apdex_ms)
    except WarehouseError as error:
        reason = error.detail
    except Exception as error:  # whatever it is: the rules after this one have to be tested
        log.exception("the alert rule %s cannot be tested", rule.id)
        reason = f"{type(error).__name__}: {error}"
    return Tested(rule, [], now - timedelta(hours=rule.hours), now, {}, reason)


def _test(engine: Engine, rule: AlertRule, now: datetime, apdex_ms: int) -> Tested:
    """As `test`, but it raises what goes wrong."""
    wanted = MetricFilter(rule.source, rule.package, rule.status, rule.config_hash)
    # Points only choose the grain here: that of 24 periods is fine enough for any length.
    window = analytics.window(engine, rule.hours, 24, now, wanted)
    values = window | {
        "apdex_ms": apdex_ms,
        "metric": rule.metric,
        "operator": rule.operator,
        "threshold": rule.threshold,
        "dimension": rule.group_by,
        "interval": rule.interval,
    }
    starts, ends = window["window_start"], window["window_end"]
    if rule.is_forecast:
        starts, ends = ends, ends + timedelta(hours=rule.hours)
    rows = _rows(engine, rule, values)
    readings = [_reading(row) for row in rows]
    if rows and rule.group_by:
        starts = rows[0]["starts"]
        ends = starts + timedelta(hours=rule.hours)
    if not readings and not rule.group_by and rule.metric != "anomaly":
        readings = [Reading("", None, None)]
    return Tested(rule, readings, starts, ends, values)


def _query_of(rule: AlertRule) -> str:
    """The query of sql/endpoints that tells the values of a rule over a metric."""
    if rule.metric == "anomaly":
        return "alert_anomalies"
    if rule.is_forecast:
        return "alert_forecast"
    return "alert_groups" if rule.group_by else "alert_metric"


def _rows(engine: Engine, rule: AlertRule, values: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per group: name, value, breached. Raises WarehouseError."""
    if rule.query is None:
        name = _query_of(rule)
        since = analytics.metrics_since(values, "window_start") if name == "alert_metric" else None
        return _bounded(rule, engine.run(name, values, since=since))
    return queries.rows(engine, rule.query, values)


def _bounded(rule: AlertRule, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without those that would make alerts beyond the number that a rule may have."""
    count, kept = 0, []
    for row in rows:
        alarming = rule.no_data == "alert" if row["breached"] is None else row["breached"]
        count += bool(alarming)
        if not alarming or count <= queries.MOST_GROUPS:
            kept.append(row)
    return kept


def _reading(row: dict[str, Any]) -> Reading:
    name, value = row["name"], row["value"]
    return Reading(
        "" if name is None else str(name), None if value is None else float(value), row["breached"]
    )

"""Tests rules: the values over their windows, and whether they go beyond the thresholds (all by SQL)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from warehouse import analytics, sqlfiles
from warehouse.alerts import queries
from warehouse.alerts.machine import Reading
from warehouse.alerts.rules import AlertRule
from warehouse.analytics import MetricFilter
from warehouse.engine import Engine
from warehouse.errors import BadRequestError, WarehouseError

#: Groups of one rule: more are a mistake in the rule, and would be as many messages.
_MOST_GROUPS = 1_000


class Tested(Struct, frozen=True):
    """What a rule's test found; `query` reproduces it, for one group when it names one.

    `error` is why it could not be tested; its readings are empty then.
    """

    rule: AlertRule
    readings: list[Reading]
    window_start: datetime
    window_end: datetime
    query: str
    error: str | None = None

    def query_of(self, group: str) -> str:
        """What reproduces the value of one group."""
        if not group:
            return self.query
        return queries.reproduced(
            f"SELECT * FROM (\n{self.query}\n) AS g WHERE g.name = $name", {"name": group}
        )


def test(engine: Engine, rule: AlertRule, now: datetime, apdex_ms: int) -> Tested:
    """Test one rule as of `now` (UTC, without a zone). A rule that cannot be tested says why in `error`."""
    wanted = MetricFilter(rule.source, rule.package, rule.status, rule.config_hash)
    # Points only choose the grain here: that of 24 periods is fine enough for any length.
    window = analytics.window(engine, rule.hours, 24, now, wanted)
    values = window | {
        "apdex_ms": apdex_ms,
        "metric": rule.metric,
        "operator": rule.operator,
        "threshold": rule.threshold,
        "dimension": rule.group_by,
    }
    if rule.query is not None:
        text = (
            "SELECT q.*, breaches(CAST(q.value AS DOUBLE), $operator, CAST($threshold AS DOUBLE)) AS breached"
            f" FROM (\n{rule.query.strip().rstrip(';')}\n) AS q"
        )
    else:
        text = sqlfiles.read("endpoints", "alert_groups" if rule.group_by else "alert_metric")
    tested = Tested(rule, [], window["window_start"], window["window_end"], queries.reproduced(text, values))
    try:
        if rule.query is not None:
            queries.check(rule.query)
        answer = engine.sql(text, {name: values.get(name) for name in sqlfiles.parameters(text)})
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows[: _MOST_GROUPS + 1]]
        if len(rows) > _MOST_GROUPS:
            raise BadRequestError(f"it gives more than {_MOST_GROUPS:,} rows")
        if rule.query is not None and len(rows) > 1 and "name" not in answer.columns:
            raise BadRequestError("it gives several rows and no column `name` to tell them apart")
        readings = [_reading(row) for row in rows]
    except WarehouseError as error:
        return Tested(rule, [], tested.window_start, tested.window_end, tested.query, error.detail)
    if not readings and not rule.group_by:
        readings = [Reading("", None, None)]
    return Tested(rule, readings, tested.window_start, tested.window_end, tested.query)


def _reading(row: dict[str, Any]) -> Reading:
    name, value = row.get("name"), row["value"]
    return Reading(
        "" if name is None else str(name), None if value is None else float(value), row["breached"]
    )

"""Figures over windows of time: the whole window, its periods, the one before (`sql/functions/metrics.sql`).

Rates are percent, response times ms, growth MB per hour, times epoch ms.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from warehouse.engine import Engine
from warehouse.errors import BadRequestError
from warehouse.moments import millis

Row = dict[str, Any]

#: Figures of GET /analytics that a change is told of.
_COMPARED = (
    "totalLogs", "errorRate", "warnRate", "avgResponseTime", "p50ResponseTime", "p95ResponseTime",
    "p99ResponseTime", "responseTimeCoverage", "apdex", "throughput", "storageGrowth", "performanceScore",
)  # fmt: skip
#: What trends are compared with, and how long before that was: None is the window's own length.
COMPARISONS: dict[str, timedelta | None] = {"previous": None, "week": timedelta(days=7)}


#: How long a fault that is told as new was not seen before (sql/endpoints/error_templates.sql).
_NEW = timedelta(days=30)


class MetricFilter(Struct, frozen=True):
    """Which entries count; None means all. `status_class` is 1xx to 5xx."""

    source: str | None = None
    package: str | None = None
    status_class: str | None = None
    config_hash: str | None = None

    def parameters(self) -> Row:
        """Its fields, as the queries name them."""
        return {name: getattr(self, name) for name in self.__struct_fields__}

    def require_one(self, what: str) -> None:
        """Raise BadRequestError where more than one field is set: `what` is told by one dimension."""
        given = [name for name, value in self.shown().items() if value is not None]
        if len(given) > 1:
            raise BadRequestError(
                f"{given[1]}: {what} are told by one filter, and {given[0]} is set", field=given[1]
            )

    def shown(self) -> Row:
        """Its fields, as answers name them."""
        return {
            "source": self.source,
            "package": self.package,
            "status": self.status_class,
            "configHash": self.config_hash,
        }


EVERYTHING = MetricFilter()


def window(engine: Engine, hours: float, points: int, now: datetime, wanted: MetricFilter) -> Row:
    """The window's edges, grains and filters, with the parameters that made them.

    What does not depend on the time (`sql/endpoints/window_slots.sql`) is kept, the rest is `window.sql`'s.

    Raises BadRequestError (field points) for periods of less than 30 seconds.
    """
    if hours * 3600 / points < 30:
        raise BadRequestError(
            f"points must not be more than {int(hours * 120)} for {hours:g} hours:"
            " a period has 30 seconds at least",
            field="points",
        )
    asked = {"hours": hours, "points": points, **wanted.parameters()}
    slots = engine.constant("window_slots", asked)
    return asked | slots | engine.run("window", asked | slots | {"now": now}, since=now)[0]


def require_zone(engine: Engine, zone: str) -> None:
    """Raise BadRequestError (field timezone) for a time zone that queries do not know."""
    if not engine.constant("time_zone", {"zone": zone})["known"]:
        raise BadRequestError(
            f"timezone: {zone[:60]!r} is no IANA time zone",
            hint="for example Europe/Berlin",
            field="timezone",
        )


def metrics_since(window: Row, earliest: str) -> datetime | None:
    """What metrics(…) reads no older rollup than, when that is all it reads (`Engine.run`)."""
    if window["reads"] == "logs" or (window["reads"] == "activity" and window["latency_grain"] < 300):
        return None
    moment: datetime = window[earliest]
    return moment


def figures(engine: Engine, window: Row) -> Row:
    """GET /analytics: the figures of the window, and how they changed against the one before."""
    (current, previous), messages = engine.together(
        lambda: engine.run("analytics", window, since=metrics_since(window, "previous_start")),
        lambda: engine.run(
            "top_error_messages",
            window,
            since=None if window["reads"] == "logs" else window["window_start"],
        ),
    )
    factors, changes = engine.together(
        lambda: engine.run(
            "health_factors",
            {
                "error_rate": current["errorRate"],
                "response_ms": current["avgResponseTime"],
                "growth": current["storageGrowth"],
            },
            since=window["window_end"],
        ),
        lambda: engine.run(
            "analytics_changes",
            {
                "names": list(_COMPARED),
                "current": [current[name] for name in _COMPARED],
                "previous": [previous[name] for name in _COMPARED],
            },
            since=window["window_end"],
        ),
    )
    return {
        **current,
        "topErrorMessages": messages,
        "hours": window["hours"],
        "previous": previous,
        "changes": {row.pop("name"): row for row in changes},
        "healthFactors": factors,
        "asOf": current["windowEnd"],
    }


def errors(engine: Engine, window: Row, limit: int, points: int) -> Row:
    """GET /analytics/errors: the faults of the window, with what differs between messages masked."""
    asked = window | {"limit": limit, "points": points}
    if "unknown" in (window["source"], window["config_hash"]):
        rows = engine.run("error_templates_unknown", asked)
    else:
        earliest = min(window["previous_start"], window["window_start"] - _NEW)
        rows = engine.run("error_templates", asked, since=earliest)
    return {
        "errors": [{name: row[name] for name in row if name not in ("templates", "total")} for row in rows],
        "totalErrors": rows[0]["total"] if rows else 0,
        "totalTemplates": rows[0]["templates"] if rows else 0,
        "hours": window["hours"],
        "filters": MetricFilter(**{name: window[name] for name in MetricFilter.__struct_fields__}).shown(),
        "windowStart": millis(window["window_start"]),
        "windowEnd": millis(window["window_end"]),
    }


def trends(engine: Engine, window: Row) -> Row:
    """GET /analytics/trends: the window in equal periods, oldest first."""
    return {
        "trends": engine.run("trends", window, since=metrics_since(window, "window_start")),
        "hours": window["hours"],
        "points": window["points"],
        "timezone": window["zone"],
    }


def history(engine: Engine, window: Row) -> Row:
    """GET /analytics/history: every figure, period by period."""
    return {
        "history": engine.run("history", window, since=metrics_since(window, "window_start")),
        "hours": window["hours"],
        "points": window["points"],
        "periodSeconds": window["period_seconds"],
    }

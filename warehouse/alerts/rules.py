"""Alert rules: the four that are built in, those of the settings file, those that the API keeps.

A rule of the API that has the id of a built-in one changes that one's limits.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from warehouse.errors import BadRequestError

Metric = Literal[
    "errorRate", "warnRate", "avgResponseTime", "p50ResponseTime", "p95ResponseTime", "p99ResponseTime",
    "responseTimeCoverage", "apdex", "throughput", "totalLogs", "storageGrowth", "performanceScore",
    "systemHealth", "availability", "anomaly", "forecastLogs", "forecastErrors", "forecastResponseTime",
    "forecastStorage",
]  # fmt: skip
#: Units of the metrics, as people read them; the others have none.
UNITS = {
    "errorRate": "percent", "warnRate": "percent", "responseTimeCoverage": "percent",
    "availability": "percent",
    "avgResponseTime": "ms", "p50ResponseTime": "ms", "p95ResponseTime": "ms", "p99ResponseTime": "ms",
    "throughput": "entries per minute", "storageGrowth": "MB per hour", "forecastResponseTime": "ms",
    "forecastStorage": "MB",
}  # fmt: skip
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class AlertRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[alert]]`: a rule over a metric or a SQL query."""

    id: Annotated[str, Meta(description="Its name in addresses: lower-case letters, digits and hyphens.")]
    name: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None, Meta(description="What people call it.")
    ] = None
    metric: Annotated[
        Metric | None, Meta(description="The figure that it watches (docs/metrics.md); or `query`.")
    ] = None
    query: Annotated[
        Annotated[str, Meta(min_length=1, max_length=20_000)] | None,
        Meta(
            description="SELECT that gives a column `value` and, for several rows, `name`; may use"
            " $window_start, $window_end and $hours."
        ),
    ] = None
    operator: Annotated[
        Literal[">", ">=", "<", "<=", "==", "!="], Meta(description="How the value is compared.")
    ] = ">"
    threshold: Annotated[float, Meta(description="With what, in the metric's unit.")]
    hours: Annotated[
        Annotated[float, Meta(ge=0.25, le=8_760)], Meta(description="Length of the window, in hours.")
    ] = 24
    interval: Annotated[
        Literal[80, 95],
        Meta(description="Which edge of a forecast counts: of its 80 or 95 percent interval."),
    ] = 95
    for_minutes: Annotated[
        Annotated[int, Meta(ge=0, le=10_080)],
        Meta(description="How long it has to hold before the rule fires; until then it is pending."),
    ] = 0
    severity: Annotated[Literal["info", "warning", "critical"], Meta(description="How grave it is.")] = (
        "warning"
    )
    no_data: Annotated[
        Literal["ok", "alert", "keep"],
        Meta(description="What a window without a value means: all is well, an alert, or as before."),
    ] = "ok"
    group_by: Annotated[
        Literal["source", "package"] | None, Meta(description="Test each source or package by itself.")
    ] = None
    source: Annotated[str | None, Meta(description="Only entries of this source.")] = None
    package: Annotated[str | None, Meta(description="Only entries about this package.")] = None
    status: Annotated[
        Literal["1xx", "2xx", "3xx", "4xx", "5xx"] | None, Meta(description="Only this class of HTTP status.")
    ] = None
    config_hash: Annotated[str | None, Meta(description="Only entries of this config hash.")] = None
    enabled: Annotated[bool, Meta(description="Is it tested?")] = True

    @property
    def condition(self) -> str:
        """What it watches, as the contract names it."""
        return self.metric or "query"

    @property
    def is_forecast(self) -> bool:
        """Does it watch hours to come? `hours` is how far it looks, then."""
        return self.metric is not None and self.metric.startswith("forecast")

    @property
    def title(self) -> str:
        """Its name, or its id where it has none."""
        return self.name or self.id

    def check(self) -> None:
        """Raise BadRequestError for what no field shows by itself; `field` names the one to mend."""
        if not _ID.fullmatch(self.id):
            raise BadRequestError(
                f"id: {self.id[:80]!r} is not made of lower-case letters, digits and hyphens (64 at most)",
                field="id",
            )
        if not math.isfinite(self.threshold):
            raise BadRequestError(f"threshold: {self.threshold} is not a finite number", field="threshold")
        if (self.metric is None) == (self.query is None):
            raise BadRequestError("a rule has a metric or a query, and not both", field="metric")
        filters = {name: getattr(self, name) for name in ("source", "package", "status", "config_hash")}
        given = [name for name, value in filters.items() if value is not None]
        if self.query is not None and (given or self.group_by):
            raise BadRequestError(
                f"{(given or ['group_by'])[0]}: a query says itself what it looks at",
                field=(given or ["group_by"])[0],
            )
        if self.metric == "anomaly" or self.is_forecast:
            if given or self.group_by:
                field = (given or ["group_by"])[0]
                raise BadRequestError(f"{field}: {self.metric} is told of everything", field=field)
            if self.is_forecast and (self.hours > 48 or self.hours != int(self.hours)):
                raise BadRequestError("hours: a forecast looks 1 to 48 whole hours ahead", field="hours")
        if self.group_by and given:
            raise BadRequestError(
                f"group_by: a rule by {self.group_by} takes no filter ({given[0]})", field="group_by"
            )
        if self.group_by and self.metric == "storageGrowth":
            raise BadRequestError("group_by: storage has no source and no package", field="group_by")


class BuiltIn(Struct, frozen=True):
    """The limits of the built-in rules, from the settings."""

    error_rate: float
    storage_growth: float
    response_ms: float
    health: int


def built_in(limits: BuiltIn) -> list[AlertRule]:
    """The four rules of the contract."""
    return [
        AlertRule(
            id="high-error-rate", name="High Error Rate", metric="errorRate", threshold=limits.error_rate,
            severity="critical",
        ),
        AlertRule(
            id="storage-growth", name="Rapid Storage Growth", metric="storageGrowth",
            threshold=limits.storage_growth,
        ),
        AlertRule(
            id="slow-response", name="Slow Response Time", metric="avgResponseTime",
            threshold=limits.response_ms,
        ),
        AlertRule(
            id="system-health", name="System Health Degradation", metric="systemHealth", operator=">=",
            threshold=limits.health, severity="critical",
        ),
    ]  # fmt: skip


#: What may be changed of a built-in rule: the contract fixes the rest.
CHANGEABLE = ("threshold", "hours", "for_minutes", "severity", "no_data", "enabled")
BUILT_IN = ("high-error-rate", "storage-growth", "slow-response", "system-health")


def changed(rule: AlertRule, by: AlertRule) -> AlertRule:
    """A built-in rule with another's limits."""
    return msgspec.structs.replace(rule, **{name: getattr(by, name) for name in CHANGEABLE})


def watched(rule: AlertRule) -> tuple[str | None, ...]:
    """What a rule looks at: the state that it is in is one of this."""
    return (
        rule.metric, rule.query, rule.group_by, rule.source, rule.package, rule.status, rule.config_hash
    )  # fmt: skip


def as_json(rule: AlertRule) -> str:
    """For the manifest."""
    return msgspec.json.encode(rule).decode()


def from_json(text: str | bytes) -> AlertRule:
    """From the manifest."""
    return msgspec.json.decode(text, type=AlertRule)


def convert(values: dict[str, Any]) -> AlertRule:
    """A rule from plain values; raises msgspec.ValidationError, and BadRequestError as `check` does."""
    rule = msgspec.convert(values, AlertRule)
    rule.check()
    return rule

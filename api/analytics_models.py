"""The shapes of the answers of /analytics, for the OpenAPI document, as in `api.models`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from api.models import Answer, Count, EpochMs, MaybeEpochMs, Window
from api.outlook_models import Anomaly


def _about(text: str) -> Meta:
    return Meta(description=text)


ApdexMs = Annotated[int, _about("Response time up to which a client is satisfied, in ms.")]


class ErrorMessage(Answer):
    """A message of entries at level error."""

    message: Annotated[str, _about("The message.")]
    count: Count


class Figures(Answer):
    """The figures of one window."""

    total_logs: Count
    error_rate: Annotated[float, _about("Share of entries at level error, in percent; 0 with no entries.")]
    warn_rate: Annotated[float, _about("Share of entries at level warn, in percent; 0 with no entries.")]
    avg_response_time: Annotated[float, _about("Mean response time, in ms; 0 with none.")]
    storage_growth: Annotated[float, _about("Newly stored in the bucket, in MB per hour.")]
    system_health: Annotated[Literal["healthy", "warning", "critical"], _about("Health.")]
    performance_score: Annotated[float, _about("0 (bad) to 100 (good).")]
    p50_response_time: Annotated[float | None, _about("Median response time, in ms; null with none.")]
    p95_response_time: Annotated[float | None, _about("95th percentile, in ms; null with none.")]
    p99_response_time: Annotated[float | None, _about("99th percentile, in ms; null with none.")]
    response_time_coverage: Annotated[float, _about("Share of entries with a response time, in percent.")]
    apdex: Annotated[float | None, _about("Apdex of the response times, 0 to 1; null with none.")]
    throughput: Annotated[float, _about("Entries per minute.")]
    window_start: EpochMs
    window_end: EpochMs


class HealthFactor(Answer):
    """What a figure costs the score, and the limits of its health."""

    name: Annotated[str, _about("The figure.")]
    unit: Annotated[str, _about("Its unit.")]
    value: Annotated[float, _about("Its value.")]
    warning: Annotated[float | None, _about("Above this: warning. Null: not part of health.")]
    critical: Annotated[float | None, _about("Above this: critical. Null: not part of health.")]
    weight: Annotated[float, _about("Points per unit.")]
    cost: Annotated[float, _about("Points that it takes from the score.")]


class Change(Answer):
    """How a figure changed against one window earlier."""

    difference: Annotated[
        float | None, _about("In the figure's unit, percentage points for rates; null where one has none.")
    ]
    percent: Annotated[float | None, _about("Of the earlier figure; null where that is 0 or there is none.")]


class Filters(Answer):
    """Which entries count; null: all."""

    source: Annotated[str | None, _about("Source.")]
    package: Annotated[str | None, _about("Package.")]
    status: Annotated[str | None, _about("Class of HTTP status, as 5xx.")]
    config_hash: Annotated[str | None, _about("Config hash.")]


class Analytics(Figures):
    """The figures of the window, and of the one before it."""

    timestamp: Annotated[int, _about("When it was computed, epoch milliseconds.")]
    top_error_messages: Annotated[list[ErrorMessage], _about("The five most frequent.")]
    hours: Window
    previous: Annotated[Figures, _about("The same figures one window earlier.")]
    changes: Annotated[dict[str, Change], _about("Against one window earlier, by figure.")]
    health_factors: Annotated[list[HealthFactor], _about("The costliest first.")]
    as_of: Annotated[int, _about("End of the window, epoch milliseconds.")]
    filters: Filters
    apdex_ms: ApdexMs


class TrendPoint(Answer):
    """One period."""

    period: Annotated[str, _about("UTC time of its start, as HH:MM.")]
    logs_count: Count
    error_count: Annotated[int, _about("Entries at level error.")]
    storage_used: Annotated[float, _about("Newly stored in the period, in MB.")]
    response_time: Annotated[
        float | None, _about("Mean response time, in ms; 0 with none, null with `empty=null`.")
    ]
    period_start: EpochMs
    period_end: EpochMs
    warn_count: Annotated[int, _about("Entries at level warn.")]
    p95_response_time: Annotated[float | None, _about("95th percentile, in ms; null with none.")]
    storage_total: Annotated[float, _about("Stored at the period's end, in MB.")]


class Trends(Answer):
    """The window in equal periods."""

    trends: Annotated[list[TrendPoint], _about("Oldest first; empty periods are there with zeros.")]
    hours: Window
    points: Annotated[int, _about("Number of periods.")]
    timezone: Annotated[str, _about("Zone of `period`.")]
    anomalies: Annotated[list[Anomaly], _about("What was unusual in the window; none with a filter.")]
    comparisons: Annotated[
        dict[str, list[TrendPoint]] | UnsetType,
        _about("Earlier windows by the names in `compare`, in the same shape; absent when none was named."),
    ] = UNSET


class HistoryPoint(Answer):
    """The figures of one period."""

    period_start: EpochMs
    period_end: EpochMs
    total_logs: Count
    error_count: Annotated[int, _about("Entries at level error.")]
    warn_count: Annotated[int, _about("Entries at level warn.")]
    requests: Annotated[int, _about("Entries with an HTTP status.")]
    server_errors: Annotated[int, _about("Entries with a status of 500 or more.")]
    error_rate: Annotated[float | None, _about("In percent; null without entries.")]
    warn_rate: Annotated[float | None, _about("In percent; null without entries.")]
    avg_response_time: Annotated[float | None, _about("Mean, in ms; null with none.")]
    p50_response_time: Annotated[float | None, _about("Median, in ms; null with none.")]
    p95_response_time: Annotated[float | None, _about("95th percentile, in ms; null with none.")]
    p99_response_time: Annotated[float | None, _about("99th percentile, in ms; null with none.")]
    response_time_coverage: Annotated[float | None, _about("In percent; null without entries.")]
    apdex: Annotated[float | None, _about("0 to 1; null with none.")]
    throughput: Annotated[float, _about("Entries per minute.")]
    storage_growth: Annotated[float, _about("Newly stored in the buckets, in MB per hour; not filtered.")]
    performance_score: Annotated[float | None, _about("0 to 100; null without entries.")]


class History(Answer):
    """Every figure, period by period."""

    history: Annotated[list[HistoryPoint], _about("Oldest first; empty periods are there.")]
    hours: Window
    points: Annotated[int, _about("Number of periods.")]
    period_seconds: Annotated[float, _about("Length of a period.")]
    filters: Filters
    apdex_ms: ApdexMs


class Occurrence(Answer):
    """One entry of a fault."""

    message: Annotated[str, _about("Its message, 1,000 characters at most.")]
    timestamp: EpochMs
    bucket: Annotated[str, _about("Bucket that holds it.")]
    object_key: Annotated[str, _about("Object that holds it.")]
    line: Annotated[int, _about("Its line there.")]


class Fault(Answer):
    """Messages at level error that differ only in what is masked."""

    template: Annotated[str, _about("The message with <n>, <id>, <hash>, <path>, <version> … masked.")]
    count: Count
    share: Annotated[float, _about("Of all errors of the window, in percent.")]
    previous_count: Annotated[int, _about("One window earlier.")]
    change: Annotated[
        float | None, _about("Against one window earlier, in percent; null where that had none.")
    ]
    first_seen: EpochMs
    last_seen: EpochMs
    is_new: Annotated[bool, _about("None in the 30 days before the window.")]
    trend: Annotated[list[int], _about("Counts of equal periods of the window, oldest first.")]
    example: Annotated[Occurrence, _about("The first one of the window.")]


class Errors(Answer):
    """The faults of the window."""

    errors: Annotated[list[Fault], _about("The most frequent first.")]
    total_errors: Annotated[int, _about("Entries at level error in the window.")]
    total_templates: Annotated[int, _about("All faults of the window.")]
    hours: Window
    filters: Filters
    window_start: EpochMs
    window_end: EpochMs


class Missing(Answer):
    """A stretch of 5-minute slots without an entry."""

    starts_at: EpochMs
    ends_at: EpochMs


class Uptime(Answer):
    """Was the registry there, and was it heard of?"""

    uptime: Annotated[float, _about("Availability, in percent; 100 without a request, 0 without an entry.")]
    availability: Annotated[
        float | None, _about("Requests that were not answered 5xx, in percent; null without any.")
    ]
    heartbeat: Annotated[float, _about("5-minute slots with an entry, of those that are known, in percent.")]
    requests: Annotated[int, _about("Entries with an HTTP status.")]
    server_errors: Annotated[int, _about("Those of them with 500 or more.")]
    slots: Annotated[int, _about("5-minute slots of the window.")]
    known_slots: Annotated[int, _about("Those of them that the heartbeat counts.")]
    missing_slots: Annotated[int, _about("Known slots without an entry.")]
    unknown_slots: Annotated[int, _about("Slots without an entry that end after the last sync.")]
    missing: Annotated[list[Missing], _about("Where they are, oldest first.")]
    window_start: EpochMs
    window_end: EpochMs
    last_sync: MaybeEpochMs
    hours: Window


class EvidenceWindow(Answer):
    """The window that a rule was tested over."""

    hours: Window
    start: EpochMs
    end: EpochMs


class Evidence(Answer):
    """Where an alert's value comes from."""

    window: EvidenceWindow
    view: Annotated[str, _about("The view that was read.")]
    query: Annotated[str, _about("The query that computed it.")]


class Alert(Answer):
    """A rule that fires."""

    id: Annotated[str, _about("Rule.")]
    name: Annotated[str, _about("Its name.")]
    condition: Annotated[str, _about("The metric that it watches, or query.")]
    threshold: Annotated[
        float, _about("Its limit in the metric's unit; of systemHealth 0 healthy, 1 warning, 2 critical.")
    ]
    enabled: Annotated[bool, _about("Is it switched on?")]
    triggered: Annotated[bool, _about("Does it fire?")]
    last_triggered: MaybeEpochMs
    value: Annotated[float | None, _about("The value now, in the unit of the threshold.")]
    since: MaybeEpochMs
    severity: Annotated[Literal["info", "warning", "critical"], _about("How grave it is.")]
    evidence: Evidence
    group: Annotated[str | None, _about("Source, package or name of the query's row; null without groups.")]
    acknowledged_at: MaybeEpochMs
    silenced_until: MaybeEpochMs


class Alerts(Answer):
    """The rules that are enabled and firing."""

    alerts: Annotated[list[Alert], _about("The firing rules.")]
    count: Annotated[int, _about("How many fire.")]


class ReportSummary(Answer):
    """The report in three figures."""

    avg_performance_score: Annotated[int, _about("Mean score of the periods with entries, 0 to 100.")]
    total_alerts: Annotated[int, _about("Rules that fire.")]
    uptime: Annotated[float, _about("Requests that were not answered 5xx, in percent.")]


class Recommendation(Answer):
    """What a rule saw, and what to do."""

    id: Annotated[str, _about("The rule, as docs/metrics.md lists them.")]
    severity: Annotated[Literal["critical", "warning", "info"], _about("How grave it is.")]
    value: Annotated[float, _about("What it measured, in the unit that `seen` tells.")]
    since: MaybeEpochMs
    seen: Annotated[str, _about("What was seen.")]
    action: Annotated[str, _about("What to do.")]
    view: Annotated[str, _about("The view to look at.")]


class Report(Answer):
    """Summary, trends and what to do."""

    summary: ReportSummary
    trends: Annotated[list[TrendPoint], _about("As in /analytics/trends.")]
    recommendations: Annotated[list[str], _about("What to do, the gravest first.")]
    evidence: Annotated[list[Recommendation], _about("The rules behind them, in the same order.")]
    hours: Window

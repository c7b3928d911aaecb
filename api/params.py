"""Query parameters: one type per parameter, and what the framework cannot check by itself.

Raises BadRequestError with the contract's name of the parameter.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from litestar.params import QueryParameter

from warehouse.analytics import COMPARISONS, MetricFilter
from warehouse.errors import BadRequestError

LEVELS = ("debug", "info", "warn", "error")
ANOMALY_METRICS = (
    "logs", "errors", "responseTime", "responseTimeMax", "responseTimeMin", "storage", "downloads",
    "newError", "silence",
)  # fmt: skip
#: What the parameters take that know a few words only, as an error tells it.
CHOICES = {
    "model": "ensemble or linear",
    "metric": ", ".join(ANOMALY_METRICS),
    "order": "desc or asc",
    "group": "date",
    "format": "json, ndjson or csv",
}
MAX_HOURS = 8760
#: What SQLite and DuckDB keep a number in.
MAX_NUMBER = 2**63 - 1
MAX_TEXT = 1000

Hours = Annotated[
    float,
    QueryParameter(
        name="hours", ge=1, le=MAX_HOURS, description="Length of the window that ends now, in hours."
    ),
]
Points = Annotated[
    int,
    QueryParameter(
        name="points",
        ge=1,
        le=1000,
        description="Number of equal periods that the window is cut into; a period has 30 seconds at least.",
    ),
]
Horizon = Annotated[
    int, QueryParameter(name="hours", ge=1, le=48, description="How far to look ahead, in hours.")
]
ForecastModel = Annotated[
    Literal["ensemble", "linear"],
    QueryParameter(name="model", description="ensemble: several models, weighted; linear: a straight line."),
]
AnomalyMetric = Annotated[
    Literal[
        "logs", "errors", "responseTime", "responseTimeMax", "responseTimeMin", "storage", "downloads",
        "newError", "silence",
    ]
    | None,
    QueryParameter(name="metric", description="Only what is unusual in this."),
]  # fmt: skip
Subject = Annotated[
    str | None,
    QueryParameter(
        name="subject", max_length=MAX_TEXT, description="Only of this package, error template or source."
    ),
]
Every = Annotated[
    bool, QueryParameter(name="every", description="true: the scores of usual hours too, not only anomalies.")
]
AnomalyLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=10_000, description="Rows at most.")]
Limit = Annotated[
    int, QueryParameter(name="limit", ge=1, le=10_000, description="Entries of one page at most.")
]
Level = Annotated[
    str | None,
    QueryParameter(
        name="level",
        description="debug, info, warn or error, in any case; several separated by commas. Absent: all.",
    ),
]
_MOMENT = "Epoch milliseconds, or ISO 8601 (UTC where it names no zone)."
StartDate = Annotated[
    str | None, QueryParameter(name="startDate", description=f"Entries from this time on. {_MOMENT}")
]
EndDate = Annotated[
    str | None,
    QueryParameter(
        name="endDate", description=f"Entries up to this time. {_MOMENT} A date alone means its whole day."
    ),
]
Source = Annotated[
    str | None, QueryParameter(name="source", max_length=MAX_TEXT, description="Source, exactly as logged.")
]
ConfigHash = Annotated[
    str | None,
    QueryParameter(name="configHash", max_length=200, description="Config hash, with or without 0x."),
]
Text = Annotated[
    str | None,
    QueryParameter(name="q", max_length=MAX_TEXT, description="Text that the message contains, in any case."),
]
Search = Annotated[
    str | None,
    QueryParameter(
        name="search",
        max_length=MAX_TEXT,
        description='Words and "phrases" that the message has, in any case; -word: has not. Up to 4 and 2.',
    ),
]
FaultLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=1_000, description="Faults at most.")]
FacetValues = Annotated[
    int, QueryParameter(name="values", ge=1, le=1_000, description="Values of each facet at most.")
]
HistogramPoints = Annotated[
    int, QueryParameter(name="points", ge=1, le=1_000, description="Number of equal periods.")
]
ObjectKey = Annotated[
    str, QueryParameter(name="objectKey", min_length=1, max_length=1024, description="The entry's object.")
]
Line = Annotated[int, QueryParameter(name="line", ge=1, description="The entry's line in it.")]
Bucket = Annotated[
    str | None, QueryParameter(name="bucket", max_length=MAX_TEXT, description="The object's bucket.")
]
Around = Annotated[
    int, QueryParameter(name="around", ge=0, le=1_000, description="Lines before and after at most.")
]
ExportFormat = Annotated[
    Literal["ndjson", "csv", "parquet", "arrow"],
    QueryParameter(name="format", description="ndjson, csv, parquet or arrow (an IPC stream)."),
]
Status = Annotated[
    int | None,
    QueryParameter(name="status", ge=100, le=999, description="HTTP status of the logged request."),
]
Method = Annotated[
    str | None,
    QueryParameter(
        name="method", max_length=40, description="HTTP method of the logged request, in any case."
    ),
]
Package = Annotated[
    str | None, QueryParameter(name="package", max_length=MAX_TEXT, description="Package name, exactly.")
]
MinResponseMs = Annotated[
    float | None,
    QueryParameter(
        name="minResponseMs",
        ge=0,
        le=sys.float_info.max,  # no infinity
        description="Entries with at least this response time, in ms.",
    ),
]
Order = Annotated[
    Literal["desc", "asc"], QueryParameter(name="order", description="desc: newest first; asc: oldest first.")
]
Cursor = Annotated[
    str | None,
    QueryParameter(name="cursor", max_length=4000, description="`nextCursor` of the page before this one."),
]
Group = Annotated[
    Literal["date"] | None,
    QueryParameter(
        name="group", description="date: adds `groups`, counts and the page's entries by UTC date."
    ),
]
Format = Annotated[
    Literal["json", "ndjson", "csv"],
    QueryParameter(
        name="format",
        description="json, ndjson (one entry per line) or csv. The latter two tell the total and the next"
        " cursor in the headers X-Total-Count and X-Next-Cursor.",
    ),
]
StatusClass = Annotated[
    str | None,
    QueryParameter(
        name="status", pattern="^([1-5]xx)?$", description="Class of HTTP status: 1xx, 2xx, 3xx, 4xx or 5xx."
    ),
]
#: Where a window may end: what it is compared with has to lie in the calendar too.
_ENDS = (datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
WindowEnd = Annotated[
    str | None,
    QueryParameter(
        name="endDate", description=f"End of the window, instead of now; years 1000 to 8999. {_MOMENT}"
    ),
]
TimeZone = Annotated[
    str, QueryParameter(name="timezone", max_length=100, description="IANA time zone of `period`.")
]
Compare = Annotated[
    str | None,
    QueryParameter(
        name="compare",
        description="previous (one window earlier), week (seven days earlier), or both with a comma.",
    ),
]
Empty = Annotated[
    Literal["zero", "null"],
    QueryParameter(name="empty", description="What the mean of a period without response times is."),
]
PackageName = Annotated[
    str | None, QueryParameter(name="packageName", max_length=MAX_TEXT, description="Package name, exactly.")
]
PackageLimit = Annotated[
    int, QueryParameter(name="limit", ge=1, le=10_000, description="Packages of one page at most.")
]
ContinuationToken = Annotated[
    str | None,
    QueryParameter(
        name="continuationToken",
        max_length=4000,
        description="`nextContinuationToken` of the page before this one.",
    ),
]


def levels(text: str | None) -> list[str] | None:
    """The levels that `level` names; None for all."""
    names = [name.strip().lower() for name in (text or "").split(",") if name.strip()]
    for name in names:
        if name not in LEVELS:
            raise BadRequestError(
                f"level: {name[:40]!r} is none of {', '.join(LEVELS)}",
                hint="several levels are separated by commas",
                field="level",
            )
    return list(dict.fromkeys(names)) or None


def metric_filter(
    source: str | None, package: str | None, status: str | None, config_hash: str | None
) -> MetricFilter:
    """The four filters of figures; empty ones count as absent."""
    return MetricFilter(given(source), given(package), given(status), given(config_hash))


def comparisons(text: str | None) -> list[str]:
    """The earlier windows that `compare` names."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    for name in names:
        if name not in COMPARISONS:
            raise BadRequestError(f"compare: {name[:40]!r} is none of previous, week", field="compare")
    return names


def given(text: str | None) -> str | None:
    """A text parameter; an empty one (`?source=`) counts as absent."""
    return text or None


def whole(number: float) -> float:
    """24.0 as 24, so that an answer echoes what was asked."""
    return int(number) if number == int(number) else number


def between(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """`startDate` and `endDate` as moments, in the right order."""
    first = moment(start, "startDate") if start else None
    last = moment(end, "endDate", whole_day=True) if end else None
    if first is not None and last is not None and first > last:
        raise BadRequestError("startDate is later than endDate", field="startDate")
    return first, last


def window_end(text: str | None) -> datetime | None:
    """`endDate` of a window; None for now."""
    end = moment(text, "endDate", whole_day=True) if text else None
    if end is not None and not _ENDS[0] <= end < _ENDS[1]:
        raise BadRequestError(
            f"endDate: a window ends in the years 1000 to 8999, not at {str(text)[:40]}", field="endDate"
        )
    return end


def moment(text: str, parameter: str, *, whole_day: bool = False) -> datetime:
    """Epoch milliseconds or ISO 8601 as a time in UTC.

    `whole_day`: a date without a time means the last microsecond of that day.
    """
    text = text.strip()
    try:
        # An integer is never a date: 20260101 and 2026 are milliseconds too.
        if re.fullmatch(r"[+-]?[0-9]+", text):
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
        # A plus sign that the client did not escape arrives as a space.
        value = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text) if "T" in text else text)
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        if whole_day and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            value += timedelta(days=1, microseconds=-1)
    except (ValueError, OverflowError) as error:
        raise BadRequestError(
            f"{parameter}: {text[:40]!r} is neither epoch milliseconds nor an ISO 8601 time",
            hint="for example 1767225600000 or 2026-01-01T00:00:00Z",
            field=parameter,
        ) from error
    return value

"""The report: a summary, and what to do with what was seen (`sql/recommendations/`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from warehouse import analytics, sqlfiles
from warehouse.engine import Engine
from warehouse.settings import Settings
from warehouse.settings_file import log_prefixes

Row = dict[str, Any]

#: Queries of the whole history.
_WHOLE = ("cleanup_pays", "unused_packages")
#: The gravest first.
_SEVERITIES = ("critical", "warning", "info")


def _earliest(name: str, asked: Row) -> datetime:
    """What a query of recommendations reads no older slots than."""
    if name in _WHOLE:
        return datetime.min  # noqa: DTZ901 - times of queries have no zone
    earlier: datetime = asked["previous_start"]
    week_before: datetime = asked["window_start"] - timedelta(days=7)
    nine_days: datetime = asked["now"] - timedelta(days=9)
    return min(earlier, week_before, nine_days)


def report(engine: Engine, settings: Settings, window: Row, figures: Row) -> Row:
    """Summary, recommendations in words, and their evidence: of the figures, and of `sql/recommendations/`.

    `window` has `now` (UTC, without a zone); `figures` are those of GET /analytics of the same window.
    """
    asked = window | {"log_prefixes": log_prefixes(settings), "storage_price": settings.storage_price}
    names = sqlfiles.names("recommendations")

    def recommended(name: str) -> list[Row]:
        return engine.run(name, asked, folder="recommendations", since=_earliest(name, asked))

    def summary() -> list[Row]:
        return engine.run("report_summary", window, since=analytics.metrics_since(window, "window_start"))

    top = figures["topErrorMessages"][0] if figures["topErrorMessages"] else {}
    of_window = window | {
        "entries": figures["totalLogs"],
        "error_rate": figures["errorRate"],
        "warn_rate": figures["warnRate"],
        "response_ms": figures["avgResponseTime"],
        "p99_ms": figures["p99ResponseTime"],
        "growth": figures["storageGrowth"],
        "coverage": figures["responseTimeCoverage"],
        "previous_error_rate": figures["previous"]["errorRate"],
        "top_message": top.get("message"),
        "top_count": top.get("count"),
    }

    def of_figures() -> list[Row]:
        return engine.run("recommendations", of_window, since=_earliest("recommendations", window))

    (summed,), told, *found = engine.together(
        summary, of_figures, *(partial(recommended, name) for name in names)
    )
    evidence = [row for row in told if row["id"] is not None]
    evidence += [
        {"id": name.replace("_", "-"), **row} for name, rows in zip(names, found, strict=True) for row in rows
    ]
    evidence.sort(key=lambda row: _SEVERITIES.index(row["severity"]))
    return {
        "summary": summed,
        "recommendations": [f"{row['seen']} {row['action']}" for row in evidence] or [told[0]["seen"]],
        "evidence": evidence,
    }

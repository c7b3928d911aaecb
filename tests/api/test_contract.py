"""The wire contract, endpoint by endpoint: names, types, units, over what a real sync brought in."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api import analytics_models, models, outlook_models
from api.costs import Costs, PackageGrowth, PackageHoldings
from api.runs import Runs
from tests.api.conftest import PREFIX
from tests.api.shapes import NUMBER, has, is_exactly
from warehouse import service
from warehouse.settings import Settings

Get = Callable[..., Any]
FIGURES = {
    "totalLogs": int,
    "errorRate": NUMBER,
    "warnRate": NUMBER,
    "avgResponseTime": NUMBER,
    "storageGrowth": NUMBER,
    "systemHealth": str,
    "performanceScore": NUMBER,
    "p50ResponseTime": (*NUMBER, None),
    "p95ResponseTime": (*NUMBER, None),
    "p99ResponseTime": (*NUMBER, None),
    "responseTimeCoverage": NUMBER,
    "apdex": (*NUMBER, None),
    "throughput": NUMBER,
}
POINT = {
    "period": str,
    "logsCount": int,
    "errorCount": int,
    "storageUsed": NUMBER,
    "responseTime": NUMBER,
    "periodStart": int,
    "periodEnd": int,
    "warnCount": int,
    "p95ResponseTime": (*NUMBER, None),
    "storageTotal": NUMBER,
}


def test_logs_are_pages_of_entries_newest_first(get: Get) -> None:
    page = get("/logs", limit=100)
    has(page, {"logs": list, "totalCount": int, "hasMore": bool, "nextCursor": str})
    is_exactly(page, models.LogPage)
    entry = {
        "timestamp": int,
        "level": str,
        "message": str,
        "source": str,
        "configHash": str,
        "metadata": dict,
    }
    for row in page["logs"]:
        has(row, entry)
        assert row["configHash"].startswith("0x")
    times = [row["timestamp"] for row in page["logs"]]
    assert times == sorted(times, reverse=True)
    assert page["totalCount"] == 3_000
    assert page["hasMore"] is True


def test_logs_hold_fifty_entries_when_no_limit_is_given(get: Get) -> None:
    assert len(get("/logs")["logs"]) == 50


def test_the_cursor_leads_through_every_entry_once(get: Get) -> None:
    seen: list[tuple[str, int]] = []
    parameters: dict[str, Any] = {"limit": 1_000}
    while True:
        page = get("/logs", **parameters)
        seen += [(row["objectKey"], row["line"]) for row in page["logs"]]
        if not page["hasMore"]:
            break
        parameters["cursor"] = page["nextCursor"]
    assert page["nextCursor"] is None
    assert len(seen) == len(set(seen)) == 3_000


def test_logs_can_be_grouped_by_date(get: Get) -> None:
    page = get("/logs", group="date", limit=10_000)
    is_exactly(page, models.LogPage)
    assert sum(group["count"] for group in page["groups"]) == page["totalCount"]
    for group in page["groups"]:
        assert len(group["logs"]) == group["count"]
        dates = {
            datetime.fromtimestamp(row["timestamp"] / 1000, UTC).date().isoformat() for row in group["logs"]
        }
        assert dates == {group["date"]}


def test_logs_stats_cover_the_whole_history(get: Get) -> None:
    stats = get("/logs/stats")
    whole = {"totalEntries": int, "totalSize": int, "oldestEntry": int, "newestEntry": int, "objects": int}
    has(stats, whole | {"configDistribution": dict, "levelDistribution": dict, "sourceDistribution": dict})
    has(stats, {"warehouseSize": int, "compressionRatio": float, "rejectedLines": int, "lastSync": int})
    is_exactly(stats, models.LogStats)
    assert stats["totalEntries"] == 3_000
    assert stats["rejectedLines"] == 3
    for name in ("configDistribution", "levelDistribution", "sourceDistribution"):
        assert sum(stats[name].values()) == 3_000, name
    assert stats["oldestEntry"] < stats["newestEntry"] <= time.time() * 1000


def test_stats_tell_what_the_bucket_holds(get: Get) -> None:
    stats = get("/stats")
    fields = {"totalPackages": int, "totalSize": int, "configDistribution": dict, "lastSync": str}
    has(stats["r2"], fields | {"storageClass": str})
    is_exactly(stats, models.Stats)
    assert datetime.fromisoformat(stats["r2"]["lastSync"]).tzinfo is not None
    assert stats["r2"]["totalSize"] > get("/logs/stats")["totalSize"]


def test_packages_are_pages_of_the_inventory(get: Get) -> None:
    first = get("/packages", limit=5)
    has(first, {"packages": list, "totalCount": int, "nextContinuationToken": str})
    is_exactly(first, models.PackagePage)
    fields = {"name": str, "version": (str, None), "configHash": str, "timestamp": int, "size": int}
    for row in first["packages"]:
        has(row, fields | {"integrity": (str, None)})
    second = get("/packages", limit=5, continuationToken=first["nextContinuationToken"])
    assert {row["key"] for row in first["packages"]}.isdisjoint(row["key"] for row in second["packages"])
    everything = get("/packages", limit=10_000)
    assert len(everything["packages"]) == everything["totalCount"]
    assert everything["nextContinuationToken"] is None


def test_packages_can_be_asked_for_by_name_and_hash(get: Get) -> None:
    wanted = get("/packages", limit=1)["packages"][0]
    named = get("/packages", packageName=wanted["name"], configHash=wanted["configHash"].removeprefix("0x"))
    assert named["totalCount"] >= 1
    assert {(row["name"], row["configHash"]) for row in named["packages"]} == {
        (wanted["name"], wanted["configHash"])
    }


def test_runs_are_the_newest_first_with_their_operations_and_the_sums_of_each_month(get: Get) -> None:
    answer = get("/runs", limit=5)
    is_exactly(answer, Runs)
    first = answer["runs"][-1]
    has(first, {"runId": str, "kind": str, "startedAt": int, "classA": int, "operationsDollars": NUMBER})
    starts = [run["startedAt"] for run in answer["runs"]]
    assert starts == sorted(starts, reverse=True)
    assert answer["freeTier"] is False
    assert sum(month["runs"] for month in answer["months"]) >= len(answer["runs"])
    assert answer["months"][0]["operationsDollars"] > 0
    assert get("/runs", freeTier="true")["months"][0]["operationsDollars"] == 0
    assert len(get("/runs", limit=1)["runs"]) == 1


def test_costs_and_packages_are_as_described(get: Get) -> None:
    is_exactly(get("/costs", freeTier="true"), Costs)
    answer = get("/inventory/packages", limit=3)
    is_exactly(answer, PackageHoldings)
    assert len(answer["packages"]) == 3 < answer["count"]
    largest = answer["packages"][0]
    for growth in (
        get("/inventory/packages/growth", days=40),
        get("/inventory/packages/growth", days=40, package=largest["name"]),
    ):
        is_exactly(growth, PackageGrowth)
        assert len(growth["days"]) == 40
    assert growth["days"][-1]["storedBytes"] == largest["bytes"]


def test_analytics_are_the_figures_of_the_window_and_of_the_one_before(get: Get) -> None:
    answer = get("/analytics", hours=24)
    has(answer, FIGURES | {"timestamp": int, "topErrorMessages": list, "hours": int, "asOf": int})
    has(answer["previous"], FIGURES)
    is_exactly(answer, analytics_models.Analytics)
    assert answer["systemHealth"] in ("healthy", "warning", "critical")
    assert len(answer["topErrorMessages"]) <= 5
    assert answer["totalLogs"] > 0
    assert abs(answer["timestamp"] - time.time() * 1000) < 60_000
    assert answer["windowEnd"] - answer["windowStart"] == 24 * 3_600_000
    assert answer["previous"]["windowEnd"] == answer["windowStart"]


def test_analytics_agree_with_a_query_over_the_log_rows(get: Get, warehouse: service.Warehouse) -> None:
    answer = get("/analytics", hours=48)
    [row] = warehouse.sql(
        """SELECT count(*), 100.0 * count(*) FILTER (WHERE level = 'error') / count(*),
               100.0 * count(*) FILTER (WHERE level = 'warn') / count(*), avg(response_ms),
               100.0 * count(response_ms) / count(*)
           FROM logs WHERE ts >= make_timestamp($first * 1000) AND ts < make_timestamp($last * 1000)""",
        {"first": answer["windowStart"], "last": answer["windowEnd"]},
    ).rows
    names = ("totalLogs", "errorRate", "warnRate", "avgResponseTime", "responseTimeCoverage")
    assert [answer[name] for name in names] == pytest.approx(list(row))
    penalty = 2 * answer["errorRate"] + answer["avgResponseTime"] / 50 + answer["storageGrowth"] / 10
    assert answer["performanceScore"] == pytest.approx(min(100, max(0, 100 - penalty)))


def test_the_history_and_the_uptime_are_as_described(get: Get) -> None:
    answer = get("/analytics/history", hours=24, points=24, source="registry-api")
    is_exactly(answer, analytics_models.History)
    assert (len(answer["history"]), answer["periodSeconds"]) == (24, 3600)
    assert answer["filters"] == {
        "source": "registry-api",
        "package": None,
        "status": None,
        "configHash": None,
    }
    whole = get("/analytics", hours=24, endDate=answer["history"][-1]["periodEnd"], source="registry-api")
    assert sum(row["totalLogs"] for row in answer["history"]) == whole["totalLogs"] > 0
    assert whole["totalLogs"] < get("/analytics", hours=24)["totalLogs"]
    is_exactly(get("/analytics/uptime"), analytics_models.Uptime)
    faults = get("/analytics/errors", hours=72, points=3)
    is_exactly(faults, analytics_models.Errors)
    assert sum(row["count"] for row in faults["errors"]) == faults["totalErrors"] > 0
    assert all(sum(row["trend"]) == row["count"] and len(row["trend"]) == 3 for row in faults["errors"])


def test_trends_can_be_compared_and_told_in_another_zone(get: Get) -> None:
    answer = get(
        "/analytics/trends", compare="previous,week", timezone="Asia/Tokyo", empty="null", package=""
    )
    is_exactly(answer, analytics_models.Trends)
    assert set(answer["comparisons"]) == {"previous", "week"}
    assert answer["timezone"] == "Asia/Tokyo"


def test_trends_are_24_equal_periods_oldest_first_that_end_now(get: Get) -> None:
    answer = get("/analytics/trends", hours=24)
    has(answer, {"trends": list, "hours": int, "points": int, "timezone": str})
    is_exactly(answer, analytics_models.Trends)
    points = answer["trends"]
    assert (answer["hours"], len(points)) == (24, 24)
    for point in points:
        has(point, POINT)
        start = datetime.fromtimestamp(point["periodStart"] / 1000, UTC)
        assert point["period"] == start.strftime("%H:%M")
        assert point["periodEnd"] - point["periodStart"] == 3_600_000
    for before, after in itertools.pairwise(points):
        assert before["periodEnd"] == after["periodStart"]
    assert 0 <= points[-1]["periodEnd"] - time.time() * 1000 + 60_000 <= 120_000


def test_trends_add_up_to_the_figures_of_the_same_window(get: Get) -> None:
    trends, figures = get("/analytics/trends", hours=48, points=96), get("/analytics", hours=48)
    assert len(trends["trends"]) == 96
    assert abs(sum(point["logsCount"] for point in trends["trends"]) - figures["totalLogs"]) <= 5


def test_alerts_are_the_rules_that_fire(get: Get, filled: Settings) -> None:
    quiet = get("/analytics/alerts")
    has(quiet, {"alerts": list, "count": int})
    assert quiet["count"] == len(quiet["alerts"])
    is_exactly(quiet, analytics_models.Alerts)
    # The demo has an incident; the hour of it fires for certain when it is looked at from its end.
    worst = max(
        get("/analytics/trends", hours=72, points=72)["trends"], key=lambda point: point["errorCount"]
    )
    opened = service.Warehouse(filled)
    try:
        answer = opened.alerts(1, datetime.fromtimestamp(worst["periodEnd"] / 1000, UTC))
    finally:
        opened.close()
    assert answer["count"] >= 1
    is_exactly(answer, analytics_models.Alerts)
    fields = {
        "id": str,
        "name": str,
        "condition": str,
        "threshold": NUMBER,
        "enabled": bool,
        "triggered": bool,
    }
    for alert in answer["alerts"]:
        has(alert, fields | {"lastTriggered": int, "value": NUMBER, "since": int, "severity": str})
    assert "high-error-rate" in {alert["id"] for alert in answer["alerts"]}


def test_report_sums_up_the_window(get: Get) -> None:
    report = get("/analytics/report")
    has(report, {"summary": dict, "trends": list, "recommendations": list})
    has(report["summary"], {"avgPerformanceScore": int, "totalAlerts": int, "uptime": NUMBER})
    is_exactly(report, analytics_models.Report)
    assert len(report["trends"]) == 24
    assert 0 <= report["summary"]["uptime"] <= 100
    assert report["recommendations"]
    assert all(isinstance(text, str) and text for text in report["recommendations"])


@pytest.mark.parametrize("hours", [1, 6, 48])
def test_prediction_tells_its_horizon(get: Get, hours: int) -> None:
    answer = get("/analytics/predict", hours=hours)
    assert answer["horizon"] == f"{hours} hours"
    numbers = {"predictedLogs": int, "predictedErrors": int, "predictedStorage": NUMBER, "confidence": NUMBER}
    has(answer["prediction"], numbers)
    is_exactly(answer, outlook_models.Forecast)
    assert 0 <= answer["prediction"]["confidence"] <= 100


def test_health_is_at_the_root(client: TestClient[Litestar]) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    is_exactly(answer.json(), models.Health)


@pytest.mark.parametrize(
    "request_body",
    [{}, {"headers": {"content-type": "application/json"}}, {"json": {}}, {"content": b"{}"}],
    ids=["no body", "no body but a content type", "an empty object", "an object without a content type"],
)
def test_sync_starts_with_any_empty_body(client: TestClient[Litestar], request_body: Any) -> None:
    answer = client.post(f"{PREFIX}/sync", **request_body)
    assert answer.status_code == 200, answer.text
    fields = {"synced": bool, "syncUrl": str, "entriesCount": int, "compressedSize": int, "runId": str}
    has(answer.json(), fields | {"objects": int, "rejectedLines": int, "durationMs": int})
    is_exactly(answer.json(), models.SyncAnswer)
    assert answer.json()["synced"] is True
    assert answer.json()["syncUrl"].startswith("s3://")


def test_cleanup_tells_what_it_would_delete(client: TestClient[Litestar], get: Get) -> None:
    answer = client.post(f"{PREFIX}/logs/cleanup", json={"retentionDays": 1, "dryRun": True})
    assert answer.status_code == 200, answer.text
    has(
        answer.json(),
        {"deletedCount": int, "freedSpace": int, "dryRun": bool, "scope": str, "deletedObjects": int},
    )
    is_exactly(answer.json(), models.CleanupAnswer)
    assert 0 < answer.json()["deletedCount"] < 3_000
    assert answer.json()["cutoff"] == pytest.approx(time.time() * 1000 - 86_400_000, abs=60_000)
    assert get("/logs/stats")["totalEntries"] == 3_000


def test_cleanup_without_a_body_keeps_thirty_days(client: TestClient[Litestar]) -> None:
    answer = client.post(f"{PREFIX}/logs/cleanup")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["deletedCount"], answer.json()["scope"]) == (0, "warehouse")
    assert answer.json()["cutoff"] == pytest.approx(time.time() * 1000 - 30 * 86_400_000, abs=60_000)

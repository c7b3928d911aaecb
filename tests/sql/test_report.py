"""GET /analytics/report: endpoints/report_summary and endpoints/recommendations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, utc
from warehouse.service import Warehouse

NOON = utc("2026-03-02T12:00:00")


def test_the_score_is_the_mean_of_the_periods_that_have_entries_as_an_integer(
    builder: Builder, synced: Open
) -> None:
    builder.put(
        [log("2026-03-02T01:00:00", "error")]
        + [log("2026-03-02T01:10:00")] * 3  # 25 percent errors: 100 - 50 = 50
        + [log("2026-03-02T05:00:00", responseTime=500)]  # 100 - 500 / 50 = 90
        + [log("2026-03-02T07:00:00")]  # 50 MB in an hour: 100 - 50 / 10 = 95
    )
    builder.put([], size=50 * MB, stored=utc("2026-03-02T07:30:00"))
    builder.put([], size=90 * MB, stored=utc("2026-03-02T09:30:00"))  # a period without entries
    summary = synced(builder).report(24, NOON)["summary"]
    assert summary["avgPerformanceScore"] == 78  # (50 + 90 + 95) / 3 = 78.33
    assert isinstance(summary["avgPerformanceScore"], int)


@pytest.mark.parametrize(
    ("statuses", "uptime"),
    [
        ([200, 404, 304, 503], 75),  # one of four was answered 5xx
        ([500, 599], 0),
        ([499], 100),
        ([200, None, None, 500], 50),  # what has no status is no request
        ([None], 100),
        ([], 0),
    ],
)
def test_uptime_is_the_share_of_requests_that_were_not_answered_5xx(
    builder: Builder, synced: Open, statuses: list[int | None], uptime: float
) -> None:
    builder.put(
        [log("2026-03-02T01:00:00", **({} if status is None else {"status": status})) for status in statuses]
    )
    assert synced(builder).report(24, NOON)["summary"]["uptime"] == uptime


def test_the_report_holds_the_trends_and_counts_the_alerts_of_the_same_window(
    builder: Builder, synced: Open
) -> None:
    builder.put(
        [log("2026-03-02T01:00:00", "error", "no route"), log("2026-03-02T02:00:00", responseTime=1500)]
    )
    warehouse = synced(builder)
    report = warehouse.report(24, NOON)
    assert report["trends"] == warehouse.trends(24, now=NOON)["trends"]
    assert report["hours"] == 24
    # high-error-rate (50 percent), slow-response (1500 ms) and system-health
    assert report["summary"]["totalAlerts"] == warehouse.alerts(24, NOON)["count"] == 3
    assert report["recommendations"] == [
        "The error rate is 50.0 percent (limit 10):"
        ' start with the most frequent message, "no route" (1 times).',
        "Answers take 1500 ms on average (limit 1000): look at the slowest paths and the upstream.",
    ]


FINE: dict[str, Any] = {
    "others": 0,
    "hours": 24,
    "entries": 100,
    "error_rate": 0.5,
    "warn_rate": 5.0,
    "response_ms": 80.0,
    "p99_ms": 300.0,
    "growth": 1.0,
    "coverage": 90.0,
    "previous_error_rate": 0.5,
    "top_message": "no route",
    "top_count": 3,
}
NOTHING = "Nothing to do: errors, response times and storage growth are within their limits."


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, [NOTHING]),
        (
            {"entries": 0, "coverage": 0.0, "top_message": None, "top_count": None, "p99_ms": None},
            [
                "No log entry arrived in the last 24 hours:"
                " check that the registry still writes its logs to the bucket."
            ],
        ),
        ({"error_rate": 10.0, "previous_error_rate": 5.0}, [NOTHING]),  # 10 is not above 10, nor above 2 * 5
        (
            {"error_rate": 10.1},
            [
                "The error rate is 10.1 percent (limit 10):"
                ' start with the most frequent message, "no route" (3 times).'
            ],
        ),
        (
            {"error_rate": 10.0, "previous_error_rate": 4.9},
            [
                "Errors rose from 4.9 to 10.0 percent against the window before:"
                ' most often "no route" (3 times).'
            ],
        ),
        ({"error_rate": 1.0, "previous_error_rate": 0.0}, [NOTHING]),  # too few to speak of
        ({"response_ms": 1000.0, "p99_ms": 5000.0}, [NOTHING]),  # 5000 is not above 5 * 1000
        (
            {"response_ms": 1000.1},
            ["Answers take 1000 ms on average (limit 1000): look at the slowest paths and the upstream."],
        ),
        (
            {"response_ms": 250.0, "p99_ms": 1251.0},
            [
                "One request in a hundred takes longer than 1251 ms, while the mean is 250 ms:"
                " look for a few slow packages."
            ],
        ),
        ({"response_ms": 10.0, "p99_ms": 1000.0}, [NOTHING]),
        ({"growth": 100.0}, [NOTHING]),
        (
            {"growth": 100.1},
            ["The bucket grows by 100.1 MB per hour (limit 100): shorten the retention or log less."],
        ),
        ({"warn_rate": 20.0}, [NOTHING]),
        ({"warn_rate": 20.1}, ["20.1 percent of the entries are warnings: they hide the ones that matter."]),
        ({"coverage": 50.0}, [NOTHING]),
        (
            {"coverage": 49.0},
            ["Only 49 percent of the entries carry a response time: log responseTime with every request."],
        ),
        ({"top_message": 'a "quoted" {0} \n%s', "error_rate": 5.0, "previous_error_rate": 5.0}, [NOTHING]),
    ],
)
def test_each_recommendation_follows_from_its_figure(
    anywhere: Warehouse, figures: dict[str, Any], expected: list[str]
) -> None:
    rows = anywhere.run("recommendations", FINE | figures)
    assert [row["recommendation"] for row in rows] == expected


def test_the_gravest_recommendation_comes_first(anywhere: Warehouse) -> None:
    bad = {"error_rate": 30.0, "response_ms": 3000.0, "growth": 500.0, "warn_rate": 60.0, "coverage": 1.0}
    rows = anywhere.run("recommendations", FINE | bad)
    starts = [row["recommendation"].split()[0] for row in rows]
    assert starts == ["The", "Answers", "The", "60.0", "Only"]


def test_braces_and_quotes_in_a_message_are_shown_as_they_are(anywhere: Warehouse) -> None:
    rows = anywhere.run("recommendations", FINE | {"error_rate": 50.0, "top_message": '{0} "x" {}'})
    assert '"{0} "x" {}" (3 times)' in rows[0]["recommendation"]


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    """Some warehouse: the recommendations depend on their parameters only."""
    return synced_once(Builder(tmp_path_factory.mktemp("any")))

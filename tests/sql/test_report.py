"""GET /analytics/report: endpoints/report_summary and endpoints/recommendations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, millis, utc
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
        "The error rate is 50.0 percent (limit 10)."
        ' Start with the most frequent message, "no route" (1 times).',
        "Answers take 1500 ms on average (limit 1000)."
        " Look at the slowest paths and the upstream: warehouse logs --min-ms 1000 --facets.",
    ]


FINE: dict[str, Any] = {
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
        ({}, []),
        (
            {"entries": 0, "coverage": 0.0, "top_message": None, "top_count": None, "p99_ms": None},
            [("no-entries", 0, "No log entry arrived in the last 24 hours.")],
        ),
        ({"error_rate": 10.0, "previous_error_rate": 5.0}, []),  # 10 is not above 10, nor above 2 * 5
        ({"error_rate": 10.1}, [("error-rate", 10.1, "The error rate is 10.1 percent (limit 10).")]),
        (
            {"error_rate": 10.0, "previous_error_rate": 4.9},
            [("error-rise", 10.0, "Errors rose from 4.9 to 10.0 percent against the window before.")],
        ),
        ({"error_rate": 1.0, "previous_error_rate": 0.0}, []),  # too few to speak of
        ({"response_ms": 1000.0, "p99_ms": 5000.0}, []),  # 5000 is not above 5 * 1000
        (
            {"response_ms": 1000.1},
            [("slow-answers", 1000.1, "Answers take 1000 ms on average (limit 1000).")],
        ),
        (
            {"response_ms": 250.0, "p99_ms": 1251.0},
            [
                (
                    "slow-tail",
                    1251.0,
                    "One request in a hundred takes longer than 1251 ms, while the mean is 250 ms.",
                )
            ],
        ),
        ({"response_ms": 10.0, "p99_ms": 1000.0}, []),
        ({"growth": 100.0}, []),
        (
            {"growth": 100.1},
            [("storage-growth", 100.1, "The bucket grows by 100.1 MB per hour (limit 100).")],
        ),
        ({"warn_rate": 20.0}, []),
        (
            {"warn_rate": 20.1},
            [("many-warnings", 20.1, "20.1 percent of the entries are warnings (limit 20).")],
        ),
        ({"coverage": 50.0}, []),
        (
            {"coverage": 49.0},
            [("low-coverage", 49.0, "Only 49 percent of the entries carry a response time (limit 50).")],
        ),
        ({"top_message": 'a "quoted" {0} \n%s', "error_rate": 5.0, "previous_error_rate": 5.0}, []),
    ],
)
def test_each_recommendation_follows_from_its_figure(
    anywhere: Warehouse, figures: dict[str, Any], expected: list[tuple[str, float, str]]
) -> None:
    rows = anywhere.run("recommendations", FINE | figures)
    if not expected:
        assert [(row["id"], row["seen"]) for row in rows] == [(None, NOTHING)]
    else:
        assert [(row["id"], row["value"], row["seen"]) for row in rows] == expected
        assert all(row["action"] and row["view"] for row in rows)


def test_the_gravest_recommendation_comes_first(anywhere: Warehouse) -> None:
    bad = {"error_rate": 30.0, "response_ms": 3000.0, "growth": 500.0, "warn_rate": 60.0, "coverage": 1.0}
    rows = anywhere.run("recommendations", FINE | bad)
    assert [(row["id"], row["severity"]) for row in rows] == [
        ("error-rate", "critical"),
        ("slow-answers", "warning"),
        ("storage-growth", "warning"),
        ("many-warnings", "info"),
        ("low-coverage", "info"),
    ]


def test_braces_and_quotes_in_a_message_are_shown_as_they_are(anywhere: Warehouse) -> None:
    rows = anywhere.run("recommendations", FINE | {"error_rate": 50.0, "top_message": '{0} "x" {}'})
    assert '"{0} "x" {}" (3 times)' in rows[0]["action"]


def test_the_evidence_tells_since_which_hour_of_the_window_a_figure_is_beyond_its_limit(
    builder: Builder, synced: Open
) -> None:
    # 26 entries: 2 are errors (7.7 percent), 8 warnings (30.8), 8 carry a response time (30.8).
    builder.put(
        [log("2026-03-02T01:00:00", responseTime=20)] * 8
        + [log("2026-03-02T05:20:00")] * 8
        + [log("2026-03-02T05:40:00", "error", "no route")] * 2
        + [log("2026-03-02T06:10:00", "warn")] * 8
    )
    builder.put([], size=3_000 * MB, stored=utc("2026-03-02T07:30:00"))  # 125 MB an hour over 24 hours
    warehouse = synced(builder)
    # The window begins at 12:20, so that its hours begin at 20 past: all but the first 8 are in that of 5:20.
    report = warehouse.report(24, utc("2026-03-02T12:20:00"))
    found = {row["id"]: row for row in report["evidence"]}
    growth = found["storage-growth"]
    assert (growth["value"], growth["since"]) == (125, millis("2026-03-02T07:20:00"))
    assert (growth["severity"], growth["view"]) == ("warning", "storage")
    assert f"{growth['seen']} {growth['action']}" in report["recommendations"]
    assert found["error-rise"]["since"] == millis("2026-03-02T05:20:00")
    assert found["many-warnings"]["since"] == millis("2026-03-02T05:20:00")
    assert found["low-coverage"]["since"] == millis("2026-03-02T05:20:00")
    assert set(found) == {"storage-growth", "error-rise", "many-warnings", "low-coverage"}


def test_an_empty_window_tells_when_the_last_entry_came(builder: Builder, synced: Open) -> None:
    builder.put([log("2026-02-27T10:01:00")])
    found = {row["id"]: row for row in synced(builder).report(24, NOON)["evidence"]}
    assert found["no-entries"]["since"] == millis("2026-02-27T10:05:00")  # the end of its 5 minutes


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    """Some warehouse: the recommendations depend on their parameters only."""
    return synced_once(Builder(tmp_path_factory.mktemp("any")))

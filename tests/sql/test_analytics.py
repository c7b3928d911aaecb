"""GET /analytics: endpoints/window_slots, endpoints/window, endpoints/analytics, endpoints/health_factors and
endpoints/top_error_messages.
"""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, millis, naive, utc, window_of
from warehouse.service import Warehouse

DAY = utc("2026-03-01T00:00:00")

#: One hour each, from DAY on: (errors, warnings, entries, response times) and what they must give.
HOURS: list[tuple[int, int, int, list[float], dict[str, Any]]] = [
    # 1 of 10 is exactly 10 percent: 100 - 2 * 10 = 80
    (1, 0, 10, [], {"errorRate": 10, "systemHealth": "healthy", "performanceScore": 80}),
    # 11 of 100: 100 - 22 = 78
    (11, 0, 100, [], {"errorRate": 11, "systemHealth": "warning", "performanceScore": 78}),
    # 2 of 10 is exactly 20 percent: 100 - 40 = 60
    (2, 0, 10, [], {"errorRate": 20, "systemHealth": "warning", "performanceScore": 60}),
    # 21 of 100: 100 - 42 = 58
    (21, 0, 100, [], {"errorRate": 21, "systemHealth": "critical", "performanceScore": 58}),
    # (500 + 1500) / 2 = 1000: 100 - 1000 / 50 = 80
    (0, 0, 2, [500, 1500], {"avgResponseTime": 1000, "systemHealth": "healthy", "performanceScore": 80}),
    # (1000 + 1001) / 2 = 1000.5: 100 - 20.01 = 79.99
    (
        0,
        0,
        2,
        [1000, 1001],
        {"avgResponseTime": 1000.5, "systemHealth": "warning", "performanceScore": 79.99},
    ),
    # exactly 2000: 100 - 40 = 60
    (0, 0, 1, [2000], {"avgResponseTime": 2000, "systemHealth": "warning", "performanceScore": 60}),
    # 2000.002: 100 - 40.00004
    (
        0,
        0,
        1,
        [2000.002],
        {"avgResponseTime": 2000.002, "systemHealth": "critical", "performanceScore": 59.99996},
    ),
    # everything is an error: 100 - 200 < 0
    (3, 0, 3, [], {"errorRate": 100, "systemHealth": "critical", "performanceScore": 0}),
    # 2 errors and 3 warnings of 8; 25 percent: 100 - 50 - (30 + 60 + 0) / 3 / 50 = 49.4; 3 of 8 were timed
    (
        2,
        3,
        8,
        [30, 60, 0],
        {
            "totalLogs": 8,
            "errorRate": 25,
            "warnRate": 37.5,
            "avgResponseTime": 30,
            "responseTimeCoverage": 37.5,
            "performanceScore": 49.4,
        },
    ),
    # nothing at all
    (
        0,
        0,
        0,
        [],
        {"totalLogs": 0, "errorRate": 0, "warnRate": 0, "avgResponseTime": 0, "performanceScore": 100},
    ),
]


@pytest.fixture(scope="module")
def hourly(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    entries = []
    for hour, (errors, warnings, total, times, _) in enumerate(HOURS):
        levels = ["error"] * errors + ["warn"] * warnings
        levels += ["info"] * (total - len(levels))
        for number, level in enumerate(levels):
            at = DAY + timedelta(hours=hour, seconds=30 * number)
            timed = {"responseTime": times[number]} if number < len(times) else {}
            entries.append(log(at, level, **timed))
    builder = Builder(tmp_path_factory.mktemp("hourly"))
    builder.put(entries)
    return synced_once(builder)


@pytest.mark.parametrize("hour", range(len(HOURS)))
def test_rates_means_health_and_score_are_those_of_the_window(hourly: Warehouse, hour: int) -> None:
    answer = hourly.analytics(1, DAY + timedelta(hours=hour + 1))
    expected = HOURS[hour][-1]
    assert {name: answer[name] for name in expected} == pytest.approx(expected)


def test_the_previous_figures_are_those_of_one_window_earlier(hourly: Warehouse) -> None:
    # The hours 2 and 3 have 110 entries with 23 errors, the hours 0 and 1 have 110 with 12.
    answer = hourly.analytics(2, DAY + timedelta(hours=4))
    assert (answer["totalLogs"], answer["previous"]["totalLogs"]) == (110, 110)
    assert answer["errorRate"] == pytest.approx(2300 / 110)
    assert answer["previous"]["errorRate"] == pytest.approx(1200 / 110)
    assert answer["previous"]["windowEnd"] == answer["windowStart"] == millis(DAY + timedelta(hours=2))
    assert answer["previous"]["windowStart"] == millis(DAY)


def test_the_answer_tells_when_it_was_computed_and_what_it_covers(hourly: Warehouse) -> None:
    now = DAY + timedelta(hours=3, seconds=1)
    answer = hourly.analytics(2, now)
    assert answer["timestamp"] == millis(now)
    assert answer["hours"] == 2
    # The window ends with the half minute that now lies in.
    assert answer["asOf"] == answer["windowEnd"] == millis(DAY + timedelta(hours=3, seconds=30))
    assert answer["windowStart"] == millis(DAY + timedelta(hours=1, seconds=30))


def test_factors_tell_what_costs_how_many_points(hourly: Warehouse) -> None:
    # Hour 9: 25 percent errors cost 50 points, 30 ms cost 0.6, no growth costs nothing.
    factors = hourly.analytics(1, DAY + timedelta(hours=10))["healthFactors"]
    assert [(factor["name"], factor["value"], factor["weight"]) for factor in factors] == [
        ("errorRate", 25, 2),
        ("avgResponseTime", 30, pytest.approx(0.02)),
        ("storageGrowth", 0, pytest.approx(0.1)),
    ]
    assert [factor["cost"] for factor in factors] == pytest.approx([50, 0.6, 0])
    assert [(factor["warning"], factor["critical"]) for factor in factors] == [
        (10, 20),
        (1000, 2000),
        (None, None),
    ]


def test_factors_come_dearest_first(hourly: Warehouse) -> None:
    rows = hourly.run("health_factors", {"error_rate": 1, "response_ms": 500, "growth": 300})
    # 1 * 2 = 2, 500 * 0.02 = 10, 300 * 0.1 = 30
    assert [(row["name"], row["cost"]) for row in rows] == [
        ("storageGrowth", pytest.approx(30)),
        ("avgResponseTime", pytest.approx(10)),
        ("errorRate", pytest.approx(2)),
    ]


def test_the_edges_of_the_window_are_start_inclusive_and_end_exclusive(
    builder: Builder, synced: Open
) -> None:
    builder.put(
        [
            log("2026-03-01T09:59:59.999", "debug"),
            log("2026-03-01T10:00:00", "info"),
            log("2026-03-01T10:59:59.999", "warn"),
            log("2026-03-01T11:00:00", "error"),
        ]
    )
    answer = synced(builder).analytics(1, utc("2026-03-01T11:00:00"))
    assert (answer["totalLogs"], answer["warnRate"], answer["errorRate"]) == (2, 50, 0)
    assert answer["previous"]["totalLogs"] == 1


def test_storage_growth_is_what_came_over_the_window_in_mb_per_hour(builder: Builder, synced: Open) -> None:
    builder.put([log("2026-03-01T10:30:00")], size=1 * MB, stored=utc("2026-03-01T10:00:00"))
    builder.put([], size=2 * MB, stored=utc("2026-03-01T11:10:00"))
    builder.put([], size=MB // 2, stored=utc("2026-03-01T11:59:59"))
    builder.put([], "packages/a/1.0.0.tgz", size=4 * MB, stored=utc("2026-03-01T11:30:00"))
    builder.put([], size=30 * MB, stored=utc("2026-03-01T12:00:00"))
    builder.put([], size=7 * MB, stored=utc("2026-03-01T09:59:59"))
    warehouse = synced(builder)
    answer = warehouse.analytics(2, utc("2026-03-01T12:00:00"))
    assert answer["storageGrowth"] == 3.75  # (1 + 2 + 0.5 + 4) / 2 hours
    assert answer["performanceScore"] == pytest.approx(99.625)  # 100 - 3.75 / 10
    assert answer["previous"]["storageGrowth"] == 3.5  # 7 / 2


def test_growth_counts_what_stayed_of_objects_that_were_replaced_or_went(
    builder: Builder, synced: Open
) -> None:
    replaced = builder.put([log("2026-03-01T10:30:00")], size=5 * MB, stored=utc("2026-03-01T10:30:00"))
    gone = builder.put([], size=8 * MB, stored=utc("2026-03-01T10:40:00"))
    builder.sync()
    builder.put([log("2026-03-01T10:30:00")], replaced, size=6 * MB, stored=utc("2026-03-01T11:30:00"))
    builder.delete(gone)
    warehouse = synced(builder)
    assert warehouse.analytics(1, utc("2026-03-01T12:00:00"))["storageGrowth"] == 6
    assert warehouse.analytics(1, utc("2026-03-01T11:00:00"))["storageGrowth"] == 0


def test_the_five_most_frequent_errors_come_most_frequent_first_and_equals_by_text(
    builder: Builder, synced: Open
) -> None:
    counts = {"b": 3, "a": 3, "c": 5, "f": 1, "e": 1, "d": 1}
    entries = [
        log("2026-03-01T10:10:00", "error", message) for message, n in counts.items() for _ in range(n)
    ]
    entries += [log("2026-03-01T10:10:00", "warn", "a")] * 9  # no errors
    entries += [log("2026-03-01T09:59:59", "error", "f")] * 9  # before the window
    entries += [log("2026-03-01T11:00:00", "error", "f")] * 9  # after it
    builder.put(entries)
    answer = synced(builder).analytics(1, utc("2026-03-01T11:00:00"))
    assert [(row["message"], row["count"]) for row in answer["topErrorMessages"]] == [
        ("c", 5),
        ("a", 3),
        ("b", 3),
        ("d", 1),
        ("e", 1),
    ]


def test_quantiles_are_within_one_percent_of_the_exact_ones(builder: Builder, synced: Open) -> None:
    rng = random.Random(7)
    times = [rng.lognormvariate(4, 1.2) for _ in range(10_000)]
    start = utc("2026-03-01T10:00:00")
    builder.put([log(start + timedelta(milliseconds=300 * n), responseTime=ms) for n, ms in enumerate(times)])
    warehouse = synced(builder)
    answer = warehouse.analytics(1, utc("2026-03-01T11:00:00"))
    assert answer["totalLogs"] == 10_000
    ordered = sorted(times)
    for name, share in (("p50ResponseTime", 0.50), ("p95ResponseTime", 0.95), ("p99ResponseTime", 0.99)):
        exact = ordered[math.ceil(share * len(ordered)) - 1]
        assert answer[name] == pytest.approx(exact, rel=0.0101)
    assert answer["avgResponseTime"] == pytest.approx(sum(times) / len(times), rel=1e-6)


def test_quantiles_are_null_when_nothing_was_timed(hourly: Warehouse) -> None:
    answer = hourly.analytics(1, DAY + timedelta(hours=1))
    assert (answer["p50ResponseTime"], answer["p95ResponseTime"], answer["p99ResponseTime"]) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("hours", "grain", "latency_grain", "period"),
    [
        (1, 30, 30, 150),
        (5, 30, 30, 750),
        (6, 30, 300, 900),
        (24, 30, 300, 3_600),
        (71, 30, 300, 10_650),
        (72, 30, 300, 10_800),
        (168, 30, 300, 25_200),
        (169, 30, 300, 25_350),  # 84.5 slots of 300 seconds
        (170, 300, 300, 25_500),
        (720, 300, 300, 108_000),
        (721, 30, 300, 108_150),
        (842, 300, 3_600, 126_300),
        (2_160, 300, 3_600, 324_000),
        (2_184, 3_600, 3_600, 327_600),
        (8_760, 3_600, 3_600, 1_314_000),
    ],
)
def test_longer_windows_read_coarser_slots(
    hourly: Warehouse, hours: int, grain: int, latency_grain: int, period: int
) -> None:
    now = naive("2026-03-01T10:00:01")
    window = window_of(hourly, {"now": now, "hours": hours, "points": 24})
    assert (window["grain"], window["latency_grain"], window["period_seconds"]) == (
        grain,
        latency_grain,
        period,
    )
    # A second after ten the slot that is running ends at the next multiple of the grain.
    assert window["window_end"] == naive("2026-03-01T10:00:00") + timedelta(seconds=grain)
    assert window["window_end"] - window["window_start"] == timedelta(hours=hours)
    assert window["window_start"] - window["previous_start"] == timedelta(hours=hours)
    # Each period is a whole number of slots.
    assert period % grain == 0


def test_a_window_ends_now_when_now_is_the_end_of_a_slot(hourly: Warehouse) -> None:
    now = naive("2026-03-01T10:00:00")
    assert window_of(hourly, {"now": now, "hours": 720, "points": 24})["window_end"] == now

"""GET /analytics/trends: endpoints/trends, endpoints/time_zone."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, millis, utc
from warehouse.errors import BadRequestError
from warehouse.service import Warehouse

NOON = utc("2026-03-02T12:00:00")
START = NOON - timedelta(hours=24)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    """24 hours with entries at the edges of periods, and storage before, in and after them."""
    builder = Builder(tmp_path_factory.mktemp("day"))
    builder.put(
        [
            log("2026-03-01T11:59:59.999", "error"),  # before the window
            log("2026-03-01T12:00:00", "info", responseTime=10),  # period 0 begins
            log("2026-03-01T12:59:59.999", "error", responseTime=1000),  # period 0 ends
            log("2026-03-01T13:00:00", "warn"),  # period 1 begins
            log("2026-03-02T00:10:00", "debug", responseTime=7),  # period 12
            log("2026-03-02T11:59:59.999", "error"),  # period 23 ends
            log("2026-03-02T12:00:00", "error"),  # after the window
        ],
        size=1 * MB,
    )
    builder.put([], size=2 * MB, stored=utc("2026-03-01T12:00:00"))  # period 0
    builder.put([], size=MB // 4, stored=utc("2026-03-01T12:59:59"))  # period 0
    builder.put([], size=3 * MB, stored=utc("2026-03-01T17:00:00"))  # period 5
    builder.put([], size=4 * MB, stored=utc("2026-03-02T12:00:00"))  # after the window
    return synced_once(builder)


def test_there_are_24_equal_periods_oldest_first_and_the_last_one_ends_now(day: Warehouse) -> None:
    answer = day.trends(24, now=NOON)
    trends = answer["trends"]
    assert (answer["hours"], answer["points"], answer["timezone"]) == (24, 24, "UTC")
    assert [row["periodStart"] for row in trends] == [
        millis(START + timedelta(hours=number)) for number in range(24)
    ]
    assert [row["periodEnd"] for row in trends] == [
        millis(START + timedelta(hours=number + 1)) for number in range(24)
    ]
    assert [row["period"] for row in trends] == [f"{(12 + number) % 24:02}:00" for number in range(24)]


def test_each_entry_counts_in_the_period_it_began_in(day: Warehouse) -> None:
    trends = day.trends(24, now=NOON)["trends"]
    counts = {number: row["logsCount"] for number, row in enumerate(trends) if row["logsCount"]}
    assert counts == {0: 2, 1: 1, 12: 1, 23: 1}
    assert {number: row["errorCount"] for number, row in enumerate(trends) if row["errorCount"]} == {
        0: 1,
        23: 1,
    }
    assert {number: row["warnCount"] for number, row in enumerate(trends) if row["warnCount"]} == {1: 1}


def test_response_times_are_those_of_the_period(day: Warehouse) -> None:
    trends = day.trends(24, now=NOON)["trends"]
    assert trends[0]["responseTime"] == 505  # (10 + 1000) / 2
    assert trends[0]["p95ResponseTime"] == pytest.approx(1000, rel=0.01)
    assert trends[12]["responseTime"] == 7
    assert (trends[1]["responseTime"], trends[1]["p95ResponseTime"]) == (0, None)


def test_storage_is_what_came_in_the_period_and_what_stood_at_its_end(day: Warehouse) -> None:
    trends = day.trends(24, now=NOON)["trends"]
    assert {number: row["storageUsed"] for number, row in enumerate(trends) if row["storageUsed"]} == {
        0: 2.25,
        5: 3,
    }
    # 1 MB from before and 2.25 MB in period 0, 3 MB more in period 5; the last 4 MB came later.
    assert [row["storageTotal"] for row in trends] == [3.25] * 5 + [6.25] * 19


def test_empty_periods_are_there_with_zeros(day: Warehouse) -> None:
    period = day.trends(24, now=NOON)["trends"][3]
    assert {name: value for name, value in period.items() if not name.startswith("period")} == {
        "logsCount": 0,
        "errorCount": 0,
        "warnCount": 0,
        "storageUsed": 0,
        "storageTotal": 3.25,
        "responseTime": 0,
        "p95ResponseTime": None,
    }


def test_an_hour_has_periods_of_150_seconds(builder: Builder, synced: Open) -> None:
    start = utc("2026-03-02T11:00:00")
    edges = [0, 149.999, 150, 299.999, 3450, 3599.999, 3600]
    builder.put([log(start + timedelta(seconds=seconds)) for seconds in edges])
    trends = synced(builder).trends(1, now=NOON)["trends"]
    assert [row["period"] for row in trends][:4] == ["11:00", "11:02", "11:05", "11:07"]
    assert [row["periodEnd"] - row["periodStart"] for row in trends] == [150_000] * 24
    assert {number: row["logsCount"] for number, row in enumerate(trends) if row["logsCount"]} == {
        0: 2,
        1: 2,
        23: 2,
    }


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    """An entry in the middle of every period of each window, and 1 MB stored with it."""
    builder = Builder(tmp_path_factory.mktemp("year"))
    for hours in LADDER:
        width = timedelta(hours=hours) / 24
        for number in range(24):
            middle = NOON - width * (number + 0.5)
            builder.put([log(middle)], f"logs/{hours}-{number}.jsonl", size=MB, stored=middle)
    return synced_once(builder)


LADDER = (1, 24, 168, 720, 8760)


@pytest.mark.parametrize("hours", LADDER)
def test_every_window_is_cut_into_24_equal_periods(year: Warehouse, hours: int) -> None:
    trends = year.trends(hours, now=NOON)["trends"]
    width = hours * 150_000  # 3,600,000 / 24 ms per hour of the window
    assert [row["periodEnd"] - row["periodStart"] for row in trends] == [width] * 24
    assert trends[-1]["periodEnd"] == millis(NOON)
    # What the fixture made, counted by period in Python.
    start = NOON - timedelta(hours=hours)
    expected: Counter[int] = Counter()
    for other in LADDER:
        for number in range(24):
            at = NOON - timedelta(hours=other) / 24 * (number + 0.5)
            if at >= start:
                expected[int((at - start) / (timedelta(hours=hours) / 24))] += 1
    assert [row["logsCount"] for row in trends] == [expected[number] for number in range(24)]
    assert [row["storageUsed"] for row in trends] == [expected[number] for number in range(24)]
    # 120 objects of 1 MB in all, none after the window.
    assert trends[-1]["storageTotal"] == 24 * len(LADDER)


def test_an_odd_number_of_hours_has_exact_periods_too(builder: Builder, synced: Open) -> None:
    # 73 hours: periods of 10,950 seconds, which no slot of five minutes divides.
    start = NOON - timedelta(hours=73)
    builder.put([log(start + timedelta(seconds=seconds)) for seconds in (10_949, 10_950, 10_951)])
    trends = synced(builder).trends(73, now=NOON)["trends"]
    assert [row["logsCount"] for row in trends][:3] == [1, 2, 0]


@pytest.mark.parametrize("zone", ["localtime", "posix/Europe/Berlin", "right/Europe/Berlin", "Moon", ""])
def test_a_zone_that_queries_do_not_know_is_refused_by_name(day: Warehouse, zone: str) -> None:
    # Of the first three Python may find files.
    with pytest.raises(BadRequestError, match="no IANA time zone") as told:
        day.trends(24, now=NOON, zone=zone)
    assert told.value.field == "timezone"


def test_periods_may_be_more_or_fewer_but_not_shorter_than_half_a_minute(year: Warehouse) -> None:
    trends = year.trends(1, points=120, now=NOON)["trends"]
    assert [row["periodEnd"] - row["periodStart"] for row in trends] == [30_000] * 120
    assert len(year.trends(24, points=1, now=NOON)["trends"]) == 1
    with pytest.raises(BadRequestError, match="not be more than 120 for 1 hours"):
        year.trends(1, points=121, now=NOON)

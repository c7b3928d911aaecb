"""One check that shares nothing with the queries: 5,000 random entries, every figure once more in Python."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, millis, utc
from warehouse.service import Warehouse

NOW = utc("2026-03-04T15:20:17")
Entry = tuple[datetime, str, str, str, str | None, float | None]
Stored = tuple[datetime, int]


@pytest.fixture(scope="module")
def truth() -> tuple[list[Entry], list[Stored]]:
    """Entries over the last three days, and objects with their time and size."""
    rng = random.Random(42)
    entries: list[Entry] = []
    for _ in range(5_000):
        at = NOW - timedelta(milliseconds=rng.randrange(72 * 3_600_000))
        level = rng.choices(["debug", "info", "warn", "error"], [20, 60, 12, 8])[0]
        message = f"message {min(int(rng.expovariate(0.5)), 9)}"
        source = rng.choice(["api", "sync", "storage"])
        config = rng.choice(["0x11111111", "0x22222222", None])
        ms = round(rng.lognormvariate(4, 1), 3) if rng.random() < 0.7 else None
        entries.append((at, level, message, source, config, ms))
    stored = [(NOW - timedelta(seconds=rng.randrange(72 * 3600)), rng.randrange(20 * MB)) for _ in range(50)]
    return entries, stored


@pytest.fixture(scope="module")
def warehouse(
    truth: tuple[list[Entry], list[Stored]], tmp_path_factory: pytest.TempPathFactory, synced_once: Open
) -> Warehouse:
    entries, stored = truth
    builder = Builder(tmp_path_factory.mktemp("independent"))
    for number, (at, size) in enumerate(stored):
        rows = [
            log(
                when,
                level,
                message,
                source=source,
                **({} if config is None else {"configHash": config}),
                **({} if ms is None else {"responseTime": ms}),
            )
            for when, level, message, source, config, ms in entries[number * 100 : (number + 1) * 100]
        ]
        builder.put(rows, size=size, stored=at)
        if number == 20:
            builder.sync()
    return synced_once(builder)


def nearest_rank(values: list[float], share: float) -> float | None:
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else None


def figures(
    entries: list[Entry], stored: list[Stored], start: datetime, end: datetime, hours: float
) -> dict[str, Any]:
    """The contract's definitions, word by word."""
    here = [entry for entry in entries if start <= entry[0] < end]
    times = [entry[5] for entry in here if entry[5] is not None]
    rate = {level: sum(entry[1] == level for entry in here) for level in ("error", "warn")}
    error_rate = 100 * rate["error"] / len(here) if here else 0
    mean = sum(times) / len(times) if times else 0
    growth = sum(size for at, size in stored if start <= at < end) / MB / hours
    if error_rate > 20 or mean > 2000:
        health = "critical"
    else:
        health = "warning" if error_rate > 10 or mean > 1000 else "healthy"
    return {
        "totalLogs": len(here),
        "errorRate": pytest.approx(error_rate),
        "warnRate": pytest.approx(100 * rate["warn"] / len(here) if here else 0),
        "avgResponseTime": pytest.approx(mean),
        "storageGrowth": pytest.approx(growth),
        "systemHealth": health,
        "performanceScore": pytest.approx(max(0, min(100, 100 - 2 * error_rate - mean / 50 - growth / 10))),
        "responseTimeCoverage": pytest.approx(100 * len(times) / len(here) if here else 0),
        "p50ResponseTime": approximately(nearest_rank(times, 0.50)),
        "p95ResponseTime": approximately(nearest_rank(times, 0.95)),
        "p99ResponseTime": approximately(nearest_rank(times, 0.99)),
        "apdex": pytest.approx(apdex(times), abs=0.02) if times else None,
        "throughput": pytest.approx(len(here) / hours / 60),
        "windowStart": millis(start),
        "windowEnd": millis(end),
    }


def apdex(times: list[float], satisfied: float = 500) -> float:
    """Satisfied answers whole, those up to four times as slow half."""
    counted = sum(1.0 if ms <= satisfied else 0.5 if ms <= 4 * satisfied else 0.0 for ms in times)
    return counted / len(times)


def approximately(quantile: float | None) -> Any:
    """Within 1 percent, as the buckets promise."""
    return None if quantile is None else pytest.approx(quantile, rel=0.0101)


#: Windows whose latency slots begin with the window, so that the quantiles cover exactly the same entries.
WINDOWS = [(1, NOW), (5, NOW), (24, utc("2026-03-04T15:00:00")), (36, utc("2026-03-04T15:00:00"))]


@pytest.mark.parametrize(("hours", "now"), WINDOWS)
def test_every_figure_of_the_analytics(
    warehouse: Warehouse, truth: tuple[list[Entry], list[Stored]], hours: int, now: datetime
) -> None:
    entries, stored = truth
    end = now if now.second == 0 else now.replace(second=30)
    start = end - timedelta(hours=hours)
    answer = warehouse.analytics(hours, now)
    expected = figures(entries, stored, start, end, hours)
    assert {name: answer[name] for name in expected} == expected
    previous = figures(entries, stored, start - timedelta(hours=hours), start, hours)
    assert answer["previous"] == previous
    errors = Counter(entry[2] for entry in entries if entry[1] == "error" and start <= entry[0] < end)
    top = sorted(errors.items(), key=lambda item: (-item[1], item[0]))[:5]
    assert [(row["message"], row["count"]) for row in answer["topErrorMessages"]] == top


@pytest.mark.parametrize(("hours", "now"), WINDOWS)
def test_every_figure_of_the_trends(
    warehouse: Warehouse, truth: tuple[list[Entry], list[Stored]], hours: int, now: datetime
) -> None:
    entries, stored = truth
    end = now if now.second == 0 else now.replace(second=30)
    width = timedelta(hours=hours) / 24
    trends = warehouse.trends(hours, now=now)["trends"]
    assert len(trends) == 24
    for number, row in enumerate(trends):
        start = end - (24 - number) * width
        stop = start + width
        here = [entry for entry in entries if start <= entry[0] < stop]
        times = [entry[5] for entry in here if entry[5] is not None]
        assert row == {
            "period": f"{start:%H:%M}",
            "periodStart": millis(start),
            "periodEnd": millis(stop),
            "logsCount": len(here),
            "errorCount": sum(entry[1] == "error" for entry in here),
            "warnCount": sum(entry[1] == "warn" for entry in here),
            "storageUsed": pytest.approx(sum(size for at, size in stored if start <= at < stop) / MB),
            "storageTotal": pytest.approx(sum(size for at, size in stored if at < stop) / MB),
            "responseTime": pytest.approx(sum(times) / len(times) if times else 0),
            "p95ResponseTime": approximately(nearest_rank(times, 0.95)),
        }


def test_every_figure_of_the_logs_stats(
    warehouse: Warehouse, truth: tuple[list[Entry], list[Stored]]
) -> None:
    entries, stored = truth
    stats = warehouse.logs_stats()
    assert stats["totalEntries"] == 5_000
    assert stats["totalSize"] == sum(size for _, size in stored)
    assert stats["objects"] == 50
    assert stats["oldestEntry"] == millis(min(entry[0] for entry in entries))
    assert stats["newestEntry"] == millis(max(entry[0] for entry in entries))
    assert stats["levelDistribution"] == Counter(entry[1] for entry in entries)
    assert stats["sourceDistribution"] == Counter(entry[3] for entry in entries)
    assert stats["configDistribution"] == Counter(entry[4] or "unknown" for entry in entries)
    assert stats["rejectedLines"] == 0

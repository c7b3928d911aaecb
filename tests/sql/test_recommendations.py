"""What the report recommends and what it rests on: recommendations/error_burst, recommendations/slow_package,
recommendations/retry_storm, recommendations/config_errors, recommendations/missing_logs,
recommendations/unused_packages, recommendations/cleanup_pays.
"""

from __future__ import annotations

import math
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, millis, utc
from warehouse.service import Warehouse

NOW = utc("2026-03-10T12:00:00")
GB = 1_000_000_000


def rules(warehouse: Warehouse, hours: float = 24, now: datetime = NOW) -> dict[str, list[dict[str, Any]]]:
    """The evidence by rule."""
    answer = warehouse.report(hours, now)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in answer["evidence"]:
        assert f"{row['seen']} {row['action']}" in answer["recommendations"]
        found.setdefault(row["id"], []).append(row)
    return found


def test_nothing_is_recommended_of_nothing(builder: Builder, synced: Open) -> None:
    builder.put([log(NOW - timedelta(minutes=5 * n), responseTime=20) for n in range(1, 12)])
    answer = synced(builder).report(24, NOW)
    assert answer["evidence"] == []
    assert [text[:13] for text in answer["recommendations"]] == ["Nothing to do"]


@pytest.mark.parametrize(("now", "before", "bursts"), [(20, 4, True), (20, 5, False), (19, 0, False)])
def test_an_error_burst_is_a_fault_that_came_five_times_as_often(
    builder: Builder, synced: Open, now: int, before: int, bursts: bool
) -> None:
    at = NOW - timedelta(hours=2)
    builder.put([log(at + timedelta(seconds=n), "error", f"failed after {n} ms") for n in range(now)])
    builder.put([log(at - timedelta(hours=24), "error", f"failed after {n} ms") for n in range(before)])
    found = rules(synced(builder)).get("error-burst")
    if not bursts:
        assert found is None
        return
    assert found is not None
    [row] = found
    assert (row["value"], row["since"], row["severity"]) == (20, millis(at), "critical")
    assert row["seen"] == 'The error "failed after <n> ms" came 20 times, 4 times one window earlier.'


def test_a_package_is_slow_by_itself_or_beside_the_others(builder: Builder, synced: Open) -> None:
    at = NOW - timedelta(hours=3)

    def timed(package: str, ms: float, times: int) -> list[dict[str, Any]]:
        return [log(at + timedelta(seconds=n), package=package, responseTime=ms) for n in range(times)]

    builder.put([*timed("slow", 1_500, 50), *timed("beside", 300, 50), *timed("usual", 20, 2_000)])
    builder.put([*timed("seldom", 9_000, 49)])
    found = rules(synced(builder))["slow-package"]
    # All together: (50 * 1500 + 50 * 300 + 2000 * 20 + 49 * 9000) / 2149 = 266 ms: 300 ms is not slow then.
    assert [(row["value"], row["seen"]) for row in found] == [
        (1_500, "Answers about slow take 1500 ms on average.")
    ]
    assert found[0]["since"] == millis(at.replace(minute=0))


def test_a_retry_storm_is_a_version_that_is_asked_for_in_vain(builder: Builder, synced: Open) -> None:
    def get(version: str, status: int, times: int) -> list[dict[str, Any]]:
        path = f"/icons/-/icons-{version}.tgz"
        return [
            log(NOW - timedelta(minutes=n + 1), method="GET", endpoint=path, status=status)
            for n in range(times)
        ]

    builder.put(
        [*get("1.0.0", 404, 50), *get("1.0.0", 200, 49), *get("2.0.0", 404, 50), *get("2.0.0", 200, 50)]
    )
    builder.put(get("3.0.0", 404, 49))
    [row] = rules(synced(builder))["retry-storm"]
    assert (row["value"], row["view"]) == (50, "downloads")
    assert row["seen"] == "icons@1.0.0 was asked for 50 times in vain and downloaded 49 times."
    assert row["since"] == millis("2026-03-10T00:00:00")


@pytest.mark.parametrize(("errors", "significant"), [(12, False), (30, True)])
def test_a_config_is_named_when_more_fails_under_it_than_chance_explains(
    builder: Builder, synced: Open, errors: int, significant: bool
) -> None:
    at = NOW - timedelta(hours=3)

    def entries(config: str, bad: int, total: int) -> list[dict[str, Any]]:
        return [
            log(at + timedelta(seconds=n), "error" if n < bad else "info", configHash=config)
            for n in range(total)
        ]

    builder.put([*entries("0xaaaa1111", errors, 400), *entries("0xbbbb2222", 20, 1_000)])
    pooled = (errors + 20) / 1_400
    z = (errors / 400 - 0.02) / math.sqrt(pooled * (1 - pooled) * (1 / 400 + 1 / 1_000))
    assert (z > 3.29) is significant
    found = rules(synced(builder)).get("config-errors")
    if not significant:
        assert found is None
    else:
        assert found is not None
        [row] = found
        assert row["value"] == pytest.approx(7.5)
        assert row["seen"] == "Under config 0xaaaa1111 7.5 percent fail, under the others 2.0 (p < 0.001)."


def runs(config: str, since: datetime, bad: int, total: int, source: str = "api") -> list[dict[str, Any]]:
    """Entries of a config over 23 hours, the first of which are errors."""
    step = timedelta(hours=23) / total
    return [
        log(since + n * step, "error" if n < bad else "info", configHash=config, source=source)
        for n in range(total)
    ]


OLD, NEW = "0xaaaa1111", "0xbbbb2222"


@pytest.mark.parametrize(
    ("bad", "total", "told"),
    [
        # Before: 10 of 1,000. Pooled 100 of 2,000, 5 percent: z = 0.08 / sqrt(0.05 * 0.95 * 0.002) = 8.2.
        (90, 1_000, True),
        # Pooled 30 of 2,000, 1.5 percent: z = 0.01 / sqrt(0.015 * 0.985 * 0.002) = 1.8.
        (20, 1_000, False),
        # Too few, whatever their rate.
        (100, 199, False),
        # Fewer fail than before.
        (0, 1_000, False),
    ],
)
def test_a_config_is_told_when_more_fails_since_it_came(
    builder: Builder, synced: Open, bad: int, total: int, told: bool
) -> None:
    came = NOW - timedelta(hours=23, minutes=30)
    builder.put(runs(OLD, NOW - timedelta(hours=47, minutes=30), 10, 1_000) + runs(NEW, came, bad, total))
    found = rules(synced(builder)).get("config-errors")
    assert (found is not None) is told
    if found is not None:
        [row] = found
        assert (row["value"], row["since"], row["view"]) == (pytest.approx(9), millis(came), "daily")
        assert row["seen"] == (
            "Under config 0xbbbb2222 9.0 percent fail;"
            " before it came, 1.0 of the same sources did (p < 0.001)."
        )


@pytest.mark.parametrize(("hours", "told"), [(25, True), (24, True), (23, False)])
def test_a_config_of_the_hour_before_the_window_is_told_too(
    builder: Builder, synced: Open, hours: int, told: bool
) -> None:
    came = NOW - timedelta(hours=24, seconds=20)
    builder.put(runs(OLD, came - timedelta(hours=24), 10, 1_000) + runs(NEW, came, 90, 1_000))
    found = rules(synced(builder), hours).get("config-errors")
    assert (found is not None) is told


def test_a_config_is_compared_with_its_own_sources_of_before(builder: Builder, synced: Open) -> None:
    before, came = NOW - timedelta(hours=47, minutes=30), NOW - timedelta(hours=23, minutes=30)
    # The worker always failed that often; only the API had hardly an error, and it keeps its config.
    builder.put(runs(OLD, before, 90, 1_000, "worker") + runs("0xcccc3333", before, 0, 5_000, "web"))
    builder.put(runs(NEW, came, 90, 1_000, "worker"))
    assert "config-errors" not in rules(synced(builder))


def test_a_config_that_was_there_in_the_week_before_did_not_come(builder: Builder, synced: Open) -> None:
    builder.put(runs(OLD, NOW - timedelta(hours=47, minutes=30), 10, 1_000))
    builder.put([log(NOW - timedelta(days=7), configHash=NEW, source="api")])
    builder.put(runs(NEW, NOW - timedelta(hours=23, minutes=30), 90, 1_000))
    assert "config-errors" not in rules(synced(builder))


def test_a_config_that_differs_from_others_and_from_before_is_told_once(
    builder: Builder, synced: Open
) -> None:
    before, came = NOW - timedelta(hours=47, minutes=30), NOW - timedelta(hours=23, minutes=30)
    builder.put(runs(OLD, before, 10, 1_000) + runs(NEW, came, 90, 1_000) + runs(OLD, came, 10, 1_000))
    [row] = rules(synced(builder))["config-errors"]
    assert row["seen"] == "Under config 0xbbbb2222 9.0 percent fail, under the others 1.0 (p < 0.001)."


def test_missing_logs_are_told_when_they_came_all_day_before(builder: Builder) -> None:
    last = datetime.now(UTC) - timedelta(minutes=90)
    builder.put([log(last - timedelta(minutes=4 * n)) for n in range(400)])
    builder.sync()
    with closing(builder.open()) as warehouse:
        [row] = rules(warehouse, 24, datetime.now(UTC))["missing-logs"]
    assert 80 <= row["value"] <= 91
    assert row["severity"] == "critical"


def test_unused_packages_and_old_logs_are_worth_a_look(builder: Builder, synced: Open) -> None:
    builder.put([log(NOW - timedelta(days=120))], size=3 * GB, stored=NOW - timedelta(days=120))
    builder.put([log(NOW - timedelta(days=1))], size=5 * GB, stored=NOW - timedelta(days=1))
    for name, size in (("old", 20 * MB), ("used", 80 * MB)):
        key = f"packages/{name}/-/{name}-1.0.0.tgz"
        builder.put(b"x", key, size=size, stored=NOW - timedelta(days=200))
    fields = {"method": "GET", "endpoint": "/used/-/used-1.0.0.tgz", "status": 200}
    builder.put([log(NOW - timedelta(days=5), **fields)], stored=NOW - timedelta(days=5))
    found = rules(synced(builder))
    [unused] = found["unused-packages"]
    assert (unused["value"], unused["seen"]) == (20 * MB, "1 packages, 20.0 MB, had no download in 90 days.")
    [old] = found["cleanup-pays"]
    assert (old["value"], old["since"]) == (3 * GB, millis("2025-11-10T00:00:00"))
    assert old["seen"].startswith("3.0 GB of logs, 38 percent, are older than 90 days and cost 0.0")

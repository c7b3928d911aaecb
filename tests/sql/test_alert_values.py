"""What rules compare, against plain Python: endpoints/alert_metric, endpoints/alert_groups, macros/alerts."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, utc
from warehouse import duck
from warehouse.alerts import evaluate
from warehouse.alerts.rules import AlertRule
from warehouse.service import Warehouse

NOW = utc("2026-03-01T12:00:00")


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    rng = random.Random(3)
    return [
        {
            "at": NOW - timedelta(seconds=rng.randrange(1, 4 * 3600)),
            "level": rng.choice(["info", "info", "warn", "error"]),
            "source": rng.choice(["api", "web"]),
            "status": rng.choice([200, 404, 500, None]),
            "ms": rng.choice([None, 10.0, 100.0, 400.0, 900.0, 5_000.0]),
        }
        for _ in range(800)
    ]


@pytest.fixture(scope="module")
def warehouse(
    entries: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory, synced_once: Open
) -> Warehouse:
    builder = Builder(tmp_path_factory.mktemp("values"))
    builder.put(
        [
            log(
                each["at"], each["level"], source=each["source"],
                **({"status": each["status"]} if each["status"] else {}),
                **({"responseTime": each["ms"]} if each["ms"] else {}),
            )
            for each in entries
        ],
        size=6 * MB, stored=NOW - timedelta(minutes=30),
    )  # fmt: skip
    return synced_once(builder)


def figures(here: list[dict[str, Any]], hours: float, stored: float) -> dict[str, Any]:
    times = [each["ms"] for each in here if each["ms"]]
    requests = [each["status"] for each in here if each["status"]]
    error_rate = 100 * sum(each["level"] == "error" for each in here) / len(here)
    mean = sum(times) / len(times)
    return {
        "totalLogs": len(here),
        "throughput": len(here) / hours / 60,
        "errorRate": error_rate,
        "warnRate": 100 * sum(each["level"] == "warn" for each in here) / len(here),
        "responseTimeCoverage": 100 * len(times) / len(here),
        "availability": 100 - 100 * sum(status >= 500 for status in requests) / len(requests),
        "avgResponseTime": mean,
        "p50ResponseTime": sorted(times)[(len(times) + 1) // 2 - 1],
        "apdex": sum(1 if ms <= 500 else 0.5 if ms <= 2_000 else 0 for ms in times) / len(times),
        "storageGrowth": stored,
        "systemHealth": 2 if error_rate > 20 or mean > 2_000 else 1 if error_rate > 10 or mean > 1_000 else 0,
        "performanceScore": max(0, min(100, 100 - 2 * error_rate - mean / 50 - stored / 10)),
    }


def value(warehouse: Warehouse, rule: AlertRule) -> dict[str, tuple[float | None, bool | None]]:
    tested = evaluate.test(warehouse._engine, rule, NOW.replace(tzinfo=None), 500)
    assert tested.error is None
    return {each.group: (each.value, each.breached) for each in tested.readings}


METRICS = list(figures([{"ms": 1, "status": 200, "level": "info"}], 1, 0))


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_what_its_definition_says(
    warehouse: Warehouse, entries: list[dict[str, Any]], metric: Any
) -> None:
    here = [each for each in entries if each["at"] >= NOW - timedelta(hours=2)]
    expected = figures(here, 2, 3)[metric]
    found = value(warehouse, AlertRule(id="r", metric=metric, threshold=1e9, hours=2))
    assert found == {"": (pytest.approx(expected, rel=0.0101), False)}


@pytest.mark.parametrize("metric", [name for name in METRICS if name != "storageGrowth"])
def test_every_metric_by_source_is_that_of_its_entries(
    warehouse: Warehouse, entries: list[dict[str, Any]], metric: Any
) -> None:
    rule = AlertRule(id="r", metric=metric, threshold=1e9, operator="<", hours=2, group_by="source")
    found = value(warehouse, rule)
    for source in ("api", "web"):
        here = [
            each for each in entries if each["source"] == source and each["at"] >= NOW - timedelta(hours=2)
        ]
        assert found[source] == (pytest.approx(figures(here, 2, 3)[metric], rel=0.0101), True)


def test_a_window_without_entries_has_no_value(warehouse: Warehouse) -> None:
    for metric in METRICS:
        rule = AlertRule(id="r", metric=metric, threshold=5, hours=2, source="nobody")  # type: ignore[arg-type]
        [(found, breached)] = value(warehouse, rule).values()
        if metric in ("totalLogs", "throughput"):
            assert (found, breached) == (0, False)
        elif metric != "storageGrowth":
            assert (found, breached) == (None, None)


@pytest.mark.parametrize(
    ("operator", "at_nine", "at_ten", "at_eleven"),
    [
        (">", False, False, True),
        (">=", False, True, True),
        ("<", True, False, False),
        ("<=", True, True, False),
        ("==", False, True, False),
        ("!=", True, False, True),
    ],
)
def test_the_six_comparisons(
    con: duck.Connection, operator: str, at_nine: bool, at_ten: bool, at_eleven: bool
) -> None:
    calls = ", ".join(f"breaches({value}, '{operator}', 10)" for value in (9, 10, 11))
    assert con.execute(f"SELECT {calls}").fetchone() == (at_nine, at_ten, at_eleven)
    assert con.execute(f"SELECT breaches(NULL, '{operator}', 10)").fetchone() == (None,)


@pytest.mark.parametrize("hours", [2, 24])
@pytest.mark.parametrize("metric", [name for name in METRICS if name != "storageGrowth"])
def test_a_group_s_query_reproduces_its_value(warehouse: Warehouse, metric: Any, hours: float) -> None:
    rule = AlertRule(id="r", metric=metric, threshold=1, hours=hours, group_by="source")
    tested = evaluate.test(warehouse._engine, rule, NOW.replace(tzinfo=None), 500)
    for each in tested.readings:
        [(name, found, breached)] = warehouse.sql(tested.query(each.group)).rows
        assert (name, found, breached) == (None, pytest.approx(each.value), each.breached)


@pytest.mark.parametrize("hours", [1, 24])
def test_a_group_that_fell_silent_has_no_entries_and_no_value(
    tmp_path: Path, synced_once: Open, hours: float
) -> None:
    builder = Builder(tmp_path)
    silent = {"quiet": hours + 0.5, "long": 24 * 7 + hours - 1.5, "gone": 24 * 7 + hours + 2}
    for source, ago in (silent | {"loud": hours / 2}).items():
        builder.put([log(NOW - timedelta(hours=ago), source=source)])
    found = synced_once(builder)
    counted = value(
        found,
        AlertRule(id="r", metric="totalLogs", threshold=1, operator="<", hours=hours, group_by="source"),
    )
    assert counted == {"long": (0, True), "loud": (1, False), "quiet": (0, True)}
    shares = value(found, AlertRule(id="r", metric="errorRate", threshold=50, hours=hours, group_by="source"))
    assert shares["quiet"] == (None, None)
    assert shares["loud"][0] is not None

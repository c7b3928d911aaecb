"""Distributions of long periods: whole hours from coarse slots, edges from fine ones (functions/metrics)."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import Builder, log
from warehouse.service import Warehouse

FIRST = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    rng = random.Random(4)
    builder = Builder(tmp_path_factory.mktemp("hours") / "data")
    builder.put(
        [
            log(FIRST + timedelta(seconds=rng.randrange(3 * 86_400)), responseTime=rng.randrange(1, 5_000))
            for _ in range(3_000)
        ]
    )
    return synced_once(builder)


def quantile(buckets: Counter[int], share: float) -> float | None:
    """The middle of the bucket of nearest rank."""
    up_to, total = 0, sum(buckets.values())
    for bucket in sorted(buckets):
        up_to += buckets[bucket]
        if up_to >= share * total:
            return math.exp((bucket + 0.5) * math.log(1.02))
    return None


@pytest.mark.parametrize("points", [1, 2])
@pytest.mark.parametrize("width", [6 * 3600, 7.3 * 3600, 24 * 3600])
@pytest.mark.parametrize("after", [0, 30, 3_570, 3_600, 7_230, 12_345])
def test_a_long_period_counts_the_same_slots_as_one_by_one(
    warehouse: Warehouse, points: int, width: float, after: int
) -> None:
    starts = (FIRST + timedelta(seconds=after)).replace(tzinfo=None)
    found = warehouse.sql(
        "SELECT i, p50, p95, p99 FROM metrics($starts, $ends, $points, 30, 300, 500, 'activity', NULL, NULL,"
        " NULL, NULL) ORDER BY i",
        {"starts": starts, "ends": starts + timedelta(seconds=points * width), "points": points},
    ).rows
    slots = warehouse.sql("SELECT slot, bucket, entries FROM latency WHERE grain = 300").rows
    for i, *told in found:
        begins, ends = (starts + timedelta(seconds=width * k) for k in (i, i + 1))
        buckets: Counter[int] = Counter()
        for slot, bucket, entries in slots:
            if begins <= slot < ends:
                buckets[bucket] += entries
        assert told == [pytest.approx(quantile(buckets, share)) for share in (0.5, 0.95, 0.99)]
    assert len(found) == points

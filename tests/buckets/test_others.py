"""Cleanup and doctor over several buckets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.buckets.support import Several, settings_of
from tests.sync.support import DAY, assert_sound
from warehouse import doctor
from warehouse.housekeeping import cleanup
from warehouse.settings_tables import BucketSettings

Make = Callable[..., Several]

LATER = datetime(2026, 12, 31, tzinfo=UTC)


def mirrored(several: Make) -> tuple[Several, str, str]:
    """Two buckets with an old object of equal key each; one has a new one too."""
    pair = several("eu", "us")
    eu, us = pair.buckets
    pair.put(eu, "logs/1.gz", "old", at_ms=DAY)
    pair.put(us, "logs/1.gz", "old", at_ms=DAY)
    pair.put(us, "logs/2.gz", "new", at_ms=LATER.timestamp() * 1000)
    pair.mirror.sync()
    return pair, eu, us


def keys(pair: Several, name: str) -> list[str]:
    return [info.key for info in pair.buckets[name].list("")]


def test_a_cleanup_of_the_bucket_deletes_what_is_old_in_every_bucket(several: Make) -> None:
    pair, eu, us = mirrored(several)
    size = sum(next(bucket.list("logs/1")).size for bucket in pair.buckets.values())

    summary = cleanup.run(pair.settings, scope="bucket", now=LATER)

    assert (summary.deleted_objects, summary.deleted_count, summary.freed_space) == (2, 0, size)
    assert (keys(pair, eu), keys(pair, us)) == ([], ["logs/2.gz"])
    assert pair.mirror.row("SELECT count(*) FROM logs") == (3,)
    assert pair.mirror.rows("SELECT bucket, sum(objects) FROM inventory GROUP BY bucket") == [(us, 1)]
    assert_sound(pair.mirror)


def test_a_dry_run_counts_the_objects_of_every_bucket(several: Make) -> None:
    pair, eu, us = mirrored(several)

    summary = cleanup.run(pair.settings, scope="both", dry_run=True, now=LATER)

    assert (summary.deleted_objects, summary.deleted_count) == (2, 2)
    assert (keys(pair, eu), keys(pair, us)) == (["logs/1.gz"], ["logs/1.gz", "logs/2.gz"])


@pytest.mark.parametrize("place", [0, 1])
def test_the_doctor_examines_every_bucket_by_itself(several: Make, place: int) -> None:
    pair, eu, us = mirrored(several)
    tables = [BucketSettings(name=eu), BucketSettings(name=us)]
    tables[place] = BucketSettings(name=(eu, us)[place], secret_access_key="wrong", access_key_id="wrong")

    checks = {check.name: check.outcome for check in doctor.examine(settings_of(pair.base, *tables))}

    outcomes = ["ok", "ok"]
    outcomes[place] = "fail"
    assert [checks[f"bucket {eu}"], checks[f"bucket {us}"]] == outcomes
    assert [checks[f"credentials {eu}"], checks[f"credentials {us}"]] == ["ok", "ok"]
    assert checks["disk"] in ("ok", "warn")
    assert checks["catalog"] == "ok"

"""Compaction (housekeeping/cuts): few sorted files, the same rows, and no reader sees any of it."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.sync.support import AGREEMENT, DATE, DAY, HOUR, SECOND, Mirror, assert_sound, lines
from tests.sync.test_kill import run_until_killed
from warehouse import duck
from warehouse.errors import BadRequestError, UnavailableError
from warehouse.housekeeping import compact
from warehouse.lake import Lake
from warehouse.manifest import DataFile, Manifest
from warehouse.service import Warehouse

TABLES = (
    "logs", "quarantine", "activity", "activity_by", "latency", "errors", "daily", "facets", "downloads",
    "installers", "storage", "ledger",
)  # fmt: skip


def scattered(mirror: Mirror, syncs: int = 6) -> Mirror:
    """Two dates in `syncs` files each, all over the day, with a line in quarantine each time."""
    for number in range(syncs):
        rows = lines(20, DAY + number * HOUR, 3 * SECOND * 60, tag=f"one {number}")
        late = lines(10, DAY + DATE + number * SECOND, HOUR, tag=f"two {number}")
        mirror.put(f"logs/{number}.gz", [*rows, b"broken", *late])
        mirror.sync()
    return mirror


def logs(mirror: Mirror) -> list[DataFile]:
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        return manifest.files("logs")


def test_a_closed_day_becomes_one_sorted_file_with_the_same_rows(mirror: Mirror) -> None:
    scattered(mirror)
    before = mirror.contents(TABLES)
    assert len(logs(mirror)) == 12

    summary = compact.run(mirror.settings)

    # The two dates of the logs, six files each; quarantine is of today, the day of the sync, and stays.
    assert (summary.partitions, summary.files_before, summary.files_after, summary.left) == (2, 12, 2, 0)
    assert mirror.contents(TABLES) == before
    assert [file.partition for file in logs(mirror)] == ["2026-11-10", "2026-11-11"]
    lake = Lake(mirror.settings.data_dir)
    for file in logs(mirror):
        with closing(duck.connect(threads=1)) as con:
            times = con.execute(f"SELECT ts FROM read_parquet({duck.quoted(lake.path(file))})").fetchall()
        assert times == sorted(times)
    assert_sound(mirror)
    assert compact.run(mirror.settings) == compact.CompactSummary(), "it is done"


def test_quarantine_becomes_one_file_when_its_day_is_over(mirror: Mirror) -> None:
    scattered(mirror, 3)
    before = mirror.contents(["quarantine"])

    compact.run(mirror.settings, now=datetime.now(UTC) + timedelta(days=2))

    assert len([path for path in mirror.files() if path.startswith("quarantine/")]) == 1
    assert mirror.contents(["quarantine"]) == before


def test_a_large_day_is_cut_into_four_files_that_follow_each_other(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "ROWS_PER_FILE", 10)
    scattered(mirror)
    before = mirror.contents(["logs"])

    compact.run(mirror.settings, ["2026-11-10"])

    files = [file for file in logs(mirror) if file.partition == "2026-11-10"]
    spans = sorted((file.min_us or 0, file.max_us or 0) for file in files)
    assert len(files) == 4
    assert all(later[0] > earlier[1] for earlier, later in pairwise(spans))
    assert all(abs(file.entries - 30) <= 6 for file in files), "about a quarter of 120 rows each"
    assert mirror.contents(["logs"]) == before
    assert compact.run(mirror.settings, ["2026-11-10"]).partitions == 0


def test_a_late_file_has_its_day_compacted_again_and_an_open_day_waits(mirror: Mirror) -> None:
    scattered(mirror)
    end = datetime.fromtimestamp((DAY + DATE) / 1000, UTC)
    grace = timedelta(hours=mirror.settings.closed_hours)
    assert compact.run(mirror.settings, now=end + grace - timedelta(seconds=1)).partitions == 0
    assert compact.run(mirror.settings, now=end + grace).partitions == 1
    mirror.put("logs/late.gz", lines(3, DAY, tag="late"))
    mirror.sync()
    assert compact.run(mirror.settings, now=end + grace).files_before == 2
    assert_sound(mirror)


def test_a_sync_compacts_at_its_end_as_many_partitions_as_the_setting_says(mirror: Mirror) -> None:
    scattered(mirror)
    busy = mirror.with_settings(compact_days=1)
    busy.sync()
    assert [file.partition for file in logs(mirror)].count("2026-11-10") == 1
    assert [file.partition for file in logs(mirror)].count("2026-11-11") == 6
    busy.sync()
    assert len(logs(mirror)) == 2


def test_a_damaged_file_is_told_and_nothing_changes(mirror: Mirror) -> None:
    scattered(mirror, 2)
    path = Lake(mirror.settings.data_dir).path(logs(mirror)[0])
    path.write_bytes(b"PAR1" + b"x" * 100)
    files = mirror.files()
    with pytest.raises(UnavailableError):
        compact.run(mirror.settings, ["2026-11-10"])
    assert mirror.files() == files
    assert set(mirror.on_disk()) == set(files) | mirror.retired(), "no leftover"


def test_a_date_that_is_none_is_refused(mirror: Mirror) -> None:
    with pytest.raises(BadRequestError, match="2026-13-01 is no date"):
        compact.run(mirror.settings, ["2026-13-01"])


def test_readers_see_the_same_counts_while_days_are_compacted(mirror: Mirror) -> None:
    scattered(mirror)
    seen: set[tuple[int, ...]] = set()
    done = threading.Event()

    def read() -> None:
        with closing(Warehouse(mirror.settings)) as warehouse:
            while True:
                over = done.is_set()
                seen.add(warehouse.sql(AGREEMENT).rows[0])
                if over:
                    return

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            compact.run(mirror.settings)
        finally:
            done.set()
        for reader in readers:
            reader.result()
    assert seen == {(180,) * 9}


def test_a_compaction_killed_at_random_moments_loses_and_doubles_nothing(mirror: Mirror) -> None:
    scattered(mirror)
    before = mirror.contents(TABLES)
    chance = random.Random(7)
    for kill in range(6):
        mirror.put(f"logs/again-{kill}.gz", lines(2, DAY, tag=f"again {kill}"))
        mirror.sync()
        before = mirror.contents(TABLES)
        run_until_killed(mirror, "compact.run(settings)", chance.uniform(0, 0.2), commits=kill % 2)
        assert mirror.contents(TABLES) == before
    compact.run(mirror.settings)
    assert mirror.contents(TABLES) == before
    assert len(logs(mirror)) == 2
    assert_sound(mirror)


def test_a_file_with_a_changed_byte_is_not_made_a_good_one(mirror: Mirror) -> None:
    scattered(mirror, 3)
    file = logs(mirror)[0]
    path = Lake(mirror.settings.data_dir).path(file)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(bytes(content))

    with pytest.raises(UnavailableError, match=f"{path.name} has another content than was written"):
        compact.run(mirror.settings)

    assert file in logs(mirror), "verify still tells of it"

"""Readers that take long (warehouse/readers.py): what they read is not swept from under them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.sync.support import DAY, HOUR, SECOND, Mirror, lines
from warehouse import logexport, manifest, readers
from warehouse.housekeeping import compact
from warehouse.lake import GRACE_US
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse

ROOT = Path(__file__).parents[2]
_HOLDER = (
    "import sys, time; from pathlib import Path; from warehouse import readers\n"
    "with readers.reading(Path(sys.argv[1])):\n    print('reads', flush=True); time.sleep(60)"
)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Writers live an hour after the readers: whatever they replace is beyond its grace at once."""
    now_us = manifest.now_us
    monkeypatch.setattr("warehouse.lake.now_us", lambda: now_us() + 6 * GRACE_US)
    return


def scattered(mirror: Mirror) -> Mirror:
    """A day in four files, each all over it."""
    for number in range(4):
        mirror.put(f"logs/{number}.gz", lines(24, DAY + number * SECOND, HOUR, tag=f"part {number}"))
        mirror.sync()
    return mirror


def replaced(mirror: Mirror) -> None:
    """Compact the day, and sweep what it was before."""
    assert compact.run(mirror.settings).files_before == 4
    mirror.sync()


@pytest.mark.usefixtures("later")
def test_an_export_that_takes_longer_than_a_replaced_file_stays_gives_every_entry(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logexport, "_SPAN_ENTRIES", 10)
    scattered(mirror)
    files = {path for path in mirror.on_disk() if path.startswith("logs/")}
    with closing(Warehouse(mirror.settings)) as warehouse:
        pieces = warehouse.log_viewer.export(LogFilter(), "ndjson")
        begun = next(pieces)
        replaced(mirror)
        assert files < set(mirror.on_disk()), "what the export reads stays"
        assert len((begun + b"".join(pieces)).splitlines()) == 96
    mirror.sync()
    assert not files & set(mirror.on_disk()), "it has ended"


@pytest.mark.usefixtures("later")
def test_a_query_of_a_user_keeps_its_files_and_lets_go_of_them(mirror: Mirror) -> None:
    scattered(mirror)
    data_dir = mirror.settings.data_dir
    with closing(Warehouse(mirror.settings)) as warehouse:
        seen = warehouse.sql("SELECT count(*) FROM glob($locks)", {"locks": f"{data_dir}/readers/*.lock"})
    assert seen.rows == [(1,)]
    assert readers.oldest_us(data_dir) is None


@pytest.mark.usefixtures("later")
def test_a_reader_that_was_killed_keeps_nothing(mirror: Mirror) -> None:
    scattered(mirror)
    data_dir = mirror.settings.data_dir
    files = {path for path in mirror.on_disk() if path.startswith("logs/")}
    reader = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(data_dir)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reads\n"
        replaced(mirror)
        assert files < set(mirror.on_disk())
    finally:
        reader.kill()
        reader.communicate()
    mirror.sync()
    assert not files & set(mirror.on_disk())
    assert list((data_dir / "readers").iterdir()) == []


def test_the_oldest_of_several_readers_counts(tmp_path: Path) -> None:
    assert readers.oldest_us(tmp_path) is None
    with readers.reading(tmp_path):
        first = readers.oldest_us(tmp_path)
        with readers.reading(tmp_path):
            assert readers.oldest_us(tmp_path) == first
    assert readers.oldest_us(tmp_path) is None


def test_who_may_not_write_reads_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "readers").write_text("no folder")
    with readers.reading(tmp_path):
        pass
    assert readers.oldest_us(tmp_path) is None

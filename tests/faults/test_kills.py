"""kill -9 in the middle of every writer; `python -m tests.faults.kills` does it a hundred times."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.faults.kills import JOBS, World, rounds
from tests.sync.support import Mirror
from warehouse import sync
from warehouse.bucket import Bucket
from warehouse.manifest import Manifest
from warehouse.settings import Settings


@pytest.fixture
def mirror(bucket: tuple[Settings, Bucket]) -> Iterator[Mirror]:
    with closing(Mirror(*bucket)) as fresh:
        yield fresh


def test_kills_of_every_writer_lose_and_double_nothing(mirror: Mirror) -> None:
    outcomes = list(rounds(mirror, 3 * len(JOBS), random.Random(20261123)))

    assert [what for outcome in outcomes for what in outcome.wrong] == []
    hit = {outcome.job for outcome in outcomes if outcome.in_the_middle}
    assert len(hit) >= len(JOBS) - 1, f"kills hit runs that were under way, of {sorted(hit)}"


def test_a_lost_and_a_doubled_row_would_be_seen(mirror: Mirror) -> None:
    world = World(mirror, random.Random(1))
    world.fill()
    sync.run(world.settings)
    assert world.wrong() == []
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        logs = manifest.files("logs")
        lost = logs[0]
        manifest.commit(remove=[lost.path])
    assert any("rows are there" in what for what in world.wrong())
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        copy = mirror.lake / lost.path.replace(".parquet", "-again.parquet")
        copy.write_bytes((mirror.lake / lost.path).read_bytes())
        again = type(lost)(
            **{name: getattr(lost, name) for name in lost.__struct_fields__ if name != "path"},
            path=str(copy.relative_to(mirror.lake)),
        )
        manifest.commit(add=[lost, again])
    assert any("rows are doubled" in what for what in world.wrong())

"""kill -9 at any moment of a sync or cleanup: nothing is lost or doubled, no reader sees a torn state."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

from tests.sync.support import AGREEMENT, DATE, DAY, HOUR, Mirror, assert_sound, lines, run_until_killed
from warehouse.manifest import Manifest
from warehouse.service import Warehouse

Anew = Callable[[], Mirror]

KILLS = 12
SYNC = "sync._CHUNK_OBJECTS = 1\nsync.run(settings)"


def test_a_sync_killed_at_random_moments_loses_and_doubles_nothing(mirror: Mirror, anew: Anew) -> None:
    def put(number: int, tag: str) -> None:
        rows = lines(6, DAY + number * HOUR, tag=f"{tag} {number}")
        mirror.put(f"logs/{number}.gz", [*rows, b"broken", *lines(2, DAY + DATE + number * HOUR)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: put(number, "first"), range(50)))
    Manifest(mirror.settings.data_dir).close()
    torn: list[tuple[int, ...]] = []
    seen: set[int] = set()
    done = threading.Event()

    def read() -> None:
        with closing(Warehouse(mirror.settings)) as warehouse:
            while not done.is_set():
                state = warehouse.sql(AGREEMENT).rows[0]
                seen.add(state[0])
                if len(set(state)) != 1:
                    torn.append(state)
                time.sleep(0.02)

    chance = random.Random(20261123)
    in_the_middle = 0
    objects = [0]
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            for kill in range(KILLS):
                in_the_middle += run_until_killed(
                    mirror, SYNC, chance.uniform(0, 0.4), commits=chance.randrange(4)
                )
                objects.append(mirror.row("SELECT coalesce(sum(objects), 0) FROM ledger")[0])
                # Some of what is mirrored changes, so that kills hit replacements too.
                for number in chance.sample(range(50), 3):
                    put(number, f"after kill {kill}")
        finally:
            done.set()
        reader.result()

    assert in_the_middle >= KILLS // 2, "most kills hit a running sync"
    assert len(set(objects)) > 3, f"kills hit syncs that had committed something: {objects}"
    assert torn == []
    assert len(seen) > 3, "the reader saw several states"
    mirror.sync()
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


def test_a_cleanup_killed_at_random_moments_loses_and_doubles_nothing(mirror: Mirror, anew: Anew) -> None:
    for number in range(12):
        mirror.put(f"logs/{number}.gz", lines(40, DAY + number * DATE // 2, HOUR // 5, tag=str(number)))
    mirror.sync()
    now = datetime.fromtimestamp((DAY + 33 * DATE + 7 * HOUR) / 1000, UTC)
    clean = (
        "from datetime import datetime, UTC\n"
        f"cleanup.run(settings, 30, now=datetime.fromtimestamp({now.timestamp()}, UTC))"
    )
    kept = "SELECT * FROM logs WHERE ts >= TIMESTAMP '2026-11-13 07:00:00' ORDER BY object_key, line"
    whole, expected = mirror.contents(["logs"])["logs"], mirror.rows(kept)
    assert 0 < len(expected) < len(whole)

    for moment in range(4):
        run_until_killed(mirror, clean, 0.02 + 0.05 * (moment // 2), commits=moment % 2)
        assert mirror.contents(["logs"])["logs"] in (whole, expected), "all of it happened, or nothing"

    mirror.clean(now)
    assert mirror.contents(["logs"])["logs"] == expected
    assert mirror.sync().class_b == 0
    assert_sound(mirror, cleaned=True)

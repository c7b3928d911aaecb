"""kill -9 at random moments of every writer: `python -m tests.faults.kills [--times 100] [--seed N]`.

Each round gives a writer something to do, starts it as a process of its own, kills it at a random moment of
its run, lets another one finish, and looks at everything: each object's lines against what was put into the
bucket, files against the manifest, rollups against rollups made anew. Ends with 1 when a line is lost or
doubled, or anything else is not as it should be.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from tests.sync.support import DATE, DAY, HOUR, Mirror, line, run_until_killed
from warehouse import retry, sync
from warehouse.bucket import Bucket
from warehouse.embedded import demo_store
from warehouse.housekeeping import cleanup, compact, verify
from warehouse.manifest import Manifest
from warehouse.settings import load
from warehouse.settings_tables import PrefixRule

_OBJECTS = 12
_LINES = 30
#: Objects below it are read as pino's at first, which no line of them is, and as the registry's on retry.
_MISREAD = "logs/misread/"


class Put(msgspec.Struct):
    """What was put into the bucket under a key: the times of its good lines (epoch ms), and its broken ones.

    Until it is `read` as what it is, all of it is in quarantine.
    """

    times: list[int]
    broken: int
    read: bool = True


class Outcome(msgspec.Struct):
    """Of one kill: was the run in its middle, and what was wrong after the next one."""

    job: str
    in_the_middle: bool
    wrong: list[str]


class World:
    """A bucket, its warehouse, and what is known to have been put into it."""

    def __init__(self, mirror: Mirror, chance: random.Random) -> None:
        self.mirror = mirror
        self.chance = chance
        self.put: dict[str, Put] = {}
        self.cutoff_ms = 0
        self.day = 0
        self.settings = msgspec.structs.replace(
            mirror.settings, prefixes=(PrefixRule(prefix=_MISREAD, format="pino"),)
        )

    @property
    def now(self) -> datetime:
        """The morning after the newest entries."""
        return datetime.fromtimestamp((DAY + (self.day + 2) * DATE) / 1000, UTC)

    def fill(self, prefix: str = "logs/") -> None:
        """A day more: new objects, some broken lines, and some that replace what is there."""
        self.day += 1
        there = sorted(key for key in self.put if not key.startswith(_MISREAD))
        changed = self.chance.sample(there, min(2, len(there)))
        for key in [*(f"{prefix}{self.day:03}-{number}.gz" for number in range(_OBJECTS)), *changed]:
            start = DAY + self.day * DATE + self.chance.randrange(20) * HOUR
            times = [start + number * 60_000 for number in range(_LINES)]
            broken = self.chance.choice((0, 0, 1))
            rows = [line(at, message=f"{key} {at}") for at in times]
            self.mirror.put(key, [*rows, *[b"broken"] * broken])
            self.put[key] = Put(times, broken, read=not key.startswith(_MISREAD))

    def wrong(self) -> list[str]:
        """Everything that is not as it should be."""
        found: list[str] = []
        rows: dict[str, tuple[int, int]] = {
            key: (count, lines)
            for key, count, lines in self.mirror.rows(
                "SELECT object_key, count(*), count(DISTINCT line) FROM logs GROUP BY 1"
            )
        }
        for key, put in self.put.items():
            expected = sum(at >= self.cutoff_ms for at in put.times) if put.read else 0
            count, lines = rows.pop(key, (0, 0))
            if count != lines:
                found.append(f"{key}: {count - lines} rows are doubled")
            if lines != expected:
                found.append(f"{key}: {lines} of {expected} rows are there")
        found += [f"{key}: nobody put it there" for key in rows]
        on_disk, known = set(self.mirror.on_disk()), set(self.mirror.files()) | self.mirror.retired()
        if on_disk != known:
            found.append(f"files: {sorted(on_disk ^ known)}")
        findings = verify.run(self.mirror.settings, now=self.now).findings
        return found + [f"{item.check}: {item.where}: {item.what}" for item in findings]

    def missing(self) -> list[str]:
        """Objects that left the bucket and might not have."""
        held = {info.key for info in self.mirror.bucket.list("logs/")}
        return [
            f"{key}: left the bucket"
            for key, put in self.put.items()
            if key not in held and (put.broken or max(put.times) >= self.cutoff_ms)
        ]


def killed_sync(world: World, seconds: float) -> tuple[bool, list[str]]:
    """A sync of new and of changed objects."""
    world.fill()
    hit = run_until_killed(world.mirror, "sync._CHUNK_OBJECTS = 3\nsync.run(settings)", seconds)
    sync.run(world.settings)
    return hit, world.wrong()


def killed_compaction(world: World, seconds: float) -> tuple[bool, list[str]]:
    """A compaction of a day that came in many syncs."""
    for _ in range(2):
        world.fill()
        sync.run(world.settings)
    code = (
        "from datetime import datetime, UTC\n"
        f"compact.run(settings, now=datetime.fromtimestamp({world.now.timestamp()}, UTC))"
    )
    hit = run_until_killed(world.mirror, code, seconds)
    compact.run(world.settings, now=world.now)
    return hit, world.wrong()


def killed_cleanup(world: World, seconds: float) -> tuple[bool, list[str]]:
    """A cleanup of the warehouse and of the bucket."""
    world.fill()
    sync.run(world.settings)
    days = 3
    code = (
        "from datetime import datetime, UTC\n"
        f"cleanup.run(settings, {days}, 'both', now=datetime.fromtimestamp({world.now.timestamp()}, UTC))"
    )
    hit = run_until_killed(world.mirror, code, seconds)
    done = cleanup.run(world.settings, days, "both", now=world.now)
    world.cutoff_ms = max(world.cutoff_ms, round(done.cutoff.timestamp() * 1000))
    sync.run(world.settings)
    wrong = world.wrong() + world.missing()
    held = {info.key for info in world.mirror.bucket.list("logs/")}
    world.put = {key: put for key, put in world.put.items() if key in held}
    return hit, wrong


def killed_retry(world: World, seconds: float) -> tuple[bool, list[str]]:
    """A retry of quarantined lines that are good, once they are read as what they are."""
    world.fill(_MISREAD)
    sync.run(world.settings)
    code = "from warehouse import retry\nretry.run(settings)"
    hit = run_until_killed(world.mirror, code, seconds)
    retry.run(world.mirror.settings)
    for put in world.put.values():
        put.read = True
    return hit, world.wrong()


JOBS: dict[str, Callable[[World, float], tuple[bool, list[str]]]] = {
    "sync": killed_sync,
    "compaction": killed_compaction,
    "cleanup": killed_cleanup,
    "retry": killed_retry,
}
#: What the runs of the jobs are called.
_KINDS = {"sync": "sync", "compaction": "compact", "cleanup": "cleanup", "retry": "retry"}


def rounds(mirror: Mirror, times: int, chance: random.Random) -> Iterator[Outcome]:
    """Kill `times` writers, one kind after the other."""
    world = World(mirror, chance)
    for number in range(times):
        job = list(JOBS)[number % len(JOBS)]
        hit, wrong = JOBS[job](world, chance.uniform(0, _length(mirror, _KINDS[job])))
        yield Outcome(job, hit, wrong)


def _length(mirror: Mirror, kind: str) -> float:
    """How long such runs take, in seconds; later moments hit none."""
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        rows = manifest.query(
            "SELECT finished_us - started_us FROM runs WHERE kind = ? AND status = 'ok'", [kind]
        )
    return statistics.median(row[0] for row in rows) / 1e6 if rows else 0.1


def main() -> None:
    """Kill, look, print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, demo_store(load({}, data_dir=Path(folder))) as store:
        settings = msgspec.structs.replace(store, data_dir=Path(folder) / "data", compact_days=0)
        bucket = Bucket(settings)
        bucket.create()
        with closing(Mirror(settings, bucket)) as mirror:
            running = rounds(mirror, options.times, random.Random(options.seed))
            with click.progressbar(running, length=options.times, label="kills", file=sys.stderr) as shown:
                outcomes = list(shown)
    print(f"{'job':<12} {'kills':>6} {'in the middle':>14} {'wrong after':>12}")
    for job in JOBS:
        of_job = [outcome for outcome in outcomes if outcome.job == job]
        counts = Counter(outcome.in_the_middle for outcome in of_job)
        bad = sum(bool(outcome.wrong) for outcome in of_job)
        print(f"{job:<12} {len(of_job):>6} {counts[True]:>14} {bad:>12}")
    wrong = [f"{outcome.job}: {what}" for outcome in outcomes for what in outcome.wrong]
    print(*wrong, sep="\n")
    print(f"{len(outcomes)} kills in {time.monotonic() - started:.0f} s, {len(wrong)} things wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

"""What the machine does: clocks that jump, disks that fill, answers that stall, writers that meet."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.proxy import FaultyProxy, Rule, cut
from tests.sync.support import DATE, DAY, Mirror, assert_sound, line, lines
from warehouse.errors import BucketError, UnavailableError
from warehouse.housekeeping import compact

Anew = Callable[[], Mirror]
NOW = datetime.fromtimestamp((DAY + 5 * DATE) / 1000, UTC)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The kernel refuses every write beyond `size` bytes of a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def noise(count: int, start_ms: float, seed: int) -> list[bytes]:
    """Lines that do not compress: a hundred bytes of Parquet each."""
    chance = random.Random(seed)
    return [line(start_ms + number, message=chance.randbytes(100).hex()) for number in range(count)]


def test_a_disk_that_fills_up_during_a_sync_costs_nothing(mirror: Mirror, anew: Anew) -> None:
    mirror.put("logs/small.gz", lines(10))
    mirror.sync()
    mirror.put("logs/large.gz", noise(10_000, DAY + DATE, 1))
    before = mirror.contents()

    with files_of_at_most(600_000), pytest.raises(UnavailableError, match="cannot be written") as caught:
        mirror.sync()

    assert "the disk's space" in str(caught.value)
    assert mirror.contents() == before
    assert mirror.last_run()["status"] == "failed"
    mirror.sync()
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


@pytest.mark.parametrize(
    "work",
    [
        lambda mirror: compact.run(mirror.settings, now=NOW),
        # The cut-off is in the middle of the file: what stays is written anew.
        lambda mirror: mirror.clean(NOW + timedelta(days=25, seconds=1)),
    ],
    ids=["compaction", "cleanup"],
)
def test_a_disk_that_fills_up_during_housekeeping_costs_nothing(
    mirror: Mirror, work: Callable[[Mirror], object]
) -> None:
    for number in range(2):
        mirror.put(f"logs/{number}.gz", noise(8_000, DAY + number, number))
        mirror.sync()
    before, files = mirror.contents(), mirror.files()

    with files_of_at_most(600_000), pytest.raises(UnavailableError):
        work(mirror)

    assert (mirror.contents(), mirror.files()) == (before, files)
    assert mirror.rows("SELECT status FROM runs ORDER BY started_at")[-1] == ("failed",)
    work(mirror)
    assert mirror.files() != files
    assert_sound(mirror, cleaned=True)


def test_clocks_that_jump_between_and_during_syncs_lose_nothing(
    mirror: Mirror, anew: Anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, real = random.Random(7), time.time_ns
    shift_days = [0, -2, 400, -4000, 0]
    for number, days in enumerate(shift_days):
        mirror.put(
            f"logs/2026/11/{10 + number}/a.gz", [*lines(5, DAY + number * DATE, tag=str(number)), b"{"]
        )
        mirror.put("logs/changes.gz", lines(number + 1, DAY, tag=f"version {number}"))
        with monkeypatch.context() as patch:
            # A shift for the run, and every reading of the clock is off by up to an hour of its own.
            patch.setattr(
                time,
                "time_ns",
                lambda days=days: real() + (days * 86_400 + chance.randrange(-3600, 3600)) * 10**9,
            )
            summary = mirror.sync()
        assert (summary.objects, summary.skipped) == (2, 0)
        assert summary.duration_ms < 60_000
    assert mirror.contents() == anew().contents()
    assert mirror.sync().objects == 0
    assert_sound(mirror)


def test_an_answer_that_stalls_is_asked_for_again_and_one_that_always_does_is_told(
    mirror: Mirror, anew: Anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.backoff.FIRST_PAUSE", 0.0)
    monkeypatch.setattr("warehouse.bucket.READ_TIMEOUT", 0.5)
    mirror.put("logs/a.gz", lines(20))
    for times, fails in ((2, False), (100, True)):
        rule = Rule(cut(1.0), "a.gz", times=times, wait=2.0)
        with FaultyProxy(str(mirror.settings.endpoint), rule) as proxy:
            slow = mirror.with_settings(
                endpoint=proxy.endpoint, data_dir=mirror.settings.data_dir / str(times)
            )
            started = time.monotonic()
            if fails:
                with pytest.raises(BucketError, match=r"logs/a\.gz"):
                    slow.sync()
                assert time.monotonic() - started < 30
            else:
                assert slow.sync().entries == 20
                assert slow.contents() == anew().contents()
        assert rule.used >= 2


def test_writers_that_start_at_once_take_turns_or_are_told(mirror: Mirror, anew: Anew) -> None:
    for number in range(20):
        mirror.put(f"logs/{number}.gz", lines(20, DAY + number * DATE // 4, tag=str(number)))
    jobs = [
        "sync.run(settings)",
        "sync.run(settings)",
        "compact.run(settings)",
        "sync.run(settings, full=True)",
    ]

    writers = [mirror.spawn(f"sync._CHUNK_OBJECTS = 2\n{job}") for job in jobs]
    told = [writer.communicate(timeout=120)[1] for writer in writers]

    ended = [writer.returncode for writer in writers]
    assert 0 in ended
    for code, text in zip(ended, told, strict=True):
        assert code == 0 or "another sync or cleanup is running" in text, text
    mirror.sync()
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)

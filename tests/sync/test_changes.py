"""Objects that change, leave the bucket and come back: the warehouse follows, nothing is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.sync.support import DATE, DAY, HOUR, Mirror, assert_sound, gz, line, lines

Anew = Callable[[], Mirror]


def test_an_object_that_changed_replaces_its_rows_rollups_and_quarantine(mirror: Mirror, anew: Anew) -> None:
    mirror.put("logs/changed.gz", [*lines(20, tag="old"), b"old broken", b"old broken too"])
    mirror.put("logs/other.gz", [*lines(20, tag="other"), b"other broken"])
    mirror.sync()
    mirror.put("logs/changed.gz", [b"new broken", *lines(7, DAY + HOUR, tag="new")])

    summary = mirror.sync()

    assert (summary.objects, summary.replaced, summary.entries, summary.rejected_lines) == (1, 1, 7, 1)
    assert mirror.row("SELECT count(*) FROM logs WHERE message LIKE 'old %'") == (0,)
    assert mirror.rows("SELECT object_key, line, raw FROM quarantine ORDER BY 1") == [
        ("logs/changed.gz", 1, "new broken"),
        ("logs/other.gz", 21, "other broken"),
    ]
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


def test_dates_that_lose_all_their_rows_vanish_with_their_rollups(mirror: Mirror, anew: Anew) -> None:
    spread = [row for day in range(40) for row in lines(3, DAY + day * DATE, tag=f"day {day}")]
    mirror.put("logs/spread.gz", spread)
    mirror.put("logs/steady.gz", lines(3, DAY + DATE, tag="steady"))
    mirror.sync()
    mirror.put("logs/spread.gz", lines(3, DAY, tag="day 0 again"))

    summary = mirror.sync()

    assert (summary.replaced, summary.entries) == (1, 3)
    assert mirror.rows(
        'SELECT "table", "partition" FROM files'
        " WHERE \"table\" NOT IN ('storage', 'anomalies', 'forecasts', 'forecast_models') ORDER BY ALL"
    ) == [
        (table, partition)
        for table, partitions in {
            "activity": ["2026-11-10", "2026-11-11"],
            "activity_by": ["2026-11-10", "2026-11-11"],
            "daily": ["2026-11"],
            "downloads": ["2026-11-10", "2026-11-11"],
            "facets": ["2026-11-10", "2026-11-11"],
            "installers": ["2026-11-10", "2026-11-11"],
            "latency": ["2026-11-10", "2026-11-11"],
            "logs": ["2026-11-10", "2026-11-11"],
        }.items()
        for partition in partitions
    ]
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


def test_an_object_that_had_only_malformed_lines_can_change(mirror: Mirror, anew: Anew) -> None:
    mirror.put("logs/broken.gz", [b"broken", b"", b"[1]"])
    assert mirror.sync().rejected_lines == 3
    mirror.put("logs/broken.gz", [b"still broken", *lines(2)])

    summary = mirror.sync()

    assert (summary.replaced, summary.entries, summary.rejected_lines) == (1, 2, 1)
    assert mirror.rows("SELECT raw FROM quarantine") == [("still broken",)]
    assert mirror.contents() == anew().contents()


def test_an_object_can_lose_all_its_good_lines(mirror: Mirror, anew: Anew) -> None:
    mirror.put("logs/a.gz", lines(4))
    mirror.put("logs/b.gz", lines(4, DAY + DATE))
    mirror.sync()
    mirror.put("logs/a.gz", [b"broken"])
    mirror.bucket.put("logs/b.gz", b"")

    summary = mirror.sync()

    assert (summary.replaced, summary.entries, summary.rejected_lines) == (2, 0, 1)
    assert mirror.row("SELECT count(*) FROM logs") == (0,)
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


@pytest.mark.usefixtures("small_chunks")
def test_many_objects_change_over_many_chunks_while_new_ones_come(mirror: Mirror, anew: Anew) -> None:
    for number in range(9):
        mirror.put(f"logs/{number}.gz", lines(12, DAY + number * 7 * HOUR, HOUR, tag=f"first {number}"))
    mirror.sync()
    for number in (1, 4, 5, 8, 9, 10):
        mirror.put(f"logs/{number}.gz", [*lines(9, DAY + number * 5 * HOUR, HOUR, tag="second"), b"broken"])

    summary = mirror.sync()

    assert (summary.objects, summary.replaced, summary.class_b) == (6, 4, 6)
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


def test_rows_of_an_object_that_left_the_bucket_stay_and_the_storage_figures_go_down(mirror: Mirror) -> None:
    mirror.put("logs/leaves.gz", lines(5, tag="leaves"))
    mirror.put("logs/stays.gz", lines(5, tag="stays"))
    mirror.sync()
    logs = mirror.contents(["logs", "activity", "daily"])
    size = len(gz(lines(5, tag="stays")))
    mirror.bucket.delete("logs/leaves.gz")

    summary = mirror.sync()

    assert (summary.gone, summary.objects, summary.class_b) == (1, 0, 0)
    assert mirror.contents(["logs", "activity", "daily"]) == logs
    assert mirror.row("SELECT sum(objects), sum(bytes) FROM storage WHERE grain = 30") == (1, size)
    assert mirror.row("SELECT objects, bytes FROM ledger") == (1, size)
    assert mirror.sync().gone == 0, "it is told once"
    assert_sound(mirror)


def test_an_object_that_comes_back_unchanged_is_not_mirrored_twice(mirror: Mirror, anew: Anew) -> None:
    mirror.put("logs/a.gz", [*lines(5), b"broken"])
    mirror.put("logs/b.gz", lines(5, tag="b"))
    mirror.sync()
    mirror.bucket.delete("logs/a.gz")
    mirror.sync()
    time.sleep(1.1)  # the server notes whole seconds: it comes back at another time than it left
    mirror.put("logs/a.gz", [*lines(5), b"broken"])

    summary = mirror.sync()

    assert (summary.objects, summary.class_b, summary.entries) == (0, 0, 0)
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


def test_an_object_that_comes_back_changed_replaces_its_former_rows(mirror: Mirror, anew: Anew) -> None:
    mirror.put("logs/a.gz", lines(5, tag="old"))
    mirror.put("logs/b.gz", lines(5, tag="b"))
    mirror.sync()
    mirror.bucket.delete("logs/a.gz")
    mirror.sync()
    mirror.put("logs/a.gz", lines(3, DAY + DATE, tag="new"))

    summary = mirror.sync()

    assert (summary.objects, summary.replaced) == (1, 1)
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


def test_malformed_lines_are_kept_with_key_line_text_and_reason(mirror: Mirror) -> None:
    good = line(DAY)
    mirror.put(
        "logs/mixed.gz",
        [good, b'{"timestamp": 17', good, b"", b'{"level":"info"}', b"caf\xe9", good, b'{"timestamp": "x"}'],
    )

    summary = mirror.sync()

    assert (summary.entries, summary.rejected_lines) == (3, 5)
    assert mirror.rows("SELECT object_key, line, raw, reason FROM quarantine ORDER BY line") == [
        ("logs/mixed.gz", 2, '{"timestamp": 17', "not valid JSON"),
        ("logs/mixed.gz", 4, "", "blank line"),
        ("logs/mixed.gz", 5, '{"level":"info"}', "timestamp is missing"),
        ("logs/mixed.gz", 6, "caf\\xe9", "not valid UTF-8 at byte 4"),
        ("logs/mixed.gz", 8, '{"timestamp": "x"}', "timestamp is not a number of epoch milliseconds"),
    ]
    assert mirror.rows("SELECT line FROM logs ORDER BY 1") == [(1,), (3,), (7,)]
    assert mirror.row("SELECT lines, accepted, rejected FROM ledger") == (8, 3, 5)


def test_a_truncated_gzip_keeps_the_lines_before_the_cut_and_says_so(mirror: Mirror, anew: Anew) -> None:
    whole = gz(lines(2_000, tag="a line that does not compress to nothing"))
    mirror.bucket.put("logs/cut.gz", whole[: len(whole) // 2])
    mirror.bucket.put("logs/garbage.gz", b"\x1f\x8b" + b"\0" * 50)

    summary = mirror.sync()

    entries, last = mirror.row("SELECT count(*), max(line) FROM logs WHERE object_key = 'logs/cut.gz'")
    assert 0 < entries == last == summary.entries < 2_000
    quarantined = mirror.rows("SELECT object_key, line, reason FROM quarantine ORDER BY ALL")
    assert ("logs/cut.gz", 0, "the gzip data end early") in quarantined
    assert [key for key, number, _ in quarantined if number == 0] == ["logs/cut.gz", "logs/garbage.gz"]
    assert summary.rejected_lines == len(quarantined)
    assert mirror.sync().class_b == 0, "a damaged object is not fetched again and again"

    mirror.bucket.put("logs/cut.gz", whole)
    mirror.bucket.delete("logs/garbage.gz")
    assert mirror.sync().entries == 2_000
    assert mirror.row("SELECT count(*) FROM quarantine WHERE object_key = 'logs/cut.gz'") == (0,)
    assert mirror.contents(["logs", "daily"]) == anew().contents(["logs", "daily"])


def test_numbers_out_of_all_proportion_do_not_stop_the_sync(mirror: Mirror) -> None:
    mirror.put(
        "logs/odd.gz",
        [
            line(DAY, responseTime=1e300, status=1e30, bytes=1e40),
            line(DAY, responseTime=1e15),
            line(DAY, responseTime=250.0),
            *(line(DAY, responseTime=80_000_000.0) for _ in range(5)),
        ],
    )

    assert mirror.sync().entries == 8
    assert mirror.row("SELECT count(response_ms), max(response_ms) FROM logs") == (6, 80_000_000.0)
    assert_sound(mirror)


def test_a_line_nested_beyond_all_measure_goes_to_quarantine(mirror: Mirror) -> None:
    deep = b'{"a":' * 150_000 + b"1" + b"}" * 150_000
    mirror.put("logs/deep.gz", [line(DAY), b'{"timestamp":%d,"unknown":%s}' % (DAY, deep), line(DAY + 1)])
    child = mirror.spawn("sync.run(settings)")

    _, talk = child.communicate(timeout=60)

    assert child.returncode == 0, talk
    assert mirror.rows("SELECT line FROM logs ORDER BY 1") == [(1,), (3,)]
    assert mirror.rows("SELECT line, reason FROM quarantine") == [(2, "nested more than 500 levels deep")]

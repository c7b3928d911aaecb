"""Names that tell a time: the registry's, Logpush's and others, and names that only look like one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.listing.support import NOW, Mirror, PagedBucket, micros
from warehouse.keytimes import LAYOUTS, Layout, Watch, day_us

MOMENTS = st.integers(micros(datetime(2001, 9, 10, tzinfo=UTC)), micros(datetime(2099, 12, 31, tzinfo=UTC)))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@given(first=MOMENTS, second=MOMENTS)
def test_names_sort_as_their_times_do(layout: Layout, first: int, second: int) -> None:
    names = [layout.name_at(moment) for moment in (first, second)]
    stamps = [layout.stamp(name + "_x.log.gz") for name in names]

    assert all(stamps)
    times = [layout.moment_us(str(stamp)) for stamp in stamps]
    assert [time <= moment for time, moment in zip(times, (first, second), strict=True)] == [True, True]
    assert (names[0] < names[1]) == (times[0] < times[1])
    assert not any(layout.always_listed(name) for name in names)


@pytest.mark.parametrize(
    ("names", "layout", "newest"),
    [
        (["1795415323938.jsonl.gz", "1795415323939.jsonl"], "%ms", "2026-11-23T06:28:43.939"),
        (["1795415323.log"], "%s", "2026-11-23T06:28:43"),
        (
            ["20261122/20261122T235930Z_20261123T000000Z_ab.log.gz", "20261123/20261123T000000Z_x_ab.log.gz"],
            "%Y%m%d/%Y%m%dT%H%M%SZ",
            "2026-11-23T00:00:00",
        ),
        # The challenge that Logpush leaves in a day's folder makes the days count and not the seconds.
        (
            ["20261122/20261122T235930Z_x.log.gz", "20261122/ownership-challenge-1.txt"],
            "%Y%m%d",
            "2026-11-22",
        ),
        (["20261122T235930Z_20261123T000000Z_ab.log.gz"], "%Y%m%dT%H%M%SZ", "2026-11-22T23:59:30"),
        (["2026-11-22T10:00:00.000Z.json"], "%Y-%m-%dT%H:%M:%S", "2026-11-22T10:00:00"),
        (["2026-11-21.log", "2026-11-22.log"], "%Y-%m-%d", "2026-11-22"),
        (["2026/11/22/10/access.log"], "%Y/%m/%d", "2026-11-22"),
        (["dt=20261122/a.gz", "dt=20261123/b.gz"], "dt=%Y%m%d", "2026-11-23"),
        (["date=2026-11-22/a.gz"], "date=%Y-%m-%d", "2026-11-22"),
        (["1795415323938.jsonl", "ownership-challenge.txt"], "%ms", "2026-11-23T06:28:43.938"),
    ],
)
def test_layouts_are_told_from_the_names(names: list[str], layout: str, newest: str) -> None:
    watch = Watch()
    for name in names:
        watch.see(name)

    found = watch.result(micros(datetime(2030, 1, 1, tzinfo=UTC)))

    assert found is not None
    assert found[0].name == layout
    assert found[1] == micros(datetime.fromisoformat(newest).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["a.log", "b.log"],
        ["access.log", "1.log"],
        ["20261322.log"],
        ["20260231.log"],
        ["12345678901234.log"],
        ["179541532393.log"],
        ["0795415323938.log"],
        ["1795415323938.jsonl", "1795415324.jsonl"],
        ["-1.log", "1795415323938.jsonl"],
        ["1795415323938.jsonl", "20261122.log"],
        ["README", "dt=20261122/a.gz"],
    ],
)
def test_names_without_one_layout_have_none(names: list[str]) -> None:
    watch = Watch()
    for name in names:
        watch.see(name)

    assert watch.result(micros(NOW)) is None


def test_folders_of_days() -> None:
    day = micros(datetime(2026, 11, 22, tzinfo=UTC))
    assert [day_us(name) for name in ("20261122/", "2026-11-22/", "dt=20261122/", "date=2026-11-22/")] == [
        day
    ] * 4
    assert [day_us(name) for name in ("20261122x/", "0xaaaa/", "20261322/", "", "12345678/")] == [None] * 5


@pytest.fixture
def bucket() -> PagedBucket:
    return PagedBucket(page=10)


@pytest.fixture
def mirror(small_pages: Any, tmp_path: Path, bucket: PagedBucket) -> Iterator[Mirror]:
    mirror = Mirror(tmp_path, bucket)
    yield mirror
    mirror.manifest.close()


def pushed(folder: str, moment: datetime) -> str:
    return f"{folder}{moment:%Y%m%d}/{moment:%Y%m%dT%H%M%SZ}_{moment:%Y%m%dT%H%M%SZ}_1a2b.log.gz"


def test_logpush_in_a_folder_takes_one_call_however_many_days_there_are(
    mirror: Mirror, bucket: PagedBucket
) -> None:
    for number in range(200):
        bucket.put(pushed("logs/http/", NOW - timedelta(hours=6 * number)))
    mirror.run()
    assert len(mirror.fetched) == 200
    new = [pushed("logs/http/", NOW + timedelta(hours=hours)) for hours in (0.5, 13)]
    for key in new:
        bucket.put(key)

    assert mirror.run(NOW + timedelta(hours=14)) == 2
    assert mirror.fetched == new
    # The newest was NOW, 12:00 on the 20th: the listing started a day before.
    assert bucket.calls[-1][1] == "logs/http/20261119/20261119T120000Z"


def test_logpush_right_below_the_prefix_takes_a_call_for_each_day_of_the_look_back(
    mirror: Mirror, bucket: PagedBucket
) -> None:
    for number in range(200):
        bucket.put(pushed("logs/", NOW - timedelta(hours=6 * number)))
    mirror.run()
    assert len(mirror.fetched) == 200
    folders = {key[:14] for key in bucket.objects}
    assert len(folders) == 51
    bucket.put(pushed("logs/", NOW + timedelta(hours=1)))
    bucket.put(pushed("logs/", NOW + timedelta(hours=25)))
    backfilled = pushed("logs/", NOW - timedelta(days=90))
    bucket.put(backfilled)

    before = len(bucket.calls)
    mirror.run(NOW + timedelta(hours=26))

    # A new day is found however old it is; of the known ones those that the look-back reaches are listed.
    assert sorted(mirror.fetched) == sorted(
        [backfilled, pushed("logs/", NOW + timedelta(hours=1)), pushed("logs/", NOW + timedelta(hours=25))]
    )
    listed = sorted(prefix for prefix, _, level in bucket.calls[before:] if not level)
    # The newest day is the 21st, its beginning less 24 hours the 20th: the 19th ended at that moment.
    assert listed == ["logs/20260822/", "logs/20261119/", "logs/20261120/", "logs/20261121/"]
    assert not mirror.full


def test_a_day_that_is_named_after_the_future_closes_no_other(mirror: Mirror, bucket: PagedBucket) -> None:
    for number in range(200):
        bucket.put(pushed("logs/", NOW - timedelta(hours=6 * number)))
    bucket.put(pushed("logs/", NOW + timedelta(days=3_000)))
    mirror.run()
    bucket.put(pushed("logs/", NOW + timedelta(hours=1)))

    mirror.run()

    assert (mirror.fetched, mirror.full) == ([pushed("logs/", NOW + timedelta(hours=1))], False)


def test_a_folder_of_names_without_times_is_listed_in_full_and_the_others_are_not(
    mirror: Mirror, bucket: PagedBucket
) -> None:
    for number in range(15):
        bucket.put(f"logs/named/{number:03}-x.log")
        for folder in "abcd":
            for part in range(4):
                bucket.put(f"logs/{folder}/{micros(NOW) // 1000 - 40_000_000 * (15 * part + number)}.gz")
    mirror.run()
    assert len(mirror.fetched) == 255
    bucket.put("logs/named/000-a.log")

    # One for the folders, two for sixteen names, and one for each of the others.
    assert mirror.run() == 7
    assert (mirror.fetched, mirror.full) == (["logs/named/000-a.log"], False)


def test_times_in_the_names_of_loose_objects_save_the_way_to_the_newest(
    mirror: Mirror, bucket: PagedBucket
) -> None:
    for number in range(300):
        bucket.put(f"logs/{micros(NOW) // 1000 - 3_600_000 * number}.jsonl")
    mirror.run()
    assert len(mirror.fetched) == 300
    bucket.put(f"logs/{micros(NOW) // 1000 + 1}.jsonl")
    bucket.put(f"logs/0xaaaa/{micros(NOW) // 1000}.jsonl")
    bucket.put(f"logs/ffff/{micros(NOW) // 1000}.jsonl")

    # The first page, three from the look-back on (26 objects and a folder), and one for each folder.
    assert mirror.run() == 6
    assert (len(mirror.fetched), mirror.full) == (3, False)

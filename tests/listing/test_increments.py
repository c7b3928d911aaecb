"""An incremental listing finds what is new wherever it can be, for as few calls as that takes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.listing.support import NOW, Mirror, PagedBucket, binary, folders_first, key_at

LATE_INSIDE, LATE_OUTSIDE = 23, 30  # hours before NOW; the newest object is one hour old


def test_an_idle_run_asks_for_the_folders_and_for_the_end_of_each(mirror: Mirror) -> None:
    assert mirror.run() == 3

    assert (mirror.fetched, mirror.gone, mirror.full) == ([], [], False)
    calls = mirror.bucket.calls[-3:]
    assert calls[0] == ("logs/", None, True)
    # The newest objects are an hour old, the look-back is 24 hours: 25 hours before NOW.
    start = key_at("", 25).removeprefix("logs//").removesuffix(".jsonl.gz")
    assert sorted(calls[1:]) == [
        (f"logs/{folder}/", f"logs/{folder}/{start}", False) for folder in ("0xaaaa", "bbbb")
    ]


def test_what_is_new_is_found_and_the_start_moves_with_it(mirror: Mirror) -> None:
    later = NOW + timedelta(hours=48)
    new = key_at("0xaaaa", -47)
    mirror.bucket.put(new)

    assert mirror.run(later) == 3
    assert mirror.fetched == [new]
    mirror.run(later)
    after = {call[0]: call[1] for call in mirror.bucket.calls[-2:]}
    assert after["logs/0xaaaa/"] == key_at("0xaaaa", -23).removesuffix(".jsonl.gz")
    assert after["logs/bbbb/"] == key_at("bbbb", 25).removesuffix(".jsonl.gz")


def test_a_late_object_is_found_inside_the_look_back_and_beyond_it_only_by_a_full_listing(
    mirror: Mirror,
) -> None:
    inside, outside = key_at("bbbb", LATE_INSIDE), key_at("bbbb", LATE_OUTSIDE)
    mirror.bucket.put(inside)
    mirror.bucket.put(outside)

    mirror.run()
    assert mirror.fetched == [inside]
    mirror.run(full=True)
    assert (mirror.fetched, mirror.full) == ([outside], True)
    assert mirror.notes == [
        "objects found only now, more than 24 hours late: 1; WAREHOUSE_LOOKBACK_HOURS widens the look-back"
    ]


def test_a_wider_look_back_finds_what_a_narrow_one_leaves_out(mirror: Mirror) -> None:
    outside = key_at("bbbb", LATE_OUTSIDE)
    mirror.bucket.put(outside)

    wider = Mirror(mirror.settings.data_dir, mirror.bucket, lookback_hours=30)
    wider.run()

    assert (wider.fetched, wider.full) == ([outside], False)


def test_everything_is_listed_by_itself_after_the_days_of_the_setting(mirror: Mirror) -> None:
    outside = key_at("bbbb", LATE_OUTSIDE)
    mirror.bucket.put(outside)

    mirror.run(NOW + timedelta(days=7, seconds=-1))
    assert (mirror.fetched, mirror.full) == ([], False)
    mirror.run(NOW + timedelta(days=7))
    assert (mirror.fetched, mirror.full) == ([outside], True)
    mirror.run(NOW + timedelta(days=7))
    assert not mirror.full, "seven days count anew"


def test_a_clock_that_was_ahead_when_all_was_listed_does_not_put_off_the_next_time(mirror: Mirror) -> None:
    mirror.run(NOW + timedelta(days=400))
    assert mirror.full

    mirror.run(NOW)
    assert mirror.full


@pytest.mark.parametrize("folder", ["0x0001", "0xcccc", "0001", "1795", "ffff"])
def test_a_new_configuration_is_found_with_its_whole_history(mirror: Mirror, folder: str) -> None:
    keys = [key_at(folder, hours) for hours in range(0, 5_000, 1_000)]
    for key in keys:
        mirror.bucket.put(key)

    assert mirror.run() == 4
    assert sorted(mirror.fetched) == sorted(keys)
    assert not mirror.full
    assert mirror.run() == 4
    assert mirror.fetched == []


def test_changes_and_losses_are_seen_inside_the_look_back_at_once_and_beyond_it_by_a_full_listing(
    mirror: Mirror,
) -> None:
    # The fixture's objects are 1, 7, 13, 19, 25, 31 … hours old.
    for hours in (7, 31):
        mirror.bucket.put(key_at("bbbb", hours))
    for hours in (13, 37):
        del mirror.bucket.objects[key_at("bbbb", hours)]

    mirror.run()
    assert (mirror.fetched, mirror.gone) == ([key_at("bbbb", 7)], [key_at("bbbb", 13)])
    mirror.run(full=True)
    assert (mirror.fetched, mirror.gone) == ([key_at("bbbb", 31)], [key_at("bbbb", 37)])
    assert mirror.held() == mirror.there()


def test_a_folder_that_left_the_bucket_is_noted_at_once_with_all_its_objects(mirror: Mirror) -> None:
    keys = [key for key in mirror.bucket.objects if key.startswith("logs/bbbb/")]
    for key in keys:
        del mirror.bucket.objects[key]

    mirror.run()
    assert sorted(mirror.gone) == sorted(keys)
    mirror.run()
    assert mirror.gone == []
    assert mirror.held() == mirror.there()


def test_an_object_named_after_the_future_does_not_hide_what_comes_until_then(mirror: Mirror) -> None:
    mirror.bucket.put("logs/bbbb/9999999999999.jsonl")
    mirror.run()
    assert mirror.fetched == ["logs/bbbb/9999999999999.jsonl"]
    mirror.bucket.put(key_at("bbbb", 0.5))

    mirror.run()

    assert (mirror.fetched, mirror.full) == ([key_at("bbbb", 0.5)], False)


def test_stray_names_behind_all_times_are_listed_always_and_one_before_them_ends_the_short_cut(
    mirror: Mirror,
) -> None:
    mirror.bucket.put("logs/bbbb/readme.txt")
    assert (mirror.run(), mirror.fetched) == (3, ["logs/bbbb/readme.txt"])
    mirror.bucket.put("logs/bbbb/zzz.txt")
    assert (mirror.run(), mirror.fetched) == (3, ["logs/bbbb/zzz.txt"])

    mirror.bucket.put("logs/bbbb/.first.txt")
    mirror.run(full=True)
    assert mirror.fetched == ["logs/bbbb/.first.txt"]
    mirror.bucket.put("logs/bbbb/.second.txt")
    mirror.run()
    assert (mirror.fetched, mirror.full) == (["logs/bbbb/.second.txt"], False)


def test_objects_in_no_folder_are_found_whatever_their_names(mirror: Mirror) -> None:
    for key in ("logs/a.jsonl", "logs/1795.jsonl", "logs/~"):
        mirror.bucket.put(key)
    mirror.run()
    assert sorted(mirror.fetched) == ["logs/1795.jsonl", "logs/a.jsonl", "logs/~"]
    del mirror.bucket.objects["logs/a.jsonl"]

    mirror.run()

    assert (mirror.gone, mirror.full) == (["logs/a.jsonl"], False)


def test_a_server_with_another_order_is_listed_in_full_and_that_is_said_once(
    mirror: Mirror, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bucket = PagedBucket(page=10, order=folders_first)
    for number in range(60):
        bucket.put(f"logs/push/202611{1 + number // 10:02}{'/-'[number % 2]}{number:02}.gz")
    other = Mirror(tmp_path_factory.mktemp("other"), bucket)

    other.run()
    assert len(other.fetched) == 60
    assert len(other.notes) == 1
    assert other.notes[0].startswith("logs/push/ is not listed in the order of its keys' bytes")
    bucket.put("logs/push/20261101-late.gz")
    other.run()
    assert other.fetched == ["logs/push/20261101-late.gz"], "nothing of it is left out"
    assert other.notes == []


def test_an_order_that_turns_out_odd_on_the_way_has_the_folder_listed_again_from_its_beginning(
    mirror: Mirror,
) -> None:
    mirror.bucket.order = lambda key: [-letter for letter in binary(key)]
    hidden = key_at("bbbb", LATE_OUTSIDE)
    mirror.bucket.put(hidden)

    mirror.run()

    assert hidden in mirror.fetched
    assert mirror.gone == []
    assert mirror.held() == mirror.there()
    assert mirror.notes

"""The cleanup: what is older than the retention goes, to the microsecond, and the figures say so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sync.support import DATE, DAY, HOUR, Mirror, assert_sound, gz, line, lines
from warehouse import sync
from warehouse.bucket import Bucket, ObjectHead
from warehouse.errors import BadRequestError, BucketError, UnavailableError
from warehouse.housekeeping import cleanup, verify
from warehouse.manifest import Manifest

Anew = Callable[[], Mirror]

#: The retention of 30 days that ends now cuts the second day in the middle.
NOW = datetime.fromtimestamp((DAY + 31 * DATE + 12 * HOUR) / 1000, UTC)
CUTOFF_MS = DAY + DATE + 12 * HOUR


def filled(mirror: Mirror) -> Mirror:
    """Three days, an object a day with an entry each quarter of an hour; and odd ones."""
    for day in range(3):
        mirror.put(f"logs/day-{day}.gz", lines(96, DAY + day * DATE, HOUR / 4, tag=f"day {day}"))
    mirror.put("logs/old-with-rejected.gz", [*lines(4, DAY, tag="rejected"), b"broken"])
    mirror.put("logs/old-and-new.gz", lines(4, CUTOFF_MS - HOUR, HOUR, tag="both"))
    mirror.sync()
    return mirror


def keys(mirror: Mirror) -> list[str]:
    return sorted(info.key.removeprefix("logs/") for info in mirror.bucket.list("logs/"))


def test_old_entries_leave_the_warehouse_exactly_at_the_cut_off(mirror: Mirror) -> None:
    mirror.put(
        "logs/edge.gz",
        [line(CUTOFF_MS - 0.001, message="a microsecond before"), line(CUTOFF_MS, message="at the cut-off")],
    )
    filled(mirror)
    kept = mirror.rows(
        f"SELECT * FROM logs WHERE ts >= make_timestamp({CUTOFF_MS}000) ORDER BY ts, object_key"
    )
    whole = mirror.row("SELECT count(*) FROM logs")[0]

    summary = mirror.clean(NOW)

    assert summary.cutoff == NOW - timedelta(days=30)
    assert summary.deleted_count == whole - len(kept) == 96 + 48 + 4 + 1 + 1
    assert (summary.deleted_objects, summary.scope, summary.dry_run) == (0, "warehouse", False)
    assert mirror.rows("SELECT * FROM logs ORDER BY ts, object_key") == kept
    assert mirror.row("SELECT epoch_us(min(ts)) FROM logs") == (CUTOFF_MS * 1000,)
    assert mirror.rows("SELECT DISTINCT CAST(date AS VARCHAR) FROM activity ORDER BY 1") == [
        ("2026-11-11",),
        ("2026-11-12",),
    ]
    assert_sound(mirror, cleaned=True)


def test_a_dry_run_changes_nothing_and_counts_what_the_real_run_deletes(mirror: Mirror) -> None:
    filled(mirror)
    files, contents, generation, objects = (
        mirror.files(),
        mirror.contents(),
        mirror.generation(),
        keys(mirror),
    )

    promised = mirror.clean(NOW, scope="both", dry_run=True)

    assert (mirror.files(), mirror.contents(), mirror.generation()) == (files, contents, generation)
    assert (keys(mirror), set(mirror.on_disk())) == (objects, set(files) | mirror.retired())
    assert mirror.row("SELECT count(*) FROM runs WHERE kind = 'cleanup'") == (0,)
    done = mirror.clean(NOW, scope="both")
    assert promised.deleted_count == done.deleted_count > 0
    assert promised.deleted_objects == done.deleted_objects == 1
    assert promised.dry_run
    assert promised.freed_space == done.freed_space > 0
    assert promised.buckets == done.buckets
    assert mirror.clean(NOW, scope="both", dry_run=True).deleted_count == 0


def test_freed_space_is_what_the_lake_is_smaller_by(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(mirror)
    before = sum(mirror.files().values())

    summary = mirror.clean(NOW)

    assert summary.freed_space == before - sum(mirror.files().values()) > 0
    mirror.let_the_grace_end(monkeypatch)
    mirror.sync()
    assert mirror.on_disk() == mirror.files(), "the retired files are off the disk after their grace"
    assert sum(mirror.on_disk().values()) == before - summary.freed_space


def test_the_bucket_loses_only_objects_that_are_mirrored_whole_and_old(mirror: Mirror) -> None:
    filled(mirror)
    mirror.put("logs/not-mirrored.gz", lines(3, DAY))
    size = len(gz(lines(96, DAY, HOUR / 4, tag="day 0")))
    logs = mirror.contents(["logs", "activity"])

    summary = mirror.clean(NOW, scope="bucket")

    assert (summary.deleted_objects, summary.deleted_count, summary.freed_space) == (1, 0, size)
    assert keys(mirror) == [
        "day-1.gz",
        "day-2.gz",
        "not-mirrored.gz",
        "old-and-new.gz",
        "old-with-rejected.gz",
    ]
    assert mirror.contents(["logs", "activity"]) == logs, "the warehouse keeps its rows"
    assert mirror.row("SELECT objects FROM ledger") == (4,)
    assert_sound(mirror)
    assert mirror.sync().entries == 3


def test_an_object_that_changed_since_it_was_mirrored_stays_in_the_bucket(mirror: Mirror) -> None:
    mirror.put("logs/a.gz", lines(3, DAY))
    mirror.sync()
    mirror.put("logs/a.gz", lines(4, DAY, tag="changed"))

    assert mirror.clean(NOW, scope="bucket").deleted_objects == 0
    assert keys(mirror) == ["a.gz"]


def test_both_scopes_at_once_free_both_sums(mirror: Mirror) -> None:
    filled(mirror)
    size = len(gz(lines(96, DAY, HOUR / 4, tag="day 0")))
    before = sum(mirror.files().values())
    # The inventory of storage belongs to the bucket's part, the other tables to the warehouse's.
    storage = sum(size for path, size in mirror.files().items() if path.startswith("storage/"))

    summary = mirror.clean(NOW, scope="both")

    after = sum(mirror.files().values())
    storage_after = sum(size for path, size in mirror.files().items() if path.startswith("storage/"))
    assert (summary.deleted_objects, summary.deleted_count) == (1, 96 + 48 + 4 + 1)
    assert summary.freed_space == size + (before - storage) - (after - storage_after)
    assert_sound(mirror, cleaned=True)


def test_a_sync_after_a_cleanup_of_the_warehouse_brings_nothing_back(mirror: Mirror) -> None:
    filled(mirror)
    mirror.clean(NOW)
    logs = mirror.contents(["logs"])

    summary = mirror.sync()

    assert (summary.class_b, summary.entries) == (0, 0)
    assert mirror.contents(["logs"]) == logs


def test_a_cleanup_with_nothing_to_do_does_nothing(mirror: Mirror) -> None:
    filled(mirror)
    files = mirror.files()

    summary = mirror.clean(NOW, scope="both", retention_days=40)

    assert (summary.deleted_count, summary.deleted_objects, summary.freed_space) == (0, 0, 0)
    assert mirror.files() == files


def test_everything_can_go(mirror: Mirror) -> None:
    filled(mirror)

    summary = mirror.clean(NOW + timedelta(days=365), retention_days=1)

    assert summary.deleted_count == 3 * 96 + 8
    assert mirror.row("SELECT count(*) FROM logs") == (0,)
    assert summary.deleted_quarantined == 1
    assert {path.split("/")[0] for path in mirror.files()} == {"storage"}
    assert_sound(mirror, cleaned=True)


@pytest.mark.parametrize("days", [0, -1, 10**7, 10**12])
def test_a_retention_that_cannot_be_is_refused(mirror: Mirror, days: int) -> None:
    with pytest.raises(BadRequestError, match="retentionDays") as caught:
        cleanup.run(mirror.settings, days)

    assert caught.value.field == "retentionDays"


def test_an_unknown_scope_is_refused(mirror: Mirror) -> None:
    with pytest.raises(BadRequestError, match="scope must be") as caught:
        cleanup.run(mirror.settings, 30, "everything")  # type: ignore[arg-type]

    assert caught.value.field == "scope"


class _UndeletableBucket(Bucket):
    """A bucket that refuses every deletion but one."""

    # The first one: what comes after a failure may be deleted or not.
    deletable = "logs/0.gz"

    def delete(self, key: str) -> None:
        if key != self.deletable:
            raise BucketError(f"cannot delete {key} in bucket {self.name}: InternalError")
        super().delete(key)


class _ChangingBucket(Bucket):
    """A bucket in which an object is written anew after it was listed."""

    def head(self, key: str) -> ObjectHead:
        if key == "logs/1.gz":
            self.put(key, gz(lines(5, DAY, tag="anew")))
        return super().head(key)


def test_what_left_the_bucket_is_noted_even_if_a_later_deletion_fails(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        mirror.put(f"logs/{number}.gz", lines(3, DAY, tag=str(number)))
    mirror.sync()
    monkeypatch.setattr("warehouse.housekeeping.cleanup.Bucket", _UndeletableBucket)

    with pytest.raises(BucketError, match="InternalError"):
        mirror.with_settings(fetch_threads=1).clean(NOW, scope="both")

    assert keys(mirror) == ["1.gz", "2.gz"]
    assert mirror.row("SELECT objects, accepted FROM ledger") == (2, 9)
    run: dict[str, Any] = mirror.last_run()
    assert (run["kind"], run["status"]) == ("cleanup", "failed")
    assert "InternalError" in run["detail"]
    assert mirror.row("SELECT count(*) FROM logs") == (9,), "the warehouse's turn did not come"
    assert_sound(mirror)


def test_an_object_that_is_written_anew_during_the_cleanup_stays(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        mirror.put(f"logs/{number}.gz", lines(3, DAY, tag=str(number)))
    mirror.sync()
    monkeypatch.setattr("warehouse.housekeeping.cleanup.Bucket", _ChangingBucket)

    summary = mirror.clean(NOW, scope="bucket")

    (outcome,) = summary.buckets
    assert (outcome.deleted_objects, outcome.changed, outcome.error) == (2, 1, None)
    assert keys(mirror) == ["1.gz"]
    monkeypatch.undo()
    assert mirror.sync().entries == 5
    assert_sound(mirror)


def test_what_a_cleanup_took_does_not_come_back_by_a_full_listing(mirror: Mirror) -> None:
    filled(mirror)
    mirror.clean(NOW)
    logs = mirror.contents(["logs"])

    summary = sync.run(mirror.settings, full=True)

    assert (summary.full_listing, summary.objects, summary.entries) == (True, 0, 0)
    assert mirror.contents(["logs"]) == logs


def test_a_cleanup_tells_what_it_asked_of_the_bucket(mirror: Mirror) -> None:
    filled(mirror)

    mirror.clean(NOW, scope="bucket")

    run = mirror.row("SELECT class_a, class_b, objects FROM runs WHERE kind = 'cleanup'")
    assert run == (1, 1, 1), "a listing, and a look at the one object before it went; to delete is free"


def test_rows_that_are_lost_are_told_from_rows_that_a_cleanup_took(mirror: Mirror) -> None:
    filled(mirror)
    mirror.clean(NOW)
    assert verify.run(mirror.settings, quick=True, now=NOW).findings == []
    # A file of the third day, which no cleanup touched, loses its place in the manifest.
    with closing(Manifest(mirror.settings.data_dir)) as manifest:
        lost = next(
            file for file in manifest.files() if file.table == "logs" and file.partition == "2026-11-12"
        )
        manifest.commit(remove=[lost.path])

    findings = verify.run(mirror.settings, quick=True, now=NOW).findings

    assert [(finding.check, finding.where) for finding in findings] == [
        ("objects", f"{mirror.bucket.name}/logs/day-2.gz")
    ]
    assert findings[0].what.startswith("0 rows and 0 quarantined lines of 96 and 0 read")


def test_the_only_copy_of_entries_stays_in_the_bucket(mirror: Mirror) -> None:
    """By housekeeping/held_rows: an object goes when the warehouse holds all its rows."""
    filled(mirror)
    before = keys(mirror)
    going = cleanup.run(mirror.settings, 30, "bucket", dry_run=True, now=NOW).deleted_objects
    assert going > 0
    # As a retention does: the entries leave the warehouse, and are in the bucket alone from then on.
    cleanup.run(mirror.settings, 30, "warehouse", now=NOW)

    summary = cleanup.run(mirror.settings, 30, "bucket", now=NOW)

    assert (summary.deleted_objects, summary.buckets[0].only_copies) == (0, going)
    assert keys(mirror) == before
    # Who says both wants neither.
    assert cleanup.run(mirror.settings, 30, "both", now=NOW).deleted_objects == going


@pytest.mark.parametrize("scope", ["bucket", "both"])
@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_objects_whose_rows_lie_in_a_damaged_file_stay_in_the_bucket(
    mirror: Mirror, damage: str, scope: cleanup.Scope
) -> None:
    filled(mirror)
    before = keys(mirror)
    file = min(path for path in mirror.on_disk() if path.startswith("logs/"))
    path = mirror.lake / file
    if damage == "gone":
        path.rename(path.with_suffix(".away"))
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))

    with pytest.raises(UnavailableError, match=f"{path.name}.*warehouse verify"):
        cleanup.run(mirror.settings, 30, scope, now=NOW)

    assert keys(mirror) == before

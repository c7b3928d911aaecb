"""One sync of several buckets: equal keys, failures, choices, sums."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from tests.buckets.support import Several, in_memory, pages, settings_of
from tests.sync.support import DAY, SECOND, assert_sound
from warehouse import lock, status, sync
from warehouse.bucket import Bucket
from warehouse.cli.group import cli
from warehouse.errors import BadRequestError, BucketError, BusyError
from warehouse.housekeeping import cleanup
from warehouse.logquery import LogFilter
from warehouse.settings_tables import BucketSettings

Make = Callable[..., Several]

ROWS = "SELECT split_part(bucket, '-', 1), object_key, line, message FROM logs ORDER BY ALL"


def two(several: Make) -> tuple[Several, str, str]:
    """Two buckets that hold the same keys."""
    pair = several("eu", "us")
    eu, us = pair.buckets
    pair.put(eu, "logs/1.gz", "eu one", "eu two", at_ms=DAY)
    pair.put(us, "logs/1.gz", "us one", at_ms=DAY + SECOND)
    pair.put(us, "logs/2.gz", "us two", at_ms=DAY)
    pair.buckets[eu].put("packages/left-pad/1.3.0.tgz", b"p" * 10)
    pair.buckets[us].put("packages/left-pad/1.3.0.tgz", b"p" * 20)
    return pair, eu, us


def test_equal_keys_of_two_buckets_are_rows_of_their_own(several: Make) -> None:
    pair, eu, us = two(several)

    summary = pair.mirror.sync()

    assert pair.mirror.rows(ROWS) == [
        ("eu", "logs/1.gz", 1, "eu one"),
        ("eu", "logs/1.gz", 2, "eu two"),
        ("us", "logs/1.gz", 1, "us one"),
        ("us", "logs/2.gz", 1, "us two"),
    ]
    assert (summary.status, summary.objects, summary.entries, summary.packages) == ("ok", 3, 4, 2)
    assert summary.sync_url == f"s3://{eu}/logs/, s3://{us}/logs/"
    assert [(each.bucket, each.objects, each.entries, each.error) for each in summary.buckets] == [
        (eu, 1, 2, None),
        (us, 2, 2, None),
    ]
    assert pair.mirror.rows("SELECT bucket, status, objects, entries FROM runs ORDER BY bucket") == [
        (eu, "ok", 1, 2),
        (us, "ok", 2, 2),
    ]
    assert pair.mirror.rows("SELECT bucket, prefix, objects FROM ledger ORDER BY ALL") == [
        (eu, "logs/", 1),
        (eu, "packages/", 1),
        (us, "logs/", 2),
        (us, "packages/", 1),
    ]
    assert pair.mirror.rows("SELECT bucket, object_key, size FROM packages ORDER BY ALL") == [
        (eu, "packages/left-pad/1.3.0.tgz", 10),
        (us, "packages/left-pad/1.3.0.tgz", 20),
    ]
    assert_sound(pair.mirror)


def test_a_change_in_one_bucket_leaves_the_equal_key_of_the_other(several: Make) -> None:
    pair, eu, us = two(several)
    pair.mirror.sync()
    pair.put(us, "logs/1.gz", "us one again", at_ms=DAY)
    pair.buckets[us].delete("packages/left-pad/1.3.0.tgz")

    summary = pair.mirror.sync()

    assert (summary.objects, summary.replaced) == (1, 1)
    assert ("us", "logs/1.gz", 1, "us one again") in pair.mirror.rows(ROWS)
    assert ("eu", "logs/1.gz", 1, "eu one") in pair.mirror.rows(ROWS)
    assert pair.mirror.rows("SELECT bucket FROM packages") == [(eu,)]
    assert_sound(pair.mirror)


def test_the_figures_of_the_answers_are_sums_over_the_buckets(several: Make) -> None:
    pair, eu, us = two(several)
    pair.mirror.sync()
    sizes = [
        next(bucket.list(key)).size
        for bucket, key in (
            (pair.buckets[eu], "logs/1.gz"),
            (pair.buckets[us], "logs/1.gz"),
            (pair.buckets[us], "logs/2.gz"),
        )
    ]

    stats, logs_stats = pair.mirror.reader.stats()["r2"], pair.mirror.reader.logs_stats()
    facts = status.read(pair.settings)

    assert (stats["totalPackages"], stats["totalSize"]) == (1, sum(sizes) + 30)
    assert (logs_stats["objects"], logs_stats["totalSize"]) == (3, sum(sizes))
    assert (facts["objects"], facts["compressedBytes"], facts["entries"]) == (3, sum(sizes), 4)


def test_the_sums_cover_buckets_whose_logs_have_different_prefixes(several: Make) -> None:
    pair = several("a", "b")
    a, b = pair.buckets
    pair.put(a, "logs/1.gz", "one", at_ms=DAY)
    pair.put(b, "audit/1.gz", "two", at_ms=DAY)
    tables = (BucketSettings(name=a), BucketSettings(name=b, log_prefix="audit/"))
    settings = settings_of(pair.base, *tables)

    assert sync.run(settings).sync_url == f"s3://{a}/logs/, s3://{b}/audit/"

    assert status.read(settings)["objects"] == 2


def test_a_bucket_that_fails_does_not_stop_the_others(several: Make) -> None:
    pair, eu, us = two(several)
    tables = (
        BucketSettings(name="is-not-there"),
        BucketSettings(name=eu),
        BucketSettings(name=us, endpoint="no-address"),
    )

    summary = sync.run(settings_of(pair.base, *tables))

    assert (summary.status, summary.entries) == ("partial", 2)
    assert [(each.bucket, each.status) for each in summary.buckets] == [
        ("is-not-there", "failed"),
        (eu, "ok"),
        (us, "failed"),
    ]
    assert "is-not-there" in str(summary.failed[0].error)
    assert "R2_ENDPOINT is not a usable address" in str(summary.failed[1].error)
    runs = pair.mirror.rows("SELECT bucket, status, detail FROM runs ORDER BY started_at")
    assert [row[:2] for row in runs] == [("is-not-there", "failed"), (eu, "ok"), (us, "failed")]
    assert runs[0][2] == summary.failed[0].error


def test_a_bucket_that_fails_does_not_keep_the_others_from_being_cleaned(
    several: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, eu, us = two(several)
    pair.mirror.sync()

    class _Refusing(Bucket):
        def delete(self, key: str) -> None:
            if self.name == eu:
                raise BucketError(f"cannot delete {key}: InternalError")
            super().delete(key)

    monkeypatch.setattr("warehouse.housekeeping.cleanup.Bucket", _Refusing)
    later = datetime.fromtimestamp(DAY / 1000, UTC) + timedelta(days=9)

    summary = cleanup.run(pair.mirror.settings, 1, "both", now=later)

    assert [(item.bucket, item.deleted_objects) for item in summary.buckets] == [(eu, 0), (us, 2)]
    (failed,) = summary.failed
    assert failed.bucket == eu
    assert "cannot delete logs/1.gz: InternalError" in (failed.error or "")
    assert (summary.deleted_objects, summary.deleted_count) == (2, 4)
    assert [len(list(pair.buckets[name].list("logs/"))) for name in (eu, us)] == [1, 0]
    detail = pair.mirror.row("SELECT status, detail FROM runs WHERE kind = 'cleanup'")
    assert detail[0] == "ok"
    assert eu in detail[1]
    assert_sound(pair.mirror, cleaned=True)


def test_when_no_bucket_can_be_mirrored_the_sync_fails_and_names_each(several: Make) -> None:
    pair = several("a")
    settings = settings_of(
        msgspec.structs.replace(pair.base, bucket=None),
        BucketSettings(name="gone-1"),
        BucketSettings(name="gone-2"),
    )

    with pytest.raises(BucketError, match=r"none of the 2 buckets .* gone-1: .*; gone-2: "):
        sync.run(settings)


def test_one_writer_holds_the_warehouse_for_all_buckets(several: Make) -> None:
    pair, _, _ = two(several)
    with lock.writer(pair.settings.data_dir), pytest.raises(BusyError):
        pair.mirror.sync()


def test_only_the_buckets_that_are_named_are_mirrored(several: Make) -> None:
    pair, eu, us = two(several)

    assert [each.bucket for each in sync.run(pair.settings, only=[us]).buckets] == [us]

    assert pair.mirror.rows("SELECT DISTINCT bucket FROM logs") == [(us,)]
    with pytest.raises(BadRequestError, match=f"bucket 'mars' is not set .there is {eu}, {us}"):
        sync.run(pair.settings, only=["mars"])


def test_the_command_says_which_bucket_failed_and_ends_with_1(
    several: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, eu, _ = two(several)
    text = f"""
        [warehouse]
        endpoint = "{pair.base.endpoint}"
        region = "{pair.base.region}"
        access_key_id = "{pair.base.access_key_id}"
        secret_access_key = "{pair.base.secret_access_key}"
        [[bucket]]
        name = "is-not-there"
        [[bucket]]
        name = "{eu}"
    """
    path = pair.settings.data_dir.parent / "several.toml"
    path.write_text(text)
    monkeypatch.setenv("WAREHOUSE_CONFIG", str(path))
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(pair.settings.data_dir))

    answer = CliRunner().invoke(cli, ["sync", "--json"], standalone_mode=False)

    assert answer.return_value == 1
    assert "error: is-not-there was not mirrored: " in answer.stderr
    told = json.loads(answer.stdout)
    assert (told["status"], told["entries"]) == ("partial", 2)
    assert [(each["bucket"], each["status"], each["entries"]) for each in told["buckets"]] == [
        ("is-not-there", "failed", 0),
        (eu, "ok", 2),
    ]
    shown = CliRunner().invoke(cli, ["status"], standalone_mode=False).stdout
    assert f"Last sync of {eu} " in shown
    assert "Last sync of is-not-there " in shown
    facts = json.loads(CliRunner().invoke(cli, ["status", "--json"], standalone_mode=False).stdout)
    assert {run["bucket"]: run["status"] for run in facts["bucketRuns"]} == {
        "is-not-there": "failed",
        eu: "ok",
    }
    chosen = CliRunner().invoke(cli, ["sync", "--json", "--bucket", eu], standalone_mode=False)
    assert (chosen.return_value, json.loads(chosen.stdout)["status"]) == (0, "ok")


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_no_page_of_the_log_viewer_loses_rows_that_differ_in_the_bucket_alone(
    tmp_path: Path, order: str
) -> None:
    buckets = in_memory(tmp_path / "data", "a", "b", "c")
    for name, builder in buckets.items():
        builder.put([{"timestamp": DAY, "level": "info", "message": name}] * 2, key="logs/1.jsonl")
        builder.sync()
    with closing(buckets["a"].open()) as warehouse:
        found = pages(
            lambda cursor: warehouse.logs(LogFilter(limit=1, order=order, cursor=cursor)),
            "logs",
            "nextCursor",
        )
    rows = [(entry["bucket"], entry["line"]) for entry in found]
    expected = [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1), ("c", 2)]
    assert rows == (expected if order == "asc" else expected[::-1])


def test_no_page_of_the_packages_loses_keys_that_two_buckets_share(tmp_path: Path) -> None:
    buckets = in_memory(tmp_path / "data", "a", "b")
    for builder in buckets.values():
        builder.put(b"", key="packages/left-pad/1.3.0.tgz")
        builder.put(b"", key="packages/react/1.0.0.tgz")
        builder.sync()
    with closing(buckets["a"].open()) as warehouse:
        found = pages(
            lambda token: warehouse.packages(limit=1, continuation_token=token),
            "packages",
            "nextContinuationToken",
        )
    assert [(entry["name"], entry["bucket"]) for entry in found] == [
        ("left-pad", "a"),
        ("left-pad", "b"),
        ("react", "a"),
        ("react", "b"),
    ]


def test_a_bucket_of_its_own_key_pair_is_opened_with_that(several: Make) -> None:
    pair, eu, us = two(several)
    wrong = msgspec.structs.replace(pair.base, access_key_id="nobody", secret_access_key="nothing")
    own = BucketSettings(
        name=us, access_key_id=pair.base.access_key_id, secret_access_key=pair.base.secret_access_key
    )

    summary = sync.run(settings_of(wrong, BucketSettings(name=eu), own))

    assert [(each.bucket, each.status) for each in summary.buckets] == [(eu, "failed"), (us, "ok")]

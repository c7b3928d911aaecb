"""`warehouse sync` and `warehouse status`, as a script and as a person see them."""

from __future__ import annotations

import json
import time

import pytest

from tests.cli.conftest import NOON_MS, Cli, entry, log_object, put_sample
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def test_a_sync_into_a_pipe_prints_exactly_one_line_of_json(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    done = cli("sync")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    summary = json.loads(done.stdout)
    assert summary["status"] == "ok"
    assert (summary["objects"], summary["entries"], summary["rejectedLines"]) == (2, 5, 1)
    assert summary["syncUrl"] == f"s3://{bucket[0].bucket}/logs/"


def test_a_second_sync_downloads_nothing(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    cli("sync")
    again = json.loads(cli("sync").stdout)
    assert (again["objects"], again["entries"], again["compressedBytes"], again["classB"]) == (0, 0, 0, 0)


def test_an_empty_bucket_syncs_to_an_empty_warehouse(cli: Cli) -> None:
    assert json.loads(cli("sync").stdout)["objects"] == 0
    facts = json.loads(cli("status", "--json").stdout)
    assert (facts["entries"], facts["oldestEntry"], facts["dates"], facts["tables"]) == (0, None, 0, [])


def test_on_a_terminal_a_sync_sums_up_in_words(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    code, shown = cli.on_terminal("sync")
    assert code == 0
    assert f"2 objects from s3://{bucket[0].bucket}/logs/: 5 entries; 1 line in quarantine." in shown
    assert '{"' not in shown
    code, shown = cli.on_terminal("sync")
    assert code == 0
    assert f"Nothing new at s3://{bucket[0].bucket}/logs/." in shown


def test_on_a_terminal_json_is_still_one_line_when_asked_for(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    _, shown = cli.on_terminal("sync", "--json")
    line = shown.splitlines()[-1]
    assert json.loads(line[line.index("{") :])["entries"] == 5  # what stands before it wipes the progress bar


def test_a_changed_object_is_told_of(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    cli("sync")
    bucket[1].put(f"logs/0x0badcafe/{NOON_MS}.jsonl.gz", log_object(entry(0), entry(1)))
    _, shown = cli.on_terminal("sync")
    assert f"1 object from s3://{bucket[0].bucket}/logs/ (1 of them changed): 2 entries." in shown
    assert json.loads(cli("status", "--json").stdout)["entries"] == 4


def test_status_tells_what_the_warehouse_holds(synced: Cli) -> None:
    done = synced("status", "--json")
    assert done.returncode == 0
    facts = json.loads(done.stdout)
    assert (facts["entries"], facts["quarantinedLines"], facts["objects"], facts["dates"]) == (5, 1, 2, 2)
    assert facts["oldestEntry"] == NOON_MS
    assert facts["newestEntry"] == NOON_MS + 86_400_000 + 60_000
    assert (facts["lastRun"]["kind"], facts["lastRun"]["status"]) == ("sync", "ok")
    assert facts["files"] == sum(row["files"] for row in facts["tables"])
    assert facts["parquetBytes"] == sum(row["bytes"] for row in facts["tables"])


def test_the_bytes_of_status_are_those_on_the_disk(synced: Cli) -> None:
    facts = json.loads(synced("status", "--json").stdout)
    files = list((synced.cwd / "data" / "lake").glob("**/*.parquet"))
    assert len(files) == facts["files"]
    assert sum(path.stat().st_size for path in files) == facts["parquetBytes"]


def test_status_for_people_says_the_same_in_words(synced: Cli) -> None:
    shown = synced("status").stdout
    assert "Entries                5\n" in shown
    assert "Oldest entry           2026-01-01 12:00:00 UTC\n" in shown
    assert "Newest entry           2026-01-02 12:01:00 UTC\n" in shown
    assert "Last run               sync at " in shown


def test_status_tells_how_a_failed_run_ended(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    cli("sync")
    assert cli("sync", R2_BUCKET_NAME="not-there").returncode == 1
    last = json.loads(cli("status", "--json").stdout)["lastRun"]
    assert last["status"] == "failed"
    assert "there is no bucket not-there" in last["detail"]
    assert "failed" in cli("status").stdout


def test_without_a_bucket_sync_and_doctor_use_the_embedded_store_of_the_demo(bare_cli: Cli) -> None:
    made = bare_cli("demo", "--entries", "500", "--days", "1", "--json")
    assert made.returncode == 0, made.stderr
    done = bare_cli("sync")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entries"] == json.loads(made.stdout)["entries"] == 500
    assert json.loads(bare_cli("doctor", "--json").stdout)["healthy"] is True


def test_cleanup_shows_first_and_deletes_then(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    cli("sync")
    shown = json.loads(cli("cleanup", "--retention-days", "1", "--dry-run").stdout)
    assert shown["cutoff"] == pytest.approx((time.time() - 86_400) * 1000, abs=600_000), "epoch ms"
    assert (shown["dryRun"], shown["deletedCount"]) == (True, 5)
    assert json.loads(cli("status", "--json").stdout)["entries"] == 5
    done = json.loads(cli("cleanup", "--retention-days", "1").stdout)
    assert (done["dryRun"], done["deletedCount"], done["deletedObjects"]) == (False, 5, 0)
    assert json.loads(cli("status", "--json").stdout)["entries"] == 0
    assert len(list(bucket[1].list("logs/"))) == 2


def test_cleanup_of_the_bucket_needs_a_yes(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    cli("sync")
    refused = cli("cleanup", "--retention-days", "1", "--scope", "bucket")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert len(list(bucket[1].list("logs/"))) == 2
    done = json.loads(cli("cleanup", "--retention-days", "1", "--scope", "bucket", "--yes").stdout)
    assert done["deletedObjects"] == 2 - len(list(bucket[1].list("logs/")))
    assert done["deletedObjects"] > 0


def test_a_retention_below_a_day_is_wrong_usage(synced: Cli) -> None:
    done = synced("cleanup", "--retention-days", "0")
    assert done.returncode == 2
    assert "--retention-days" in done.stderr

"""Schedules and watching in real processes on a real S3 server: they see new objects and end politely."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.api.processes import command, of, started
from tests.warehouse_builder import log, ndjson
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Store = tuple[Settings, Bucket]
EVERY_SECOND = {"WAREHOUSE_SCHEDULE": "* * * * * *"}


def within(seconds: float, what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def put(bucket: Bucket, name: str) -> None:
    bucket.put(f"logs/{name}.jsonl", ndjson([log("2026-03-01T10:00:00")]))


def test_a_server_with_a_schedule_sees_new_objects_by_itself(bucket: Store) -> None:
    settings, store = bucket
    with started("serve", env=of(settings) | EVERY_SECOND) as (process, address, _):
        for count in (1, 2):
            put(store, f"object-{count}")
            stats = f"{address}/_dashboard/api/r2/logs/stats"
            within(30, lambda: httpx.get(stats).json()["totalEntries"] == count)  # noqa: B023
        told = within(30, lambda: httpx.get(f"{address}/health").json()["schedule"])
        assert (told["schedule"], told["timezone"], told["outcome"]) == ("* * * * * *", "UTC", "ok")
        assert told["nextSync"] >= told["lastEnded"] - 1000
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    shown = command("status", env=of(settings) | EVERY_SECOND).stdout
    assert "Next sync" in shown
    assert ", the last one ok" in shown


@pytest.mark.parametrize(
    "arguments", [["schedule"], ["sync", "--watch", "--interval", "1"]], ids=["schedule", "watch"]
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_each_sync_is_a_line_and_a_signal_ends_it_with_exit_code_0(
    bucket: Store, arguments: list[str], number: int
) -> None:
    settings, store = bucket
    put(store, "one")
    call = [sys.executable, "-m", "api.main", *arguments]
    process = subprocess.Popen(
        call, env=of(settings) | EVERY_SECOND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    summaries = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [(summary["status"], summary["entries"]) for summary in summaries] == [("ok", 1), ("ok", 0)]
    process.send_signal(number)
    assert process.wait(20) == 0
    process.communicate()


def test_watching_goes_on_after_a_failure(bucket: Store) -> None:
    settings, _ = bucket
    call = [sys.executable, "-m", "api.main", "sync", "--watch", "--interval", "1"]
    wrong = of(settings) | {"R2_BUCKET_NAME": "there-is-none"}
    process = subprocess.Popen(call, env=wrong, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    lines = [process.stderr.readline() for _ in range(2)]
    assert "there is no bucket there-is-none" in lines[0]
    assert [line.rstrip().rpartition("; ")[2] for line in lines] == [
        "the next try is in 2 s",
        "the next try is in 4 s",
    ]
    process.terminate()
    assert process.wait(20) == 0
    process.communicate()


def test_the_next_moments_are_shown(bucket: Store) -> None:
    settings, _ = bucket
    env = of(settings) | {"WAREHOUSE_SCHEDULE": "15 3 * * *", "WAREHOUSE_SCHEDULE_TIMEZONE": "Europe/Berlin"}
    moments = [
        json.loads(line)["at"] for line in command("schedule", "--next", "3", env=env).stdout.splitlines()
    ]
    assert len(moments) == 3
    assert all(23 <= (b - a) / 3_600_000 <= 25 for a, b in pairwise(moments))


@pytest.mark.parametrize("call", [["schedule"], ["serve", "--port", "0"]])
def test_a_schedule_that_is_none_is_one_line_and_exit_code_2(bucket: Store, call: list[str]) -> None:
    settings, _ = bucket
    done = command(*call, env=of(settings) | {"WAREHOUSE_SCHEDULE": "at night"})
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "WAREHOUSE_SCHEDULE does not take 'at night'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_schedule_the_command_says_what_to_set(bucket: Store) -> None:
    settings, _ = bucket
    done = command("schedule", env=of(settings))
    assert (done.returncode, "WAREHOUSE_SCHEDULE is not set" in done.stderr) == (2, True)


def fill_disk(process: subprocess.Popen[str], full: bool) -> None:
    """Let the kernel refuse every write to a file of a process, as a full disk does; or take them again."""
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))


def test_a_disk_that_was_full_for_a_while_ends_no_schedule_of_a_server(bucket: Store) -> None:
    settings, store = bucket
    env = of(settings) | EVERY_SECOND | {"WAREHOUSE_ALERT_SECONDS": "1"}
    with started("serve", env=env) as (process, address, _):

        def health() -> Any:
            return httpx.get(f"{address}/health").json()

        put(store, "before")
        within(30, lambda: health()["schedule"]["outcome"] == "ok")
        fill_disk(process, True)
        put(store, "meanwhile")
        told = within(30, lambda: (said := health())["schedule"]["outcome"] == "failed" and said)
        assert (told["status"], told["troubled"]) == ("ok", True)
        assert [(each["name"], each["alive"]) for each in told["background"]] == [
            ("schedule", True),
            ("alerts", True),
        ]
        fill_disk(process, False)
        within(30, lambda: not health()["troubled"])
        stats = f"{address}/_dashboard/api/r2/logs/stats"
        within(30, lambda: httpx.get(stats).json()["totalEntries"] == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr
        said = [json.loads(line)["message"] for line in process.stderr.read().splitlines() if line[0] == "{"]
        assert [line for line in said if line.startswith("the scheduled sync failed: ")]


def test_a_disk_that_is_full_is_told_in_one_line_a_moment_by_a_schedule_that_goes_on(bucket: Store) -> None:
    settings, store = bucket
    put(store, "one")
    call = [sys.executable, "-m", "api.main", "schedule"]
    process = subprocess.Popen(
        call, env=of(settings) | EVERY_SECOND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stderr
    assert json.loads(process.stdout.readline())["entries"] == 1
    assert process.stderr.readline().startswith("Syncs at ")
    fill_disk(process, True)
    put(store, "two")
    lines = [process.stderr.readline() for _ in range(4)]
    assert all(line.startswith("error: the ") for line in lines), lines
    fill_disk(process, False)
    while json.loads(process.stdout.readline())["entries"] != 1:
        pass
    process.terminate()
    assert process.wait(20) == 0
    process.communicate()

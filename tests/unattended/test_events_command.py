"""`warehouse sync --events` and `--watch` with a queue, as real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.api.processes import command, of
from tests.sync.support import Mirror
from tests.unattended.fake_queue import ACCOUNT, QUEUE, TOKEN, FakeQueue
from tests.unattended.test_event_sync import put


def environment(told: Mirror, queue: FakeQueue) -> dict[str, str]:
    return of(told.settings) | {
        "CLOUDFLARE_API_BASE_URL": queue.url,
        "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
        "WAREHOUSE_QUEUE_ID": QUEUE,
        "WAREHOUSE_QUEUE_TOKEN": TOKEN,
    }


def test_one_run_by_the_queue_is_one_line_of_json(told: Mirror, queue: FakeQueue) -> None:
    put(told, queue, "1", "2")
    queue.event("another", "logs/1.gz")
    queue.put({"hello": "world"}, message_id="odd")
    done = command("sync", "--events", env=environment(told, queue))
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    summary: dict[str, Any] = json.loads(done.stdout)
    assert {
        name: summary[name] for name in ("status", "messages", "acknowledged", "ignored", "givenBack")
    } == {
        "status": "ok",
        "messages": 4,
        "acknowledged": 3,
        "ignored": 1,
        "givenBack": 1,
    }
    assert summary["malformed"][0]["id"] == "odd"
    sync = summary["sync"]
    assert (sync["objects"], sync["entries"], sync["classA"], sync["classB"]) == (2, 20, 0, 4)
    assert done.stderr.startswith("note: message odd is no event of R2: ")
    again = json.loads(command("sync", "--events", env=environment(told, queue)).stdout)
    assert (again["messages"], again["sync"]) == (0, None)


def test_a_refusal_is_one_line_and_exit_code_1(told: Mirror, queue: FakeQueue) -> None:
    env = environment(told, queue) | {"WAREHOUSE_QUEUE_TOKEN": "another-token"}
    done = command("sync", "--events", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert "refuses the API token of WAREHOUSE_QUEUE_TOKEN for the queue" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "another-token" not in done.stderr


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--events", "--full"], "--events goes with neither --bucket nor --full"),
        (["--events", "--watch"], "--watch goes with none of --bucket, --full and --events"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    told: Mirror, queue: FakeQueue, options: list[str], text: str
) -> None:
    done = command("sync", *options, env=environment(told, queue))
    assert (done.returncode, text in done.stderr) == (2, True)


def test_without_a_queue_the_command_says_what_to_set(told: Mirror) -> None:
    done = command("sync", "--events", env=of(told.settings))
    assert (done.returncode, "WAREHOUSE_QUEUE_ID is not set" in done.stderr) == (2, True)


def checked(env: dict[str, str]) -> dict[str, Any]:
    """What the doctor says of the queue."""
    found = json.loads(command("doctor", "--json", env=env).stdout)
    return next(check for check in found["checks"] if check["name"] == "queue")


def test_the_doctor_looks_at_the_queue_and_pulls_nothing(told: Mirror, queue: FakeQueue) -> None:
    env = environment(told, queue)
    assert checked(env) == {
        "name": "queue",
        "outcome": "ok",
        "detail": "events, pulled over HTTP, unreadable messages go to events-dead",
        "mend": None,
    }
    queue.consumers = [{"type": "http_pull"}]
    assert checked(env)["outcome"] == "warn"
    queue.consumers = [{"type": "worker", "script": "another"}]
    assert (checked(env)["outcome"], checked(env)["mend"]) == (
        "fail",
        "npx wrangler queues consumer http add events",
    )
    refused = checked(env | {"WAREHOUSE_QUEUE_TOKEN": "another-token"})
    assert refused["outcome"] == "fail"
    assert "refuses the API token of WAREHOUSE_QUEUE_TOKEN" in refused["detail"]
    assert queue.requests == []


def test_without_a_queue_the_doctor_does_not_speak_of_one(told: Mirror) -> None:
    found = json.loads(command("doctor", "--json", env=of(told.settings)).stdout)
    assert "queue" not in [check["name"] for check in found["checks"]]


def test_watching_a_queue_prints_a_line_for_each_sync_that_did_something(
    told: Mirror, queue: FakeQueue, tmp_path: Path
) -> None:
    call = [sys.executable, "-m", "api.main", "sync", "--watch", "--interval", "1"]
    process = subprocess.Popen(
        call, env=environment(told, queue), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        listed = json.loads(process.stdout.readline())
        put(told, queue, "1")
        named = json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert (listed["classA"] > 0, listed["objects"]) == (True, 0)
    assert (named["messages"], named["sync"]["classA"], named["sync"]["entries"]) == (1, 0, 10)

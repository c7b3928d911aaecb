"""`warehouse gaps`, and the lines of `status` and `sync` about them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.cli.conftest import Cli, log_object
from warehouse.bucket import Bucket
from warehouse.gaps import length
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)


def put_minutes(bucket: Bucket, first: int, last: int) -> None:
    """One entry a minute, from so many minutes after START on."""
    at = round(START.timestamp() * 1000)
    entries = [
        {"timestamp": at + number * 60_000, "level": "info", "message": "served"}
        for number in range(first, last)
    ]
    bucket.put(f"logs/{at + first * 60_000}.jsonl.gz", log_object(*entries))


def shown(minute: int) -> str:
    return f"{START + timedelta(minutes=minute):%Y-%m-%d %H:%M}"


def test_a_hole_is_told_by_sync_status_and_gaps(cli: Cli, bucket: Sample) -> None:
    put_minutes(bucket[1], 0, 600)
    assert json.loads(cli("sync").stdout)["notes"] == []
    put_minutes(bucket[1], 800, 1200)

    [note] = json.loads(cli("sync").stdout)["notes"]
    assert note.startswith(f"1 gap of 3 h 20 min until {shown(800)} UTC, where about 200 entries")

    # Up to 48 hours ago there was nothing; the last 28 hours are missing.
    found = json.loads(cli("gaps", "--json").stdout)
    assert [(gap["minutes"], gap["expectedEntries"], gap["open"]) for gap in found["gaps"]][1:] == [
        (200, 200, False)
    ]
    assert found["gaps"][0]["open"] is True
    people = cli("gaps").stdout.splitlines()
    assert people[0].split() == ["From", "Until", "Length", "Whole", "days", "Hour", "before", "Expected"]
    assert " now " in people[2]
    assert people[3].startswith(f"{shown(600)}:00 UTC  {shown(800)}:00 UTC")
    assert people[3].split()[6:] == ["3", "h", "20", "min", "0", "60", "200"]
    assert people[-1].startswith("2 gaps between ")
    status = json.loads(cli("status", "--json").stdout)["gaps"]
    assert (status["hours"], status["count"], status["newest"]["open"]) == (168, 2, True)
    [line] = [line for line in cli("status").stdout.splitlines() if line.startswith("Gaps ")]
    assert "2 in the last 7 days, the newest of 1 d " in line
    assert "until now" in line


def test_a_warehouse_without_a_gap_says_so(cli: Cli, bucket: Sample) -> None:
    put_minutes(bucket[1], 0, 30)
    cli("sync")

    assert cli("gaps", "--hours", "1").stdout.startswith("No gap between ")
    assert "none in the last 7 days" in cli("status").stdout
    assert cli("gaps", "--hours", "0").returncode == 2


def test_lengths_are_told_in_their_two_largest_units() -> None:
    assert [length(minutes) for minutes in (1, 59, 60, 61, 1440, 1499, 1500, 2941)] == [
        "1 min", "59 min", "1 h", "1 h 1 min", "1 d", "1 d", "1 d 1 h", "2 d 1 h",
    ]  # fmt: skip

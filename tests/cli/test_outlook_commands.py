"""`warehouse forecast` and `warehouse anomalies`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.cli.conftest import Cli, log_object
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def fill(bucket: Sample, days: int, last: int) -> datetime:
    """Ten entries in each hour before this one, and `last` in the last one."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for day in range(days, 0, -1):
        entries = []
        for hour in range(24):
            at = end - timedelta(days=day) + timedelta(hours=hour)
            count = last if at == end - timedelta(hours=1) else 10
            entries += [
                {"timestamp": round((at + timedelta(seconds=n)).timestamp() * 1000), "level": "info",
                 "message": "served", "metadata": {}}
                for n in range(count)
            ]  # fmt: skip
        bucket[1].put(f"logs/{day:02}.jsonl.gz", log_object(*entries))
    return end


def test_the_next_hours_are_listed_with_their_intervals(cli: Cli, bucket: Sample) -> None:
    end = fill(bucket, 3, last=10)
    cli("sync")
    lines = cli("forecast", "--hours", "2").stdout.splitlines()
    assert lines[0].startswith(
        "The next 2 hours: 20 entries, 0 errors, 0.0 MB newly stored (an hour is within"
    )
    assert lines[2].split() == ["Hour", "Entries", "(entries)", "80", "%", "95", "%", "Confidence"]
    assert lines[4].startswith(f"{end:%Y-%m-%d %H}:00:00 UTC")
    assert "10.0" in lines[4]
    assert any(
        line.startswith("Based on 72 hours of history, less than two weeks: 3 models") for line in lines
    )
    assert lines[-1] == f"Forecast stored by the sync of {end:%Y-%m-%d %H}:00:00 UTC."

    found = json.loads(cli("forecast", "--model", "linear", "--json").stdout)
    assert found["model"] == "linear"
    assert abs(found["series"][0]["slope"]) < 1e-9
    assert "Slope +0" in cli("forecast", "--model", "linear").stdout
    assert "There is no history of storage" in cli("forecast", "--metric", "responseTime").stdout.replace(
        "responseTime", "storage"
    )
    assert cli("forecast", "--accuracy").stdout == "No forecast of the last 7 days can be checked yet.\n"


def test_an_hour_unlike_all_before_is_told_with_its_reason(cli: Cli, bucket: Sample) -> None:
    fill(bucket, 9, last=300)
    cli("sync")
    lines = cli("anomalies").stdout.splitlines()
    assert lines[0].split() == ["Time", "Score", "In", "What"]
    assert "log entries 300: " in lines[2]
    assert lines[-1].startswith("1 anomaly from ")
    assert cli("anomalies", "--metric", "errors").stdout.startswith("Nothing unusual from ")
    every = cli("anomalies", "--every", "--metric", "logs", "--limit", "2").stdout.splitlines()
    assert every[-1].startswith("23 rows from ")
    assert every[-1].endswith("(the latest 2 are listed).")
    found = json.loads(cli("anomalies", "--json").stdout)
    assert [row["metric"] for row in found["anomalies"]] == ["logs"]


def test_without_a_history_nothing_is_made_up(cli: Cli, bucket: Sample) -> None:
    cli("sync")
    assert cli("forecast").stdout == "No forecast: no whole hour of history.\n"
    assert cli("anomalies").stdout.startswith("Nothing unusual from ")

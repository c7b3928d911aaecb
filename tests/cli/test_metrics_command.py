"""`warehouse metrics`: the figures beside those of the window before, filtered, and period by period."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.cli.conftest import Cli, log_object
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def test_figures_are_shown_beside_those_of_the_window_before(cli: Cli, bucket: Sample) -> None:
    now = datetime.now(UTC)
    at = [(1, "error", "api"), (2, "info", "api"), (3, "info", "web"), (30, "info", "api")]
    entries = [
        {"timestamp": round((now - timedelta(hours=hours)).timestamp() * 1000), "level": level,
         "message": "served", "source": source, "metadata": {"responseTime": 50, "status": 200}}
        for hours, level, source in at
    ]  # fmt: skip
    bucket[1].put("logs/1.jsonl.gz", log_object(*entries))
    cli("sync")

    lines = cli("metrics").stdout.splitlines()
    assert lines[0].split() == ["Now", "Window", "before", "Change"]
    assert lines[2].split() == ["Entries", "3", "1", "+200.0", "%"]
    assert lines[4].split() == ["Errors", "33.33", "%", "0.00", "%", "-"]
    assert any(line.startswith("Health: critical. Availability: 100.00 %. Heartbeat: ") for line in lines)

    found = json.loads(cli("metrics", "--source", "api", "--json").stdout)
    assert (found["totalLogs"], found["previous"]["totalLogs"], found["errorRate"]) == (2, 1, 50)
    assert found["filters"]["source"] == "api"
    assert json.loads(cli("metrics", "--status", "5xx", "--json").stdout)["totalLogs"] == 0

    history = json.loads(cli("metrics", "--points", "4", "--json").stdout)["history"]
    assert [row["totalLogs"] for row in history] == [0, 0, 0, 3]
    table = cli("metrics", "--points", "4").stdout.splitlines()
    assert (len(table), table[-1].split()[3:6]) == (6, ["3", "33.33", "%"])

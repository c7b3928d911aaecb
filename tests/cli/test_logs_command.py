"""`warehouse logs` and `warehouse export`."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet

from tests.cli.conftest import NOON_MS, Cli, log_object
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def fill(bucket: Bucket) -> None:
    messages = ["Bad gateway", "served", "=1+1", "gateway is back"]
    entries = [
        {
            "timestamp": NOON_MS + 1_000 * number,
            "level": "error" if number == 0 else "info",
            "message": message,
        }
        for number, message in enumerate(messages)
    ]
    bucket.put("logs/1.jsonl.gz", log_object(*entries))


def test_entries_are_searched_by_words(cli: Cli, bucket: Sample) -> None:
    fill(bucket[1])
    cli("sync")
    lines = cli("logs", "gateway").stdout.splitlines()
    assert lines[0].split() == ["Time", "Level", "Source", "Message"]
    assert lines[2].endswith("gateway is back")
    assert lines[3] == "2026-01-01 12:00:00 UTC  error  unknown  Bad gateway"
    assert lines[-1] == "2 of 2 entries."
    assert [
        json.loads(line)["message"] for line in cli("logs", '"bad gateway"', "--json").stdout.splitlines()
    ] == ["Bad gateway"]
    assert cli("logs", "gateway", "--level", "warn").stdout == "No entry matches.\n"
    facets = cli("logs", "--facets", "--until", "2026-01-01T12:00:02").stdout.splitlines()
    assert facets[2].split() == ["level", "info", "2"]
    refused = cli("logs", "a b c d e")
    assert (refused.returncode, "search: 5 terms" in refused.stderr) == (2, True)


def test_every_match_is_exported_to_a_file_or_stdout(cli: Cli, bucket: Sample, tmp_path: Path) -> None:
    fill(bucket[1])
    cli("sync")
    assert len(cli("export").stdout.splitlines()) == 4
    target = tmp_path / "logs.parquet"
    done = cli("export", "gateway", "--output", str(target))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"{target}: ")
    assert pyarrow.parquet.read_table(target)["message"].to_pylist() == ["Bad gateway", "gateway is back"]
    assert "'=1+1" in cli("export", "--format", "csv").stdout
    assert list(tmp_path.glob(".*partial")) == []
    missing = cli("export", "--output", str(tmp_path / "none" / "logs.csv"))
    assert (missing.returncode, "cannot be written" in missing.stderr) == (1, True)

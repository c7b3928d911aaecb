"""`warehouse downloads`: tables for people, JSON for scripts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.cli.conftest import Cli, log_object
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def fill(bucket: Bucket) -> datetime:
    """Two clients installed lodash at noon yesterday, one of them icons; nobody left-pad, for years."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    at = round(noon.timestamp() * 1000)
    paths = [("lodash/-/lodash-4.17.21.tgz", "10.0.0.1"), ("lodash/-/lodash-4.17.21.tgz", "10.0.0.2"),
        ("@acme/icons/-/icons-1.0.0.tgz", "10.0.0.2")]  # fmt: skip
    entries = [
        {"timestamp": at + number, "level": "info", "message": "served", "metadata": {
            "endpoint": f"/{path}", "method": "GET", "status": 200, "clientIP": client}}
        for number, (path, client) in enumerate(paths)
    ]  # fmt: skip
    bucket.put(f"logs/{at}.jsonl.gz", log_object(*entries))
    return noon


def test_downloads_are_shown_to_people_and_scripts(cli: Cli, bucket: Sample) -> None:
    noon = fill(bucket[1])
    cli("sync")

    lines = cli("downloads").stdout.splitlines()
    shown = f"{noon:%Y-%m-%d %H:%M}"
    assert lines[2].split()[:7] == ["lodash", "2", "66.7", "%", "2", "0", "0"]
    assert lines[3].split()[:5] == ["@acme/icons", "1", "33.3", "%", "1"]
    assert shown in lines[2]
    assert lines[-1].startswith("3 downloads of 2 packages by 2 clients from ")
    assert lines[-1].endswith("(UTC); 0 not modified, 0 failed, 0 publishes.")

    found = json.loads(cli("downloads", "--by", "client", "--json").stdout)
    assert [(row["name"], row["downloads"]) for row in found["rows"]] == [("10.0.0.2", 2), ("10.0.0.1", 1)]
    versions = json.loads(cli("downloads", "@acme/icons", "--by", "version", "--json").stdout)
    assert [row["name"] for row in versions["rows"]] == ["@acme/icons@1.0.0"]
    assert cli("downloads", "--days", "1").stdout.startswith("No download")


def test_packages_without_downloads_are_named(cli: Cli, bucket: Sample) -> None:
    fill(bucket[1])
    bucket[1].put("packages/left-pad/-/left-pad-1.0.0.tgz", b"x")
    cli("sync")
    # It was stored a moment ago: it had no time to be downloaded.
    assert "or is newer" in cli("downloads", "--unused").stdout
    assert json.loads(cli("downloads", "--unused", "--json").stdout)["count"] == 0

"""`warehouse costs`: months ahead, and what cleanups would free."""

from __future__ import annotations

import json

from tests.cli.conftest import Cli, log_object
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def test_costs_are_projected_for_people_and_scripts(cli: Cli, bucket: Sample) -> None:
    bucket[1].put(
        "logs/1.jsonl.gz", log_object({"timestamp": 1_500_000_000_000, "level": "info", "message": "x"})
    )
    cli("sync")
    lines = cli("costs").stdout.splitlines()
    assert lines[0].split() == [
        "30",
        "days",
        "from",
        "Stored",
        "Storage",
        "Class",
        "A",
        "Class",
        "B",
        "Operations",
    ]
    assert len(lines[2:14]) == 12
    assert lines[15].split()[:3] == ["Keeping", "Frees", "objects"]
    # The object was stored a moment ago, its entry is years old.
    assert lines[17].split() == ["30", "days", "0", "0", "bytes", "$0.00", "1", *lines[17].split()[-2:]]
    found = json.loads(cli("costs", "--json", WAREHOUSE_STORAGE_PRICE="1000000").stdout)
    assert found["prices"]["storage"] == 1_000_000
    assert found["months"][0]["storageDollars"] > 0
    assert found["cleanup"][0]["entries"] == 1

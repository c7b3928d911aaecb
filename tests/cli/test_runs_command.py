"""`warehouse runs`, as a script and as a person see it."""

from __future__ import annotations

import json

from tests.cli.conftest import Cli, put_sample
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def test_runs_tell_what_each_sync_asked_for_and_what_that_costs(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    first = json.loads(cli("sync").stdout)
    cli("sync", "--full")

    found = json.loads(cli("runs", "--json").stdout)

    assert [(run["kind"], run["status"], run["fullListing"]) for run in found["runs"]] == [
        ("sync", "ok", True)
    ] * 2
    latest, oldest = found["runs"]
    assert oldest["runId"] == first["runId"]
    assert (oldest["classA"], oldest["classB"]) == (first["classA"], first["classB"])
    assert (oldest["objects"], latest["objects"]) == (2, 0)
    assert oldest["downloadedBytes"] == first["downloadedBytes"] == first["compressedBytes"] > 0
    cents = (first["classA"] * 4.5 + first["classB"] * 0.36) / 1_000_000
    assert abs(oldest["operationsDollars"] - cents) < 1e-12
    [month] = found["months"]
    assert month["runs"] == 2
    assert month["classA"] == latest["classA"] + oldest["classA"]
    assert found["freeTier"] is False


def test_the_free_tier_is_taken_off_when_asked_for(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    cli("sync")

    [month] = json.loads(cli("runs", "--free-tier", "--json").stdout)["months"]

    assert month["classA"] > 0
    assert (month["operationsDollars"], month["storageDollars"]) == (0, 0)


def test_a_limit_is_kept_and_a_price_of_the_settings_counts(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    cli("sync")
    dear = json.loads(cli("sync", WAREHOUSE_CLASS_A_PRICE="1000000").stdout)

    found = json.loads(cli("runs", "--limit", "1", "--json").stdout)

    assert [run["runId"] for run in found["runs"]] == [dear["runId"]]
    assert found["runs"][0]["operationsDollars"] == dear["classA"], "a dollar for each"
    assert cli("runs", "--limit", "0").returncode == 2


def test_people_get_two_tables(cli: Cli, bucket: Sample) -> None:
    put_sample(bucket[1])
    cli("sync")

    code, shown = cli.on_terminal("runs", columns=200)

    assert code == 0
    lines = [line.split() for line in shown.splitlines()]
    assert lines[0][:4] == ["Started", "Kind", "Status", "Took"]
    assert "(all)" in lines[2]
    assert any(line[:2] == ["Month", "Runs"] for line in lines)
    assert "$0.0000" in shown


def test_without_a_warehouse_there_is_nothing_to_tell(bare_cli: Cli) -> None:
    done = bare_cli("runs")
    assert done.returncode == 1
    assert "there is no warehouse" in done.stderr

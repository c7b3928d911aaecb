"""Costs and what takes space: endpoints/costs, endpoints/costs_cleanup, endpoints/inventory_packages,
endpoints/package_growth."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from tests.warehouse_builder import Builder, log, millis, utc
from warehouse.cli.group import cli
from warehouse.service import Warehouse

NOW = utc("2026-03-31T12:00:00")
GB = 1_000_000_000


def opened(builder: Builder) -> Warehouse:
    settings = msgspec.structs.replace(
        builder.settings, storage_price=0.02, class_a_price=4.5, class_b_price=0.4
    )
    return Warehouse(settings)


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """20 GB of logs of 100 days ago, 3 GB of 10 days ago, 1 GB of packages."""
    made = Builder(tmp_path_factory.mktemp("costs"))
    made.put([log(NOW - timedelta(days=100))] * 3, size=20 * GB, stored=NOW - timedelta(days=100))
    made.put([log(NOW - timedelta(days=10))] * 2, size=3 * GB, stored=NOW - timedelta(days=10))
    for name, version, size, days in (
        ("react", "1.0.0", 600_000_000, 50),
        ("react", "1.1.0", 300_000_000, 5),
        ("@acme/ui", "2.0.0", 100_000_000, 0.5),
    ):
        file = f"{name.rpartition('/')[2]}-{version}.tgz"
        made.put(b"x", f"packages/{name}/-/{file}", size=size, stored=NOW - timedelta(days=days))
    made.sync()
    return made


def test_storage_grows_on_as_in_the_last_thirty_days(builder: Builder) -> None:
    with closing(opened(builder)) as warehouse:
        answer = warehouse.costs(NOW)
    # 3 GB and 0.4 GB in 30 days.
    assert answer["growthPerDay"] == pytest.approx(3.4 * GB / 30)
    assert len(answer["months"]) == 12
    first, last = answer["months"][0], answer["months"][11]
    assert (first["startsAt"], last["startsAt"]) == (millis(NOW), millis(NOW + timedelta(days=330)))
    assert first["storedBytes"] == round(24 * GB + 15 * 3.4 * GB / 30)
    assert last["storedBytes"] == round(24 * GB + 345 * 3.4 * GB / 30)
    assert first["storageDollars"] == pytest.approx((24 + 1.7) * 0.02)
    # The runs of this test are later than NOW: nothing was asked in the 30 days before it.
    assert (first["classA"], first["classADollars"]) == (0, 0)
    assert answer["prices"] == {"classA": 4.5, "classB": 0.4, "storage": 0.02}


def test_operations_go_on_as_in_the_last_thirty_days(builder: Builder) -> None:
    with closing(opened(builder)) as warehouse:
        answer = warehouse.costs()
        [(class_a, class_b)] = warehouse.sql("SELECT sum(class_a), sum(class_b) FROM runs").rows
    # A warehouse of less than a day counts as one of a day.
    month = answer["months"][0]
    assert (month["classA"], month["classB"]) == (class_a * 30, class_b * 30)
    assert month["classADollars"] == pytest.approx(class_a * 30 * 4.5 / 1e6)
    assert month["operationsDollars"] == pytest.approx(class_a * 30 * 4.5 / 1e6 + class_b * 30 * 0.4 / 1e6)


def test_the_free_tier_is_taken_off(builder: Builder) -> None:
    with closing(opened(builder)) as warehouse:
        month = warehouse.costs(NOW, free_tier=True)["months"][0]
    assert month["storageDollars"] == pytest.approx((24 + 1.7 - 10) * 0.02)


def test_each_retention_tells_what_it_would_free(builder: Builder) -> None:
    with closing(opened(builder)) as warehouse:
        gains = {row["retentionDays"]: row for row in warehouse.costs(NOW)["cleanup"]}
        [(parquet,)] = warehouse.sql(
            "SELECT sum(bytes) FROM files WHERE \"partition\" = '2025-12-21' AND \"table\" <> 'quarantine'"
        ).rows
    assert list(gains) == [30, 60, 90, 180, 365]
    for days in (30, 60, 90):
        assert (gains[days]["bucketObjects"], gains[days]["bucketBytes"]) == (1, 20 * GB)
        assert (gains[days]["entries"], gains[days]["warehouseBytes"]) == (3, parquet)
        assert gains[days]["dollarsPerMonth"] == pytest.approx(0.4)
    assert (gains[180]["bucketBytes"], gains[180]["entries"], gains[180]["dollarsPerMonth"]) == (0, 0, 0)


def test_packages_are_told_with_size_share_and_growth(builder: Builder) -> None:
    with closing(opened(builder)) as warehouse:
        answer = warehouse.package_sizes(now=NOW)
        assert [row["name"] for row in warehouse.package_sizes(1, NOW)["packages"]] == ["react"]
    assert (answer["count"], answer["bytes"]) == (2, GB)
    react, ui = answer["packages"]
    assert react == {
        "name": "react",
        "versions": 2,
        "objects": 2,
        "bytes": 900_000_000,
        "share": 90,
        "bytesLastDay": 0,
        "bytesLastMonth": 300_000_000,
        "firstStored": millis(NOW - timedelta(days=50)),
        "lastStored": millis(NOW - timedelta(days=5)),
    }
    assert (ui["name"], ui["bytesLastDay"]) == ("@acme/ui", 100_000_000)


def test_packages_are_told_day_by_day(builder: Builder) -> None:
    with closing(opened(builder)) as warehouse:
        react = warehouse.package_growth(8, "react", NOW)
        every = warehouse.package_growth(8, now=NOW)
        nobody = warehouse.package_growth(2, "left-pad", NOW)
    days = [millis(utc(f"2026-03-{day}T00:00:00")) for day in range(24, 32)]
    assert react["package"] == "react"
    # One of 600 MB is there from before, 300 MB came on the 26th.
    assert [tuple(row.values()) for row in react["days"]] == [
        (day, *((1, 300_000_000) if i == 2 else (0, 0)), *((2, 900_000_000) if i >= 2 else (1, 600_000_000)))
        for i, day in enumerate(days)
    ]
    assert [row["storedBytes"] for row in every["days"]] == [600_000_000] * 2 + [900_000_000] * 5 + [GB]
    assert {tuple(row.values())[1:] for row in nobody["days"]} == {(0, 0, 0, 0)}


def test_the_command_shows_how_a_package_grew(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(builder.settings.data_dir))

    def told(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["inventory", *arguments])

    lines = told("--package", "react", "--days", "3660").output.splitlines()
    first, second = (NOW - timedelta(days=days) for days in (50, 5))
    assert [line.split() for line in lines[2:4]] == [
        [f"{first:%Y-%m-%d}", "1", "572.2", "MiB", "1", "572.2", "MiB"],
        [f"{second:%Y-%m-%d}", "1", "286.1", "MiB", "2", "858.3", "MiB"],
    ]
    assert lines[-1] == "2 objects of react, 858.3 MiB."
    assert told("--package", "left-pad", "--days", "1").output.strip() == (
        "0 objects of left-pad, 0 bytes; nothing was stored in the last 1 day."
    )
    assert [row["bytes"] for row in json.loads(told("--package", "react", "--json").output)["days"]][-1] == 0
    lonely = told("--days", "5")
    assert lonely.exit_code == 2
    assert "--package" in lonely.output


def test_an_empty_warehouse_costs_nothing(tmp_path: Path) -> None:
    with closing(Builder(tmp_path).open()) as warehouse:
        answer = warehouse.costs(NOW)
        assert warehouse.package_sizes(now=NOW) == {"packages": [], "count": 0, "bytes": 0}
    assert {row["storageDollars"] + row["classADollars"] for row in answer["months"]} == {0}
    assert answer["growthPerDay"] == 0

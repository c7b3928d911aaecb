"""The inventory: objects and bytes by bucket, prefix, class and size, what came when, packages by name.

views/inventory, endpoints/inventory, endpoints/inventory_sizes, endpoints/inventory_growth, macros/storage.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from tests.buckets.support import Several, in_memory, settings_of
from tests.warehouse_builder import Builder, millis, utc
from warehouse import sync
from warehouse.cli.group import cli
from warehouse.settings_tables import BucketSettings

KIB, MIB = 1024, 1024 * 1024
NOW = utc("2026-11-20T10:30:00")


@pytest.fixture
def filled(tmp_path: Path) -> Builder:
    """Two buckets: logs and packages in one, packages of another class in the other."""
    buckets = in_memory(tmp_path / "data", "eu", "us")
    eu, us = buckets.values()
    eu.put(b"", key="logs/1.jsonl", size=100, stored=utc("2026-11-20T10:05:00"))
    eu.put(b"", key="logs/2.jsonl", size=2 * KIB, stored=utc("2026-11-20T09:59:59"))
    eu.put(b"", key="logs/3.jsonl", size=MIB, stored=utc("2026-11-01T00:00:00"))
    eu.put(b"", key="packages/a/1.0.0.tgz", size=500, stored=utc("2026-11-19T10:59:59"))
    us.put(b"", key="packages/a/1.0.0.tgz", size=700, stored=utc("2026-10-01"), storage_class="STANDARD_IA")
    eu.sync()
    us.sync()
    return eu


def test_holdings_are_told_by_bucket_prefix_and_class_with_what_is_new(filled: Builder) -> None:
    with closing(filled.open()) as warehouse:
        holdings = warehouse.inventory(NOW)["holdings"]
    assert [tuple(row.values()) for row in holdings] == [
        ("eu", "logs/", "STANDARD", 3, 100 + 2 * KIB + MIB, 100 + 2 * KIB, 100 + 2 * KIB + MIB),
        ("eu", "packages/", "STANDARD", 1, 500, 0, 500),  # 10:59 of yesterday is before the last 24 hours
        ("us", "packages/", "STANDARD_IA", 1, 700, 0, 0),
    ]


def test_sizes_are_told_in_classes(filled: Builder) -> None:
    with closing(filled.open()) as warehouse:
        sizes = warehouse.inventory(NOW)["sizes"]
    assert [tuple(row.values()) for row in sizes] == [
        ("eu", "logs/", 0, 1, 100),
        ("eu", "logs/", KIB, 1, 2 * KIB),
        ("eu", "logs/", MIB, 1, MIB),
        ("eu", "packages/", 0, 1, 500),
        ("us", "packages/", 0, 1, 700),
    ]


def test_growth_has_every_hour_and_day_with_what_was_stored_in_it(filled: Builder) -> None:
    with closing(filled.open()) as warehouse:
        found = warehouse.inventory(NOW)
    hourly, daily = found["hourly"], found["daily"]
    assert (len(hourly), hourly[-1]["start"]) == (24, millis("2026-11-20T10:00:00"))
    assert [(row["objects"], row["bytes"]) for row in hourly[-2:]] == [(1, 2 * KIB), (1, 100)]
    assert sum(row["objects"] for row in hourly) == 2
    assert (len(daily), daily[-1]["start"]) == (30, millis("2026-11-20T00:00:00"))
    stored = {row["start"]: (row["objects"], row["bytes"]) for row in daily if row["objects"]}
    assert stored == {
        millis("2026-11-01T00:00:00"): (1, MIB),
        millis("2026-11-19T00:00:00"): (1, 500),
        millis("2026-11-20T00:00:00"): (2, 100 + 2 * KIB),
    }


def test_the_view_adds_up_hour_by_hour(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "data")
    builder.put(b"", size=10, stored=utc("2026-11-20T08:10:00"))
    builder.put(b"", size=20, stored=utc("2026-11-20T08:50:00"))
    builder.put(b"", size=5, stored=utc("2026-12-01T00:00:00"))
    builder.sync()
    query = (
        "SELECT CAST(hour AS VARCHAR), objects, bytes, objects_total, bytes_total FROM inventory ORDER BY 1"
    )
    assert builder.rows(query) == [
        ("2026-11-20 08:00:00", 2, 30, 2, 30),
        ("2026-12-01 00:00:00", 1, 5, 3, 35),
    ]


@pytest.mark.parametrize(
    ("size", "begins"),
    [
        (0, 0),
        (1023, 0),
        (1024, 1024),
        (65535, 1024),
        (65536, 65536),
        (MIB, MIB),
        (16 * MIB - 1, MIB),
        (16 * MIB, 16 * MIB),
        (256 * MIB, 256 * MIB),
        (5 * 1024 * MIB, 256 * MIB),
    ],
)
def test_an_object_is_in_the_class_that_begins_at_or_below_its_size(
    tmp_path: Path, size: int, begins: int
) -> None:
    builder = Builder(tmp_path / "data")
    builder.put(b"", size=size)
    builder.sync()
    assert builder.rows("SELECT size_from FROM inventory") == [(begins,)]


def test_replaced_and_deleted_objects_leave_the_inventory(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "data")
    builder.put(b"", key="packages/a/1.0.0.tgz", size=10, stored=utc("2026-11-20T08:00:00"))
    builder.put(b"", key="packages/b/1.0.0.tgz", size=20, stored=utc("2026-11-20T08:00:00"))
    builder.sync()
    builder.put(b"", key="packages/a/1.0.0.tgz", size=2 * KIB, stored=utc("2026-11-20T09:00:00"))
    builder.delete("packages/b/1.0.0.tgz")
    builder.sync()
    assert builder.rows("SELECT CAST(hour AS VARCHAR), size_from, objects, bytes FROM inventory") == [
        ("2026-11-20 09:00:00", KIB, 1, 2 * KIB)
    ]


def test_packages_are_facts_by_name_and_version(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "data")
    for path, size in (
        ("@acme/ui/-/ui-1.2.3-beta.1.tgz", 10),
        ("@acme/ui/package.json", 1),
        ("@acme%2fui/1.2.3.tgz", 20),
        ("left-pad-1.3.0.tgz", 30),
    ):
        builder.put(b"", key=f"packages/{path}", size=size)
    builder.sync()
    assert builder.rows("SELECT name, version, size FROM packages ORDER BY name, version NULLS FIRST") == [
        ("@acme/ui", None, 1),
        ("@acme/ui", "1.2.3", 20),
        ("@acme/ui", "1.2.3-beta.1", 10),
        ("left-pad", "1.3.0", 30),
    ]


def mixed(several: Callable[..., Several], prefixes: str) -> tuple[Several, str]:
    """A bucket with logs, packages, backups and an object in no folder; its sync is not done."""
    pair = several("mixed")
    (name,) = pair.buckets
    pair.settings = msgspec.structs.replace(
        settings_of(pair.base, BucketSettings(name=name)), inventory_prefixes=prefixes
    )
    pair.put(name, "logs/1.gz", "one", at_ms=millis(NOW))
    for key, size in (
        ("packages/a/1.0.0.tgz", 10),
        ("backups/2026/a.tar", 200),
        ("backups/b.tar", 100),
        ("index.html", 7),
        ("tmp/x", 1),
    ):
        pair.buckets[name].put(key, b"x" * size)
    return pair, name


def held(pair: Several) -> list[tuple[object, ...]]:
    return pair.mirror.rows(
        "SELECT prefix, sum(objects), sum(bytes) FROM inventory WHERE prefix <> 'logs/'"
        " GROUP BY prefix ORDER BY prefix"
    )


@pytest.mark.parametrize(
    ("prefixes", "others"),
    [
        ("", []),
        ("backups/", [("backups/", 2, 300)]),
        ("backups/2026/ tmp/", [("backups/", 1, 200), ("tmp/", 1, 1)]),
        ("*", [("", 1, 7), ("backups/", 2, 300), ("tmp/", 1, 1)]),
        ("* backups/", [("", 1, 7), ("backups/", 2, 300), ("tmp/", 1, 1)]),
    ],
)
def test_further_prefixes_are_listed_when_they_are_asked_for(
    several: Callable[..., Several], prefixes: str, others: list[tuple[object, ...]]
) -> None:
    pair, _ = mixed(several, prefixes)

    summary = sync.run(pair.settings)

    assert held(pair) == sorted([*others, ("packages/", 1, 10)], key=str)
    assert (summary.objects, summary.packages) == (1, 1)
    assert pair.mirror.row("SELECT count(*) FROM logs") == (1,)


def test_other_objects_that_change_go_and_come_back_are_followed(several: Callable[..., Several]) -> None:
    pair, name = mixed(several, "*")
    bucket = pair.buckets[name]
    sync.run(pair.settings)
    bucket.put("backups/b.tar", b"y" * 150)
    bucket.delete("tmp/x")
    sync.run(pair.settings)
    assert held(pair) == [("", 1, 7), ("backups/", 2, 350), ("packages/", 1, 10)]
    bucket.put("tmp/x", b"x")
    sync.run(pair.settings)
    files = pair.mirror.files()
    assert ("tmp/", 1, 1) in held(pair)
    sync.run(pair.settings)
    assert pair.mirror.files() == files


def test_the_command_shows_the_inventory(filled: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(filled.settings.data_dir))
    told = CliRunner().invoke(cli, ["inventory"])
    assert told.exit_code == 0
    assert ["us", "packages/", "STANDARD_IA", "1", "700"] in [
        line.split()[:5] for line in told.output.split("\n")
    ]
    as_json = json.loads(CliRunner().invoke(cli, ["inventory", "--json"]).output)
    assert [row["objects"] for row in as_json["holdings"]] == [3, 1, 1]

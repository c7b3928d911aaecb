"""Inventories are compared with the ledger and committed page by page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.warehouse_builder import Builder, log
from warehouse.bucket import ObjectInfo
from warehouse.lake import Lake
from warehouse.ledger import Scope
from warehouse.manifest import Manifest

LEDGER = "SELECT prefix, objects, bytes FROM ledger ORDER BY prefix"
PACKAGES = "SELECT object_key, name, size FROM packages ORDER BY object_key"
STORED = (
    "SELECT prefix, sum(objects), sum(bytes) FROM storage WHERE grain = 30 GROUP BY prefix ORDER BY prefix"
)


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    """A bucket in memory whose inventories are read two objects at a time."""
    monkeypatch.setattr("warehouse.ingest.inventory.PAGE", 2)
    monkeypatch.setattr("warehouse.ledger._PAGE", 2)
    builder = Builder(tmp_path / "data")
    builder.settings = msgspec.structs.replace(builder.settings, inventory_prefixes="other/ other/deep/")
    builder.put([log("2026-11-02T10:00")], key="logs/1.jsonl", size=7)
    return builder


def filled(builder: Builder) -> Builder:
    for number in range(5):
        builder.put(b"", key=f"packages/p{number}/1.0.{number}.tgz", size=10)
        builder.put(b"", key=f"other/deep/{number}", size=100)
    builder.put(b"", key="other/9", size=1)
    return builder


def all_of(builder: Builder) -> list[Any]:
    return [builder.rows(query) for query in (LEDGER, PACKAGES, STORED)]


def test_several_pages_hold_what_one_would_hold(builder: Builder) -> None:
    filled(builder).sync()

    assert builder.rows(LEDGER) == [("logs/", 1, 7), ("other/", 6, 501), ("packages/", 5, 50)]
    assert builder.rows(STORED) == builder.rows(LEDGER)
    assert builder.rows(PACKAGES) == [
        (f"packages/p{number}/1.0.{number}.tgz", f"p{number}", 10) for number in range(5)
    ]
    assert builder.rows("SELECT files FROM files WHERE \"table\" = 'packages'") == [(1,)]


def test_what_changed_left_and_came_back_is_found_on_every_page(builder: Builder, tmp_path: Path) -> None:
    filled(builder).sync()
    kept = builder.bucket.objects["packages/p0/1.0.0.tgz"]
    for number in range(4):
        builder.delete(f"packages/p{number}/1.0.{number}.tgz")
        builder.delete(f"other/deep/{number}")
    builder.put(b"", key="packages/p4/1.0.4.tgz", size=25)

    summary = builder.sync()

    assert summary.packages == 5
    assert builder.rows(LEDGER) == [("logs/", 1, 7), ("other/", 2, 101), ("packages/", 1, 25)]
    assert builder.rows(STORED) == builder.rows(LEDGER)
    assert builder.rows(PACKAGES) == [("packages/p4/1.0.4.tgz", "p4", 25)]

    builder.bucket.objects["packages/p0/1.0.0.tgz"] = kept
    asked = builder.bucket.class_b
    assert builder.sync().packages == 1
    assert builder.bucket.class_b == asked, "it is as it was: nothing is asked for"
    assert builder.rows(PACKAGES) == [
        ("packages/p0/1.0.0.tgz", "p0", 10),
        ("packages/p4/1.0.4.tgz", "p4", 25),
    ]
    assert builder.rows(STORED) == builder.rows(LEDGER)
    before = all_of(builder)
    assert (builder.sync().packages, all_of(builder)) == (0, before)


def test_pages_are_committed_while_the_listing_goes_on(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(builder)
    seen: list[int] = []
    listing = builder.bucket.list

    def watched(prefix: str, start_after: str | None = None) -> Iterator[ObjectInfo]:
        for info in listing(prefix, start_after):
            if prefix == "packages/":
                with closing(Manifest(builder.settings.data_dir)) as manifest:
                    seen.append(len(manifest.objects("memory", "packages/")))
            yield info

    monkeypatch.setattr(builder.bucket, "list", watched)
    builder.sync()

    assert seen == [0, 0, 2, 2, 4]


def test_a_run_that_was_killed_before_the_table_is_made_up_for(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(builder)
    write = Lake.write

    def killed(self: Lake, *arguments: Any, table: str, **options: Any) -> Any:
        if table == "packages":
            raise KeyboardInterrupt
        return write(self, *arguments, table=table, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            builder.sync()
    assert builder.rows(PACKAGES) == []
    assert builder.rows(LEDGER)[-1] == ("packages/", 5, 50)

    assert builder.sync().packages == 0
    assert len(builder.rows(PACKAGES)) == 5
    files = builder.rows("SELECT files FROM files")
    builder.sync()
    assert builder.rows("SELECT files FROM files") == files


def test_a_scope_leaves_out_what_is_somebody_elses() -> None:
    scope = Scope("", without=("logs/", "packages/"))
    assert [scope.covers(key) for key in ("logs/1", "packages/p", "logs", "other/logs/1")] == [
        False,
        False,
        True,
        True,
    ]

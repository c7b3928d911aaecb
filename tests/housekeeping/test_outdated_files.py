"""Files of versions whose tables had fewer columns: named with the remedy, and written anew by a rebuild."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.warehouse_builder import Builder, log
from warehouse import columns, duck
from warehouse.errors import UnavailableError
from warehouse.housekeeping import rebuild, verify
from warehouse.manifest import Manifest

#: Columns that came after the first version.
LATER = {"logs": "weight", "storage": "size_from"}
FIGURES = (
    "SELECT ts, message, weight, object_key FROM logs ORDER BY ts",
    "SELECT grain, slot, entries FROM activity ORDER BY ALL",
    "SELECT grain, slot, prefix, size_from, objects, bytes FROM storage ORDER BY ALL",
    "SELECT name, size FROM packages",
)


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    builder = Builder(tmp_path / "data")
    builder.put([log("2026-11-02T10:00"), log("2026-11-03T10:00")], key="logs/1", size=5)
    builder.put([log("2026-11-02T11:00")], key="logs/2", size=5_000)
    builder.put(b"", key="packages/left-pad/1.0.0.tgz", size=70)
    builder.sync()
    builder.delete("logs/2")
    builder.sync()
    return builder


def figures(builder: Builder) -> list[Any]:
    return [builder.rows(query) for query in FIGURES]


def made_old(builder: Builder, *tables: str) -> list[str]:
    """Take the later columns out of the files of tables, as if the first version had written them."""
    with closing(Manifest(builder.settings.data_dir)) as manifest, closing(duck.connect()) as con:
        files = [file for file in manifest.files() if file.table in tables]
        for file in files:
            path = builder.settings.data_dir / "lake" / file.path
            kept = ", ".join(name for name, _ in duck.columns(file.table) if name != LATER[file.table])
            con.execute(
                f"COPY (SELECT {kept} FROM read_parquet('{path}', hive_partitioning = false))"
                f" TO '{path}.old' (FORMAT parquet)"
            )
            Path(f"{path}.old").rename(path)
            written = msgspec.structs.replace(file, bytes=path.stat().st_size, sha256=None)
            manifest.commit(remove=[file.path])
            manifest.commit(add=[written])
            manifest.forget_retired([file.path])
        manifest.remember({("lake", "columns"): None})  # that version noted nothing
    assert files
    return [file.path for file in files]


@pytest.mark.parametrize("table", LATER)
def test_a_query_names_the_file_the_column_and_the_remedy(builder: Builder, table: str) -> None:
    old = made_old(builder, table)

    with pytest.raises(UnavailableError) as raised:
        builder.rows(f"SELECT sum({LATER[table]}) FROM {table}")

    assert any(f"lake/{path} was written by an older version" in str(raised.value) for path in old)
    assert f"lacks the column {LATER[table]}" in str(raised.value)
    assert "`warehouse rebuild --all`" in str(raised.value)


def test_an_endpoint_names_them_too(builder: Builder) -> None:
    made_old(builder, "storage")
    with (
        closing(builder.open()) as opened,
        pytest.raises(UnavailableError, match="lacks the column size_from"),
    ):
        opened.inventory()


@pytest.mark.parametrize("table", LATER)
def test_what_writes_refuses_before_it_began(builder: Builder, table: str) -> None:
    made_old(builder, table)
    builder.put([log("2026-11-04T10:00")])
    runs = builder.rows("SELECT count(*) FROM runs")

    for job in (builder.sync, lambda: rebuild.run(builder.settings, ["2026-11-02"])):
        with pytest.raises(UnavailableError, match=f"lacks the column {LATER[table]}"):
            job()

    assert builder.rows("SELECT count(*) FROM runs") == runs


def test_a_table_that_a_later_version_added_is_made_by_a_rebuild(builder: Builder) -> None:
    query = "SELECT * FROM facets ORDER BY ALL"
    before = builder.rows(query)
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        manifest.commit(remove=[file.path for file in manifest.files("facets")])
        manifest.remember({("lake", "columns"): None})
    builder.put([log("2026-11-04T10:00")])

    with pytest.raises(
        UnavailableError, match=r"older version and lacks the table facets .*2026-11-02"
    ) as raised:
        builder.sync()

    assert "`warehouse rebuild --all`" in str(raised.value)
    rebuild.run(builder.settings)
    assert builder.rows(query) == before
    assert builder.sync().entries == 1


def test_verify_says_what_to_do_about_them(builder: Builder) -> None:
    old = made_old(builder, *LATER)

    found = [item for item in verify.run(builder.settings, quick=True).findings if item.check == "files"]

    assert sorted(item.where for item in found) == sorted(old)
    assert {item.what for item in found} == {
        "an older version wrote it, without weight",
        "an older version wrote it, without size_from",
    }
    assert {item.advice for item in found} == {"`warehouse rebuild --all` writes it anew"}


def test_a_rebuild_of_everything_writes_such_files_anew(builder: Builder) -> None:
    before = figures(builder)
    made_old(builder, *LATER)

    summary = rebuild.run(builder.settings)

    assert (summary.dates, summary.entries) == (["2026-11-02", "2026-11-03"], 3)
    assert figures(builder) == before
    builder.put([log("2026-11-04T10:00")])
    assert builder.sync().entries == 1


def test_a_rebuild_of_everything_mends_storage_figures_from_the_ledger(builder: Builder) -> None:
    before = figures(builder)
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        files = manifest.files("storage")
        manifest.commit(remove=[file.path for file in files[:1]])
    assert figures(builder) != before

    rebuild.run(builder.settings)

    assert figures(builder) == before


def test_files_are_looked_at_once_per_version(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> Any:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(columns, "lacks", refused)
    builder.put([log("2026-11-04T10:00")])
    assert builder.sync().entries == 1

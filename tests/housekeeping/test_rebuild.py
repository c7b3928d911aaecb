"""Rebuilding: the rollups come out as the syncs left them, whatever happened to them in between."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.warehouse_builder import Builder, log
from warehouse import duck, lock
from warehouse.errors import BadRequestError, BusyError, UnavailableError
from warehouse.housekeeping import rebuild
from warehouse.ingest.rollups import LOG_ROLLUPS
from warehouse.manifest import Manifest

ROLLUPS = tuple(LOG_ROLLUPS)


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """Two dates in two syncs, with errors and response times."""
    made = Builder(tmp_path / "data")
    for hour in (1, 2):
        made.put(
            [
                log(f"2026-03-{day:02}T0{hour}:00:{second:02}", level, "boom", responseTime=second + 0.5)
                for day in (1, 2)
                for second, level in enumerate(["info", "error", "warn"])
            ]
        )
        made.sync()
    return made


def rollups(builder: Builder) -> dict[str, list[tuple[object, ...]]]:
    return {name: builder.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in ROLLUPS}


def lose(builder: Builder, table: str, partition: str) -> None:
    """Take a rollup's file out of the warehouse."""
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        files = [f.path for f in manifest.files(table) if f.partition == partition]
        assert files
        manifest.commit(remove=files)


def test_a_rebuilt_rollup_equals_the_one_that_the_syncs_kept(builder: Builder) -> None:
    before = rollups(builder)
    summary = rebuild.run(builder.settings)
    assert (summary.dates, summary.entries) == (["2026-03-01", "2026-03-02"], 12)
    assert rollups(builder) == before
    assert len(before["activity"]) == 12  # two dates, two hours each, three grains


def test_only_the_dates_that_are_named_are_built(builder: Builder) -> None:
    before = rollups(builder)
    lose(builder, "activity", "2026-03-01")
    lose(builder, "activity", "2026-03-02")
    assert rebuild.run(builder.settings, ["2026-03-02"]).entries == 6
    assert rollups(builder)["activity"] == [row for row in before["activity"] if row[1].day == 2]  # type: ignore[attr-defined]
    rebuild.run(builder.settings, ["2026-03-01"])
    assert rollups(builder) == before


def test_what_a_rollup_holds_of_a_date_without_logs_goes(builder: Builder) -> None:
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        manifest.commit(remove=[f.path for f in manifest.files("logs") if f.partition == "2026-03-01"])
    rebuild.run(builder.settings)
    assert {row[1].day for row in rollups(builder)["activity"]} == {2}  # type: ignore[attr-defined]
    assert {row[0].day for row in rollups(builder)["daily"]} == {2}  # type: ignore[attr-defined]


def test_it_is_told_how_far_it_is(builder: Builder) -> None:
    told: list[tuple[int, int]] = []
    rebuild.run(builder.settings, told=lambda done, of: told.append((done, of)))
    assert told == [(2, 2)]


def test_what_is_no_date_is_refused(builder: Builder) -> None:
    with pytest.raises(BadRequestError, match="yesterday is no date"):
        rebuild.run(builder.settings, ["yesterday"])


def test_it_waits_for_no_other_writer(builder: Builder) -> None:
    with lock.writer(builder.settings.data_dir), pytest.raises(BusyError):
        rebuild.run(builder.settings)


def test_a_damaged_log_file_is_named_and_the_rollups_stay(builder: Builder) -> None:
    before = rollups(builder)
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        path = manifest.files("logs")[0].path
    file = builder.settings.data_dir / "lake" / path
    whole = file.read_bytes()
    file.write_bytes(b"no Parquet")
    with pytest.raises(UnavailableError, match="the logs of 2026-03-01 cannot be read"):
        rebuild.run(builder.settings)
    file.write_bytes(whole)
    assert rollups(builder) == before


@pytest.mark.parametrize("gone", [True, False], ids=["missing", "damaged"])
def test_files_of_any_rollup_that_are_missing_or_damaged_are_made_anew(builder: Builder, gone: bool) -> None:
    before = rollups(builder) | {"storage": builder.rows("SELECT * FROM storage ORDER BY ALL")}
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        paths = [file.path for table in (*ROLLUPS, "storage") for file in manifest.files(table)]
    for path in paths:
        file = builder.settings.data_dir / "lake" / path
        if gone:
            file.unlink()
        else:
            file.write_bytes(b"no Parquet")
    rebuild.run(builder.settings)
    assert rollups(builder) | {"storage": builder.rows("SELECT * FROM storage ORDER BY ALL")} == before


@pytest.mark.parametrize("table", LOG_ROLLUPS)
def test_rollups_of_a_version_with_fewer_columns_are_made_anew(builder: Builder, table: str) -> None:
    before = rollups(builder)
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        paths = [builder.settings.data_dir / "lake" / file.path for file in manifest.files(table)]
    last = duck.columns(table)[-1][0]
    for path in paths:
        with closing(duck.connect()) as con:
            con.execute(
                f"COPY (SELECT * EXCLUDE ({last}) FROM read_parquet('{path}', hive_partitioning = false))"
                f" TO '{path}.new' (FORMAT parquet)"
            )
        path.with_name(f"{path.name}.new").replace(path)
    rebuild.run(builder.settings)
    assert rollups(builder) == before

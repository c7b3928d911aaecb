"""Verifying: audits/duplicate_lines, audits/future_entries, audits/file_rows, audits/object_rows,
audits/rollup, audits/gaps.

Each test damages one thing and hears of that thing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Cli
from tests.sync.support import Mirror, lines
from tests.warehouse_builder import Builder, log, utc
from warehouse.bucket import Bucket
from warehouse.errors import UnavailableError
from warehouse.housekeeping import cleanup, compact, rebuild, verify
from warehouse.housekeeping.verify import Finding
from warehouse.logquery import LogFilter
from warehouse.manifest import DataFile, Manifest
from warehouse.settings import Settings

NOW = utc("2026-03-10T00:00:00")


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """Two dates in two syncs, with errors, response times and a bad line each."""
    made = Builder(tmp_path / "data")
    for hour in (1, 2):
        entries: list[Any] = [
            log(f"2026-03-{day:02}T0{hour}:00:{second:02}", level, "boom", responseTime=second + 0.5)
            for day in (1, 2)
            for second, level in enumerate(["info", "error", "warn"])
        ]
        made.put([*entries, "{"])
        made.sync()
    return made


def found(builder: Builder, *, quick: bool = False) -> list[Finding]:
    """The findings without the bucket, which is in memory."""
    settings = msgspec.structs.replace(builder.settings, bucket=None)
    return verify.run(settings, quick=quick, now=NOW).findings


def files(builder: Builder, table: str) -> list[DataFile]:
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        return manifest.files(table)


def lake_path(builder: Builder, file: DataFile) -> Path:
    return builder.settings.data_dir / "lake" / file.path


def change(builder: Builder, statement: str, *values: object) -> None:
    """Change the manifest behind everybody's back."""
    with closing(sqlite3.connect(builder.settings.data_dir / "manifest.sqlite")) as db:
        assert db.execute(statement, values).rowcount == 1
        db.commit()


def test_a_sound_warehouse_has_no_finding(builder: Builder) -> None:
    settings = msgspec.structs.replace(builder.settings, bucket=None)
    summary = verify.run(settings, now=NOW)
    assert summary.findings == []
    assert (summary.dates, summary.objects, summary.unchecked) == (2, 2, 0)
    assert (
        summary.files == len(files(builder, "logs")) + 5 * 2 + 2 + 1 + 1
    )  # rollups by date, quarantine, months


@pytest.mark.parametrize(
    "work",
    [
        compact.run,
        rebuild.run,
        lambda settings: cleanup.run(settings, 8, now=NOW),
    ],
    ids=["compact", "rebuild", "cleanup"],
)
def test_a_warehouse_is_sound_after_housekeeping(builder: Builder, work: Callable[[Settings], Any]) -> None:
    work(builder.settings)
    assert found(builder) == []


def test_a_day_without_entries_is_found_where_its_weekday_usually_has_some(tmp_path: Path) -> None:
    # Four weeks of Mondays to Saturdays, 40 entries a day: Sundays are quiet, one Wednesday is missing.
    made = Builder(tmp_path / "data")
    days = [date(2026, 2, 2) + timedelta(days=number) for number in range(28)]
    spoken = [day for day in days if day.weekday() != 6 and day != date(2026, 2, 18)]
    made.put([log(f"{day}T10:00:{second:02}") for day in spoken for second in range(40)])
    made.sync()
    settings = msgspec.structs.replace(made.settings, bucket=None)
    [finding] = verify.run(settings, now=NOW).findings
    assert (finding.check, finding.where) == ("gaps", "2026-02-18")
    assert finding.what == "no entry, where about 40 are usual"


def test_a_missing_file_is_named(builder: Builder) -> None:
    file = files(builder, "logs")[0]
    lake_path(builder, file).unlink()
    (first, *rest) = found(builder)
    assert (first.check, first.where, first.what) == ("files", file.path, "is missing")
    assert rest == [], "what was made of its rows is right, and cannot be made again"


def test_a_changed_byte_is_found_by_the_checksum_and_only_by_that(builder: Builder) -> None:
    path = lake_path(builder, files(builder, "quarantine")[0])
    body = bytearray(path.read_bytes())
    body[10] ^= 1
    path.write_bytes(body)
    assert [(f.check, f.what) for f in found(builder)] == [("files", "has another content than was written")]


def test_a_cut_file_is_named_even_by_a_quick_look(builder: Builder) -> None:
    file = files(builder, "activity")[0]
    path = lake_path(builder, file)
    path.write_bytes(path.read_bytes()[:-10])
    (finding,) = found(builder, quick=True)
    assert (finding.where, finding.what) == (file.path, f"has {file.bytes - 10:,} bytes, not {file.bytes:,}")


def test_a_file_that_is_no_parquet_is_named(builder: Builder) -> None:
    file = files(builder, "quarantine")[0]
    lake_path(builder, file).write_bytes(b"x" * file.bytes)
    (finding,) = found(builder, quick=True)
    assert (finding.where, finding.what.startswith("cannot be read: ")) == (file.path, True)


@pytest.mark.parametrize("column", ["entries", "max_us"])
def test_a_manifest_that_says_something_else_is_found(builder: Builder, column: str) -> None:
    file = files(builder, "logs")[0]
    change(builder, f"UPDATE files SET {column} = {column} + 1 WHERE path = ?", file.path)
    (finding,) = found(builder, quick=True)
    assert finding.where == file.path
    assert "rows, or other times" in finding.what


def test_a_file_that_no_transaction_names_is_found(builder: Builder) -> None:
    stranger = builder.settings.data_dir / "lake" / "logs" / "date=2026-03-01" / "stranger.parquet"
    stranger.write_bytes(b"anything")
    (finding,) = found(builder)
    assert (finding.where, finding.what) == (
        "logs/date=2026-03-01/stranger.parquet",
        "no transaction names it",
    )


def test_rows_that_are_there_twice_are_found(builder: Builder) -> None:
    file = files(builder, "logs")[0]
    twin = msgspec.structs.replace(file, path=file.path.replace(".parquet", "-twin.parquet"))
    lake_path(builder, twin).write_bytes(lake_path(builder, file).read_bytes())
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        manifest.commit(add=[twin])
    findings = found(builder, quick=True)
    assert [f.what for f in findings if f.check == "duplicates"] == [
        f"line {number} became 2 rows" for number in (1, 2, 3)
    ]
    assert [f.what for f in findings if f.check == "objects"] == [
        "9 rows and 1 quarantined lines of 6 and 1 read"
    ]


def test_a_rollup_that_lost_rows_is_found_and_rebuilding_mends_it(builder: Builder) -> None:
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        manifest.commit(remove=[f.path for f in manifest.files("latency") if f.partition == "2026-03-02"])
    (finding,) = found(builder)
    assert (finding.check, finding.where) == ("rollups", "latency 2026-03-02")
    assert finding.what.endswith(" rows are missing and 0 are too many")
    rebuild.run(builder.settings, ["2026-03-02"])
    assert found(builder) == []


def test_a_rollup_by_month_is_audited_by_the_day_that_a_rebuild_takes(builder: Builder) -> None:
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        manifest.commit(remove=[file.path for file in manifest.files("daily")])
    assert [f.where for f in found(builder)] == ["daily 2026-03-01", "daily 2026-03-02"]
    rebuild.run(builder.settings, ["2026-03-02"])
    assert [f.where for f in found(builder)] == ["daily 2026-03-01"]


def test_rows_of_a_rollup_by_month_of_a_day_without_logs_are_found(builder: Builder) -> None:
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        manifest.commit(remove=[f.path for f in manifest.files("logs") if f.partition == "2026-03-02"])
    assert "daily 2026-03-02" in [f.where for f in found(builder) if f.check == "rollups"]


def test_storage_figures_that_are_not_those_of_the_ledger_are_found_and_rebuilding_mends_them(
    builder: Builder,
) -> None:
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        manifest.commit(remove=[file.path for file in manifest.files("storage")])
    (finding,) = found(builder)
    # Two objects, each in a slot of its own of 30 s, or both in one, at four grains.
    assert (finding.check, finding.where) == ("rollups", "storage")
    assert finding.what.endswith(" rows are missing and 0 are too many")
    rebuild.run(builder.settings)
    assert found(builder) == []


def test_entries_of_a_time_to_come_are_found(builder: Builder) -> None:
    key = builder.put([log("2026-03-10T23:59:59"), log("2026-03-11T00:00:01"), log("2026-03-12T00:00:00")])
    builder.sync()
    assert [(f.check, f.where, f.what) for f in found(builder)] == [
        ("times", f"memory/{key}", "entries of a time to come: 1, up to 2026-03-11 00:00:01 UTC"),
        ("times", f"memory/{key}", "entries of a time to come: 1, up to 2026-03-12 00:00:00 UTC"),
    ]


def test_what_the_bucket_has_and_the_ledger_lacks_is_found_and_the_other_way_round(mirror: Mirror) -> None:
    for name in ("changes", "leaves", "stays"):
        mirror.put(f"logs/{name}.gz", lines(2, tag=name))
    mirror.sync()
    assert verify.run(mirror.settings).findings == []
    mirror.put("logs/changes.gz", lines(3, tag="changed"))
    mirror.put("logs/new.gz", lines(1, tag="new"))
    mirror.bucket.delete("logs/leaves.gz")
    name = mirror.bucket.name
    assert {(f.where, f.what) for f in verify.run(mirror.settings).findings} == {
        (f"{name}/logs/changes.gz", "changed since it was mirrored"),
        (f"{name}/logs/new.gz", "is not mirrored"),
        (f"{name}/logs/leaves.gz", "is no longer in the bucket"),
    }


def test_packages_that_differ_from_the_ledger_are_found(mirror: Mirror) -> None:
    mirror.put("logs/one.gz", lines(1))
    mirror.bucket.put("packages/left-pad/1.3.0.tgz", b"one")
    mirror.bucket.put("packages/left-pad/1.2.0.tgz", b"two")
    mirror.sync()
    assert verify.run(mirror.settings).findings == []
    mirror.bucket.put("packages/left-pad/1.3.0.tgz", b"other")
    mirror.bucket.put("packages/lodash/4.17.21.tgz", b"three")
    mirror.bucket.delete("packages/left-pad/1.2.0.tgz")
    name = mirror.bucket.name
    assert {(f.where, f.what) for f in verify.run(mirror.settings).findings} == {
        (f"{name}/packages/left-pad/1.3.0.tgz", "changed since it was mirrored"),
        (f"{name}/packages/lodash/4.17.21.tgz", "is not mirrored"),
        (f"{name}/packages/left-pad/1.2.0.tgz", "is no longer in the bucket"),
    }


def test_a_bucket_that_does_not_answer_is_a_finding_beside_the_others(builder: Builder) -> None:
    damaged = files(builder, "logs")[0]
    lake_path(builder, damaged).unlink()
    settings = msgspec.structs.replace(
        builder.settings, endpoint="http://127.0.0.1:9", access_key_id="k", secret_access_key="s" * 20
    )
    told = verify.run(settings, now=NOW).findings
    assert (told[0].check, told[0].where) == ("files", damaged.path)
    assert (told[-1].check, told[-1].where) == ("bucket", builder.settings.bucket)
    assert "cannot be compared: cannot list logs/" in told[-1].what


def test_rollups_of_a_date_whose_rows_are_damaged_are_not_accused(builder: Builder) -> None:
    damaged = files(builder, "logs")[0]
    path = lake_path(builder, damaged)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert [(finding.check, finding.where) for finding in found(builder)] == [("files", damaged.path)]


def test_a_damaged_name_of_a_column_is_a_damaged_file(builder: Builder) -> None:
    damaged = files(builder, "logs")[0]
    path = lake_path(builder, damaged)
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    place = content.index(b"config_hash", footer)
    path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
    assert (damaged.path, "cannot be read") in {
        (finding.where, finding.what.partition(":")[0]) for finding in found(builder, quick=True)
    }
    with closing(builder.open()) as warehouse, pytest.raises(UnavailableError, match="warehouse verify"):
        warehouse.logs(LogFilter())


def test_the_command_tells_findings_and_exits_with_1(tmp_path: Path, bucket: tuple[Settings, Bucket]) -> None:
    settings, store = bucket
    from tests.api.processes import of

    cli = Cli(tmp_path, of(settings))
    assert cli("verify").returncode == 1, "there is no warehouse yet"
    store.put("logs/one.jsonl", b'{"timestamp":1767225600000}\n')
    assert cli("sync").returncode == 0
    done = cli("verify")
    assert (done.returncode, '"findings":[]' in done.stdout) == (0, True)
    store.put("logs/two.jsonl", b"{}\n")
    done = cli("verify", "--json")
    assert done.returncode == 1
    assert "is not mirrored" in done.stdout
    assert cli("verify", "--quick").returncode == 0

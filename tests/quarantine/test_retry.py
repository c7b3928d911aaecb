"""warehouse.retry: what today's formats can read leaves quarantine as rows, and nothing else moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch

import msgspec
import pytest

from tests.sync.support import AGREEMENT, CONTENTS, ROLLUPS, Mirror, rebuilt
from tests.warehouse_builder import Builder, log
from warehouse import retry, sqlfiles
from warehouse.errors import BusyError
from warehouse.ingest import longlines
from warehouse.lock import writer
from warehouse.manifest import Manifest
from warehouse.quarantine import QuarantineFilter
from warehouse.settings_tables import MappingRule, PrefixRule

GOOD = log("2026-03-01T10:00:00", responseTime=12.0)
LATE = json.dumps(log("2026-03-02T11:30:00", "error", "late")).replace('"timestamp"', '"when"')
ODD = json.dumps(log("2026-02-27T09:00:00", message="early")).replace('"timestamp"', '"when"')


@contextmanager
def formats_that_read_when() -> Iterator[None]:
    """A registry format of tomorrow, which takes `when` for a timestamp where there is no other."""
    real = sqlfiles.read

    def read(folder: str, name: str) -> str:
        text = real(folder, name)
        if (folder, name) != ("formats", "registry"):
            return text
        assert "FROM raw_lines AS" in text
        read_as = "replace(raw, '\"when\"', '\"timestamp\"') AS raw"
        return text.replace("FROM raw_lines AS", f"FROM (SELECT * REPLACE ({read_as}) FROM raw_lines) AS")

    with patch("warehouse.sqlfiles.read", read):
        yield


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    made = Builder(tmp_path / "data")
    made.put([GOOD, LATE, "{", b"\xff", GOOD, ODD], "logs/a")
    made.put([LATE], "logs/b")
    made.put([GOOD, "[]"], "logs/c")
    made.sync()
    return made


def contents(builder: Builder) -> dict[str, list[tuple[object, ...]]]:
    return {table: builder.rows(query) for table, query in CONTENTS.items() if table != "ledger"}


def parquet_files(builder: Builder) -> set[Path]:
    return set((builder.settings.data_dir / "lake").rglob("*.parquet"))


def sums(builder: Builder) -> list[tuple[object, ...]]:
    return builder.rows("SELECT lines, accepted, rejected FROM ledger")


def assert_agrees(builder: Builder) -> None:
    with closing(Mirror(builder.settings, builder.bucket)) as mirror:  # type: ignore[arg-type]
        assert len(set(mirror.row(AGREEMENT))) == 1
        assert mirror.contents(ROLLUPS) == rebuilt(mirror)


def test_a_retry_makes_the_warehouse_that_a_first_sync_of_today_would_have_made(
    builder: Builder, tmp_path: Path
) -> None:
    assert sums(builder) == [(9, 3, 6)]
    with formats_that_read_when():
        done = retry.run(builder.settings)
        anew = Builder(tmp_path / "anew")
        anew.bucket = builder.bucket
        anew.sync()

    assert (done.lines, done.entries, done.still_rejected, done.damaged, done.objects) == (5, 3, 2, 1, 2)
    assert sums(builder) == [(9, 6, 3)]
    assert contents(builder) == contents(anew)
    assert builder.rows("SELECT object_key, line, message FROM logs WHERE line <> 1 OR object_key = 'logs/b'"
                        " ORDER BY ALL") == [
        ("logs/a", 2, "late"), ("logs/a", 5, "served"), ("logs/a", 6, "early"), ("logs/b", 1, "late"),
    ]  # fmt: skip
    assert_agrees(builder)


def test_a_second_retry_changes_nothing(builder: Builder) -> None:
    with formats_that_read_when():
        retry.run(builder.settings)
        before = contents(builder)
        met = builder.rows("SELECT object_key, line, quarantined_at FROM quarantine ORDER BY ALL")
        files = parquet_files(builder)
        again = retry.run(builder.settings)

    assert (again.lines, again.entries, again.objects) == (2, 0, 0)
    assert contents(builder) == before
    assert builder.rows("SELECT object_key, line, quarantined_at FROM quarantine ORDER BY ALL") == met
    assert parquet_files(builder) == files


def test_without_better_formats_everything_stays_with_its_reason_and_time(builder: Builder) -> None:
    query = "SELECT * FROM quarantine ORDER BY ALL"
    before = builder.rows(query)
    done = retry.run(builder.settings)
    assert (done.lines, done.entries, done.still_rejected, done.damaged) == (5, 0, 5, 1)
    assert builder.rows(query) == before
    assert builder.rows("SELECT kind, status, entries FROM runs ORDER BY started_at DESC LIMIT 1") == [
        ("retry", "ok", 0)
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (QuarantineFilter(object="logs/b"), [("logs/b", 1)]),
        (QuarantineFilter(reason="Timestamp is"), [("logs/a", 2), ("logs/a", 6), ("logs/b", 1)]),
        (QuarantineFilter(reason="not valid"), []),
    ],
)
def test_filters_say_which_lines_are_read_again(
    builder: Builder, wanted: QuarantineFilter, expected: list[tuple[str, int]]
) -> None:
    query = "SELECT object_key, line FROM logs ORDER BY ALL"
    before = set(builder.rows(query))
    with formats_that_read_when():
        retry.run(builder.settings, wanted)
    assert sorted(set(builder.rows(query)) - before) == expected
    assert_agrees(builder)


def test_an_object_of_which_no_line_could_be_read_is_detected_anew(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    lines = [json.dumps({"when": 1772359200 + number, "text": f"m{number}"}) for number in range(3)]
    builder.put(lines, "logs/mine.jsonl")
    builder.sync()
    assert sums(builder) == [(3, 0, 3)]
    settings = msgspec.structs.replace(
        builder.settings,
        prefixes=(PrefixRule(prefix="logs/mine", format="mapping:mine"),),
        mappings={"mine": MappingRule(ts="when", time_unit="s", message="text")},
    )

    assert retry.run(settings).entries == 3
    assert builder.rows("SELECT line, message, epoch_ms(ts) FROM logs ORDER BY line") == [
        (number + 1, f"m{number}", (1772359200 + number) * 1000) for number in range(3)
    ]
    with closing(Manifest(settings.data_dir)) as manifest:
        assert manifest.objects("memory", "logs/")["logs/mine.jsonl"].format == "mapping:mine"
    assert_agrees(builder)


def test_lines_are_taken_portion_by_portion_each_with_its_own_commit(builder: Builder) -> None:
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        before = manifest.generation()
    with formats_that_read_when(), patch("warehouse.retry.MIB", 1), patch("warehouse.retry._ROWS", 1):
        assert retry.run(msgspec.structs.replace(builder.settings, batch_mib=1)).entries == 3
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        assert manifest.generation() == before + 4, "three lines, and the end of the run"
    assert_agrees(builder)


@pytest.mark.parametrize("place", ["rewrite.without", "refresh_logs"])
def test_a_retry_that_fails_leaves_everything_as_it_was_and_no_file(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    before = contents(builder)
    files = parquet_files(builder)

    def fails(*_: object, **__: object) -> None:
        raise OSError("no space left")

    with formats_that_read_when():
        with monkeypatch.context() as broken:
            broken.setattr(f"warehouse.retry.{place}", fails)
            with pytest.raises(OSError, match="no space left"):
                retry.run(builder.settings)
        assert contents(builder) == before
        assert parquet_files(builder) == files
        assert builder.rows("SELECT status FROM runs ORDER BY started_at DESC LIMIT 1") == [("failed",)]
        assert retry.run(builder.settings).entries == 3


def test_an_interruption_right_after_the_commit_keeps_it(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit: Callable[..., None] = Manifest.commit

    def interrupted(*arguments: object, **changes: object) -> None:
        commit(*arguments, **changes)
        raise KeyboardInterrupt

    with formats_that_read_when():
        with monkeypatch.context() as broken:
            broken.setattr(Manifest, "commit", interrupted)
            with pytest.raises(KeyboardInterrupt):
                retry.run(builder.settings)
        assert sums(builder) == [(9, 6, 3)]
        assert retry.run(builder.settings).entries == 0
    assert_agrees(builder)


def test_a_retry_waits_for_no_other_writer(builder: Builder) -> None:
    with writer(builder.settings.data_dir), pytest.raises(BusyError):
        retry.run(builder.settings)


def test_an_object_that_changes_after_a_retry_replaces_its_mended_rows_too(builder: Builder) -> None:
    with formats_that_read_when():
        retry.run(builder.settings)
    builder.put([GOOD], "logs/a")
    builder.sync()
    assert builder.rows("SELECT object_key, count(*) FROM logs GROUP BY 1 ORDER BY 1") == [
        ("logs/a", 1), ("logs/b", 1), ("logs/c", 1),
    ]  # fmt: skip
    assert_agrees(builder)


def test_a_line_of_which_only_the_beginning_was_kept_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(longlines, "LONGEST", 500)
    monkeypatch.setattr(longlines, "KEPT", 100)
    # Its first hundred bytes are a whole entry: what is behind them must not be forgotten.
    long = json.dumps(GOOD).ljust(100) + "x" * 500
    made = Builder(tmp_path / "data")
    made.put([GOOD, long, GOOD], "logs/a")
    summary = made.sync()
    assert (summary.entries, summary.rejected_lines, summary.raw_bytes) == (
        2,
        1,
        2 * (len(json.dumps(GOOD, separators=(",", ":"))) + 1) + len(long) + 1,
    )
    assert made.rows("SELECT line, length(raw), reason FROM quarantine") == [
        (2, 100, f"longer than 500 bytes: of {len(long)} the first 100 are kept")
    ]
    done = retry.run(made.settings)
    assert (done.lines, done.entries, done.damaged) == (0, 0, 1)

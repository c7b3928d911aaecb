"""From objects to files: every line is a row or in quarantine, or nothing of it counts."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.warehouse_builder import Builder, MemorySource, log, utc
from warehouse import fetcher, sqlfiles
from warehouse.bucket import ObjectInfo
from warehouse.errors import IntegrityError, ObjectError
from warehouse.ingest import lines, pipeline
from warehouse.ingest.pipeline import Ingested, Pipeline
from warehouse.lake import Lake

GOOD = json.dumps(log("2026-03-01T10:00:00"), separators=(",", ":")).encode()


def ingest(builder: Builder, keys: list[str] | None = None) -> Ingested:
    """Run the pipeline over the builder's bucket, without a commit."""
    infos = [stored.info for key, stored in builder.bucket.objects.items() if keys is None or key in keys]
    with pipeline_of(builder) as running:
        return running.run(infos, lambda objects, size: None)


def pipeline_of(builder: Builder) -> Pipeline:
    lake = Lake(builder.settings.data_dir)
    source = MemorySource(builder.bucket)
    return Pipeline(builder.settings, "memory", source, lake, "run", "2026-03-09")


def parquet_files(builder: Builder) -> list[Path]:
    return list((builder.settings.data_dir / "lake").rglob("*.parquet"))


dirty_lines = st.sampled_from(
    [
        GOOD,
        GOOD + b"\r",
        json.dumps(log("2026-03-02T23:59:59.999", "error", "é")).encode(),
        json.dumps(log("2026-02-28T00:00:00", 50, None)).encode(),
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"timestamp":1}',
        b'{"timestamp":1767225600000,"metadata":{"a":NaN}}',
        b'{"timestamp":1767225600000,"metadata":[{}]}',
        b"[" * 600,
    ]
) | st.binary(max_size=20).filter(lambda line: b"\n" not in line)
dirty_objects = st.tuples(
    st.lists(dirty_lines, max_size=15), st.sampled_from(["plain", "gzip", "cut"]), st.booleans()
)


# An example takes a second: a failure is shown as it was found, not made smaller for minutes.
@settings(max_examples=12, phases=[Phase.generate])
@given(objects=st.lists(dirty_objects, min_size=1, max_size=4))
def test_lines_in_are_rows_and_quarantined_lines_of_each_object(
    objects: list[tuple[list[bytes], str, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        builder = Builder(Path(folder))
        expected: dict[str, int] = {}
        for number, (lines, packing, ends) in enumerate(objects):
            # No compression begins with this first line.
            whole = [GOOD, *lines]
            text = b"\n".join(whole) + (b"\n" if ends else b"")
            count = len(whole) - (0 if ends or whole[-1] else 1)
            key = f"logs/{number}"
            expected[key] = count
            body = text if packing == "plain" else gzip.compress(text)
            builder.put(body[:-1] if packing == "cut" else body, key)
        builder.sync()
        ledger = {
            item[0]: item[1:]
            for item in builder.rows(
                "SELECT object_key, count(*) FILTER (WHERE good),"
                " count(*) FILTER (WHERE NOT good AND line > 0), count(*) FILTER (WHERE line = 0),"
                " count(DISTINCT line), max(line) FROM ("
                " SELECT object_key, line, true AS good FROM logs UNION ALL"
                " SELECT object_key, line, false AS good FROM quarantine) GROUP BY object_key"
            )
        }
        assert set(ledger) == set(expected)
        for number, (_, packing, _) in enumerate(objects):
            key = f"logs/{number}"
            rows, rejected, faults, distinct, last = ledger[key]
            assert rows + rejected == expected[key] == last
            assert distinct == rows + rejected + faults
            assert faults == (1 if packing == "cut" else 0)
        (total,) = builder.rows("SELECT lines, accepted, rejected FROM ledger")
        assert total[0] == sum(expected.values())
        assert total[1] + total[2] == total[0] + sum(packing == "cut" for _, packing, _ in objects)


@pytest.mark.parametrize("lost", ["lost", "doubled"])
def test_a_format_that_loses_or_doubles_a_line_is_met_and_leaves_no_file(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    builder.put([GOOD, GOOD, "{", GOOD], "logs/first")
    builder.put([GOOD] * 3, "logs/second")
    real = sqlfiles.read

    def broken(folder: str, name: str) -> str:
        text = real(folder, name)
        if folder != "formats":
            return text
        if lost == "lost":
            return f"SELECT * FROM ({text}) WHERE NOT (object_no = 1 AND line = 2)"
        return f"SELECT * FROM ({text}) UNION ALL SELECT * FROM ({text}) WHERE object_no = 1 AND line = 2"

    monkeypatch.setattr("warehouse.ingest.conform.sqlfiles.read", broken)
    counts = "2 rows" if lost == "lost" else "4 rows"
    with pytest.raises(IntegrityError, match=f"logs/second: 3 lines in, {counts} and 0 quarantined"):
        ingest(builder)
    assert parquet_files(builder) == []


def test_a_sync_that_does_not_add_up_commits_nothing_and_the_next_one_does(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.put([GOOD, GOOD])
    real = sqlfiles.read
    with monkeypatch.context() as patched:
        patched.setattr(
            "warehouse.ingest.conform.sqlfiles.read",
            lambda folder, name: real(folder, name) + (" LIMIT 1" if folder == "formats" else ""),
        )
        with pytest.raises(IntegrityError):
            builder.sync()
    assert builder.rows("SELECT count(*) FROM logs") == [(0,)]
    assert builder.rows("SELECT status, entries FROM runs") == [("failed", 0)]
    builder.sync()
    assert builder.rows("SELECT count(*) FROM logs") == [(2,)]


def test_a_failing_batch_leaves_no_file_of_the_others(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        builder.put([GOOD] * 3, f"logs/{number}")
    monkeypatch.setattr("warehouse.ingest.pipeline.MIB", 1)  # every object is a batch
    real = sqlfiles.read

    def broken(folder: str, name: str) -> str:
        check = (
            " WHERE CASE WHEN object_no = 3 THEN error('broken') ELSE true END" if folder == "formats" else ""
        )
        return f"SELECT * FROM ({real(folder, name)}){check}" if check else real(folder, name)

    monkeypatch.setattr("warehouse.ingest.conform.sqlfiles.read", broken)
    with pytest.raises(Exception, match="broken"):
        ingest(builder)
    assert parquet_files(builder) == []


def test_files_are_one_per_date_sorted_by_time_and_know_their_bounds(builder: Builder) -> None:
    builder.put(
        [log("2026-03-02T00:00:00"), log("2026-03-01T23:59:59.999"), log("2026-03-01T08:00:00"), "{"],
        "logs/a",
    )
    ingested = ingest(builder)
    logs = {file.partition: file for file in ingested.files if file.table == "logs"}
    assert {date: file.entries for date, file in logs.items()} == {"2026-03-01": 2, "2026-03-02": 1}
    first = logs["2026-03-01"]
    assert first.min_us == round(utc("2026-03-01T08:00:00").timestamp() * 1e6)
    assert first.max_us == round(utc("2026-03-01T23:59:59.999").timestamp() * 1e6)
    assert all(
        file.bytes == (builder.settings.data_dir / "lake" / file.path).stat().st_size
        for file in logs.values()
    )
    (quarantine,) = [file for file in ingested.files if file.table == "quarantine"]
    assert (quarantine.partition, quarantine.entries) == ("2026-03-09", 1)
    (counts,) = [item.counts for item in ingested.objects]
    assert (counts.lines, counts.accepted, counts.rejected, counts.faults) == (4, 3, 1, 0)


def test_an_object_that_went_away_is_skipped_and_the_others_are_not(builder: Builder) -> None:
    builder.put([GOOD], "logs/a")
    gone = ObjectInfo("logs/b", "etag", 10, utc("2026-03-01T00:00:00"), "STANDARD")
    infos = [gone, builder.bucket.objects["logs/a"].info]
    with pipeline_of(builder) as running:
        ingested = running.run(infos, lambda objects, size: None)
    assert [(item.skipped is None, item.counts.accepted) for item in ingested.objects] == [
        (False, 0),
        (True, 1),
    ]


def test_progress_is_told_object_by_object(builder: Builder) -> None:
    for size in (10, 20, 30):
        builder.put([GOOD], size=size)
    told: list[tuple[int, int]] = []
    infos = [stored.info for stored in builder.bucket.objects.values()]
    with pipeline_of(builder) as running:
        running.run(infos, lambda objects, size: told.append((objects, size)))
    assert told == [(1, 10), (1, 20), (1, 30)]


def test_quarantine_keeps_key_line_text_and_reason(builder: Builder) -> None:
    builder.put([GOOD, "{", b"\xff", '{"timestamp":5}'], "logs/a")
    builder.sync()
    rows = builder.rows("SELECT bucket, object_key, line, raw, reason FROM quarantine ORDER BY line")
    assert rows == [
        ("memory", "logs/a", 2, "{", "not valid JSON"),
        ("memory", "logs/a", 3, "\\xff", "not valid UTF-8 at byte 1"),
        ("memory", "logs/a", 4, '{"timestamp":5}', "timestamp is out of range: 5"),
    ]


def test_a_large_object_is_read_in_parts_and_becomes_the_same_rows(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "RANGE_BYTES", 1000)
    monkeypatch.setattr(pipeline, "_LARGE_BYTES", 1000)
    body = gzip.compress(b"\n".join([GOOD, b"{", GOOD[:-1]] * 2000), compresslevel=0)
    builder.put(body, "logs/large.gz", size=len(body))
    builder.put([GOOD], "logs/small")
    asked: list[tuple[int, int] | None] = []
    get = MemorySource.get

    def noted(self: MemorySource, info: ObjectInfo, span: tuple[int, int] | None = None) -> bytes:
        asked.append(span)
        return get(self, info, span)

    monkeypatch.setattr(MemorySource, "get", noted)
    found = {item.info.key: item.counts for item in ingest(builder).objects}
    counts = found["logs/large.gz"]
    assert (counts.lines, counts.accepted, counts.rejected, counts.faults) == (6000, 2000, 4000, 0)
    assert found["logs/small"].accepted == 1
    spans = [span for span in asked if span]
    assert all(end - start <= 1000 for start, end in spans)
    # Its first part is looked at for the compression, and read once more with the others.
    assert sum(end - start for start, end in spans) <= len(body) + 2000


def test_damage_in_a_large_object_costs_only_what_comes_after_it(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "RANGE_BYTES", 1000)
    monkeypatch.setattr(pipeline, "_LARGE_BYTES", 1000)
    body = gzip.compress(b"\n".join([GOOD] * 2000), compresslevel=0)
    builder.put(body[: len(body) // 2], "logs/large.gz", size=len(body) // 2)
    (item,) = ingest(builder).objects
    assert item.counts.faults == 1
    assert item.counts.accepted == (len(body) // 2 - 20) // (len(GOOD) + 1)


def test_a_large_object_that_changes_while_it_is_read_leaves_no_row_and_harms_no_other(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "RANGE_BYTES", 1000)
    monkeypatch.setattr(pipeline, "_LARGE_BYTES", 1000)
    monkeypatch.setattr(lines, "_BATCH_LINES", 10)
    body = b"\n".join([GOOD] * 200)
    for key in ("logs/a", "logs/changing", "logs/z"):
        builder.put(body, key, size=len(body))
    get = MemorySource.get

    def changing(self: MemorySource, info: ObjectInfo, span: tuple[int, int] | None = None) -> bytes:
        if info.key == "logs/changing" and span and span[0] >= 5000:
            raise ObjectError("logs/changing changed since it was listed")
        return get(self, info, span)

    monkeypatch.setattr(MemorySource, "get", changing)
    ingested = ingest(builder)
    assert {item.info.key: (item.skipped is None, item.counts.accepted) for item in ingested.objects} == {
        "logs/a": (True, 200),
        "logs/changing": (False, 0),
        "logs/z": (True, 200),
    }
    assert sum(file.entries for file in ingested.files) == 400
    assert len(parquet_files(builder)) == len(ingested.files)

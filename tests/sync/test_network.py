"""A network that cuts connections, and a second S3 server with other habits than the first."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sync.support import DATE, DAY, HOUR, ROLLUPS, Mirror, assert_sound, line, lines, text
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.errors import BucketError, CredentialsError, ObjectError
from warehouse.settings import Settings

Anew = Callable[[], Mirror]


class CuttingProxy:
    """Passes TCP on to a server, but cuts the first `cuts` answers to GETs of keys with `mark` half-way."""

    def __init__(self, target: str, mark: str, cuts: int) -> None:
        self._target = (str(urlsplit(target).hostname), int(urlsplit(target).port or 0))
        self._mark = mark.encode()
        self.cuts_left = cuts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with closing(client), closing(socket.create_connection(self._target)) as server, suppress(OSError):
            while request := client.recv(65_536):
                left = None
                if request.startswith(b"GET") and self._mark in request.split(b"\r\n")[0] and self.cuts_left:
                    self.cuts_left -= 1
                    left = 3_000
                server.sendall(request)
                server.settimeout(5)
                # One answer: its head tells the length of its body.
                answer = b""
                while b"\r\n\r\n" not in answer:
                    answer += server.recv(65_536)
                head, _, body = answer.partition(b"\r\n\r\n")
                fields = dict(field.lower().split(b": ", 1) for field in head.split(b"\r\n")[1:])
                missing = int(fields.get(b"content-length", b"0")) - len(body)
                if request.startswith(b"HEAD"):
                    missing = 0
                while missing > 0:
                    more = server.recv(65_536)
                    missing -= len(more)
                    answer += more
                client.sendall(answer[:left])
                if left is not None:
                    return


def big(tag: str) -> bytes:
    return text(lines(300, tag=tag))


def test_a_connection_that_breaks_in_the_middle_of_a_body_is_tried_again(mirror: Mirror, anew: Anew) -> None:
    mirror.bucket.put("logs/cut.jsonl", big("cut"))
    mirror.bucket.put("logs/whole.jsonl", big("whole"))
    with closing(CuttingProxy(str(mirror.settings.endpoint), "cut.jsonl", 2)) as proxy:
        summary = mirror.with_settings(endpoint=proxy.endpoint).sync()

        assert proxy.cuts_left == 0
    assert (summary.objects, summary.skipped, summary.entries) == (2, 0, 600)
    assert summary.class_b == 4, "every attempt is billed"
    assert mirror.contents() == anew().contents()


def test_a_connection_that_always_breaks_fails_the_sync_and_mirrors_no_half_object(mirror: Mirror) -> None:
    mirror.bucket.put("logs/cut.jsonl", big("cut"))
    with (
        closing(CuttingProxy(str(mirror.settings.endpoint), "cut.jsonl", 1_000)) as proxy,
        pytest.raises(BucketError, match=r"cannot get logs/cut\.jsonl"),
    ):
        mirror.with_settings(endpoint=proxy.endpoint).sync()

    assert mirror.row("SELECT count(*) FROM logs") == (0,)
    assert mirror.sync().entries == 300
    assert_sound(mirror)


KEY, SECRET = "SECONDSERVER", "another-secret-0123456789"


@pytest.fixture(scope="module")
def second_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of `rclone serve s3`: lists in byte order, ignores If-Match, capitalizes metadata."""
    binary = Path(sys.executable).with_name("rclone")
    root = tmp_path_factory.mktemp("second")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [str(binary), "serve", "s3", "--addr", address, "--auth-key", f"{KEY},{SECRET}", str(root)],
        env={"HOME": str(root), "RCLONE_CONFIG": str(root.parent / "none.conf")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        host, port = address.split(":")
        deadline = time.monotonic() + 30
        while True:
            with suppress(OSError):
                socket.create_connection((host, int(port)), timeout=1).close()
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def mirror_2(second_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    settings = Settings(
        bucket=f"second-{uuid.uuid4().hex[:16]}",
        endpoint=second_server,
        access_key_id=KEY,
        secret_access_key=SECRET,
        region="us-east-1",
        data_dir=tmp_path_factory.mktemp("data"),
    )
    with closing(Bucket(settings)) as bucket:
        bucket.create()
        with closing(Mirror(settings, bucket)) as fresh:
            yield fresh


def test_a_second_s3_server_is_mirrored_alike(mirror: Mirror, mirror_2: Mirror) -> None:
    def same(first: Mirror, second: Mirror) -> None:
        for table in ("logs", "quarantine", *ROLLUPS):
            buckets = {"logs": " EXCLUDE (bucket)", "error_templates": " EXCLUDE (example_bucket)"}
            query = f"SELECT *{buckets.get(table, '')} FROM {table}"
            if table == "quarantine":
                query = "SELECT object_key, line, raw, reason FROM quarantine"
            assert first.rows(f"{query} ORDER BY ALL") == second.rows(f"{query} ORDER BY ALL"), table

    both = (mirror, mirror_2)
    for each in both:
        for number in range(12):
            rows = [*lines(5, DAY + number * HOUR * 7, tag=str(number)), b"broken"]
            each.put(f"logs/a{'/-'[number % 2]}{number}.gz", rows)
    first, second = mirror.sync(), mirror_2.sync()
    assert (first.objects, first.entries, first.rejected_lines) == (12, 60, 12)
    assert (second.objects, second.entries, second.rejected_lines) == (12, 60, 12)
    assert [each.sync().class_b for each in both] == [0, 0]
    same(*both)

    for each in both:
        each.put("logs/a/0.gz", lines(3, DAY + DATE, tag="changed"))
        each.bucket.delete("logs/a-1.gz")
    for each in both:
        summary = each.sync()
        assert (summary.objects, summary.replaced, summary.gone) == (1, 1, 1)
        assert_sound(each)
    same(*both)


def test_a_second_s3_server_gives_its_packages_with_their_metadata(mirror_2: Mirror) -> None:
    mirror_2.bucket.put("packages/left-pad/1.0.0.tgz", b"p", metadata={"integrity": "sha512-x"})

    assert mirror_2.sync().packages == 1
    assert mirror_2.rows("SELECT name, version, integrity FROM packages") == [
        ("left-pad", "1.0.0", "sha512-x")
    ]


class _ChangingBucket(Bucket):
    """A bucket in which an object changes after it was listed and before it is read."""

    def list(self, prefix: str, start_after: str | None = None) -> Iterator[ObjectInfo]:
        infos = [*super().list(prefix, start_after)]
        if infos:
            self.put("logs/changing.jsonl", text([line(DAY, message="after"), line(DAY)]))
        return iter(infos)


def test_a_server_that_ignores_if_match_does_not_pass_off_a_changed_object(
    mirror_2: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror_2.bucket.put("logs/changing.jsonl", text([line(DAY, message="before")]))
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.sync.Bucket", _ChangingBucket)
        summary = mirror_2.sync()
    assert (summary.objects, summary.skipped) == (0, 1)
    with pytest.raises(ObjectError, match="changed since it was listed"):
        mirror_2.bucket.get("logs/changing.jsonl", etag="0" * 32)

    assert mirror_2.sync().entries == 2


def test_a_second_s3_server_refuses_a_wrong_key_too(mirror_2: Mirror) -> None:
    with pytest.raises(CredentialsError):
        mirror_2.with_settings(secret_access_key="wrong").sync()
    with pytest.raises(BucketError, match="there is no bucket not-there"):
        mirror_2.with_settings(bucket="not-there").sync()

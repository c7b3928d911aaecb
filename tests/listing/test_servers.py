"""Listing from real servers, and what is counted when a server has to be asked again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.listing.support import key_at
from tests.sync.support import DAY, HOUR, gz, line
from tests.sync.support import Mirror as SyncMirror
from warehouse import sync
from warehouse.bucket import Bucket
from warehouse.settings import Settings


@pytest.fixture
def mirror(bucket: tuple[Settings, Bucket], small_pages: Any) -> Iterator[SyncMirror]:
    with closing(SyncMirror(*bucket)) as fresh:
        yield fresh


def test_a_real_server_is_listed_incrementally_and_nothing_is_missed(mirror: SyncMirror) -> None:
    keys = [key_at(("0xaaaa", "bbbb")[number % 2], 6 * number) for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: mirror.put(key, [line(DAY)]), keys))
    first = mirror.sync()
    assert (first.objects, first.full_listing, first.listed) == (60, True, 60)

    idle = mirror.sync()
    assert (idle.objects, idle.full_listing, idle.class_b) == (0, False, 0)
    assert idle.class_a == 4, "the folders, two ends, the packages"
    # Of each folder the newest and those of the 24 hours before it (0, 12, 24 and 6, 18, 30 hours ago).
    assert idle.listed == 6

    inside, outside, fresh = key_at("0xaaaa", 23), key_at("0xaaaa", 200), key_at("cccc", 2_000)
    mirror.bucket.put(keys[0], gz([line(DAY, message="changed")]))
    mirror.bucket.delete(key_at("0xaaaa", 12))
    for key in (inside, outside, fresh):
        mirror.put(key, [line(DAY + HOUR)])
    summary = mirror.sync()
    assert (summary.objects, summary.replaced, summary.gone, summary.full_listing) == (3, 1, 1, False)
    full = sync.run(mirror.settings, full=True)
    assert (full.objects, full.full_listing, len(full.notes)) == (1, True, 1)
    assert mirror.rows("SELECT count(*), count(DISTINCT object_key) FROM logs") == [(63, 63)]


class _Moody(BaseHTTPRequestHandler):
    """An S3 server with one object: every other request is answered 503."""

    requests: ClassVar[list[str]] = []
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.requests.append(self.path)
        if len(self.requests) % 2:
            self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
        elif "list-type" in self.path:
            self._answer(
                200,
                b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>logs/a</Key>"
                b"<LastModified>2026-11-10T00:00:00.000Z</LastModified><ETag>e</ETag><Size>3</Size>"
                b"</Contents></ListBucketResult>",
            )
        else:
            self._answer(200, b"abc")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"e"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def test_every_attempt_is_counted_and_so_are_the_bytes_that_came(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Moody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        settings = Settings(
            bucket="moody",
            endpoint=f"http://127.0.0.1:{server.server_port}",
            access_key_id="k",
            secret_access_key="s",
            data_dir=tmp_path,
        )
        with closing(Bucket(settings)) as bucket:
            assert [info.key for info in bucket.list("logs/")] == ["logs/a"]
            assert (bucket.class_a, bucket.class_b, bucket.retries) == (2, 0, 1)
            assert bucket.get("logs/a", etag="e") == b"abc"
            assert (bucket.class_a, bucket.class_b, bucket.retries) == (2, 2, 2)
            assert bucket.downloaded_bytes == 3
    finally:
        server.shutdown()
        server.server_close()
    assert len(_Moody.requests) == 4

"""A fake of the two endpoints of the Cloudflare API that verify a token, on a real loopback server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, object]

REFUSED: Answer = (
    401,
    {"success": False, "errors": [{"code": 1000, "message": "Invalid API Token"}], "result": None},
)


def verified(token_id: str, status: str = "active") -> Answer:
    """The answer about a token that the API knows."""
    return 200, {"success": True, "errors": [], "result": {"id": token_id, "status": status}}


@dataclass
class FakeCloudflare:
    """What the fake answers by path, and which requests (path, Authorization) it has seen."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    #: The Retry-After of every answer that is an error.
    retry_after: str = ""

    def answer(self, path: str, *answers: Answer) -> None:
        """Answer requests for `path` with these in turn; the last one is repeated."""
        self.answers[path] = list(answers)

    def paths(self) -> list[str]:
        return [path for path, _ in self.seen]


@contextmanager
def running() -> Iterator[FakeCloudflare]:
    """The fake, listening on a free port of the loopback address."""
    fake = FakeCloudflare()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.seen.append((self.path, self.headers.get("Authorization", "")))
            queue = fake.answers.get(self.path, [(404, {"errors": [{"message": "no such route"}]})])
            status, body = queue.pop(0) if len(queue) > 1 else queue[0]
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if fake.retry_after and status != 200:
                self.send_header("Retry-After", fake.retry_after)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

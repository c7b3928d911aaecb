"""A Cloudflare Queue with an HTTP consumer, on a real loopback server: leases, deliveries, faults."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCOUNT, QUEUE, TOKEN = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", "queue-token"
TWELVE_HOURS_MS = 12 * 60 * 60 * 1000


@dataclass
class Held:
    """A message that the queue holds; leased until `due` while `lease` is set."""

    id: str
    body: Any
    kind: str
    due: float = 0.0
    lease: str | None = None
    attempts: int = 0


@dataclass
class Fault:
    """An answer in place of the real one, so often, to pulls, to acknowledgements or to both."""

    status: int
    action: str = ""
    times: int = 1
    retry_after: str = ""
    message: str = "a fault"


@dataclass
class FakeQueue:
    """The queue. `later` moves its clock on; `requests` are (when, action, body) of every request."""

    url: str = ""
    most_deliveries: int = 3
    held: list[Held] = field(default_factory=list)
    dead: list[Held] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    consumers: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"type": "http_pull", "dead_letter_queue": "events-dead", "settings": {"max_retries": 10}}
        ]
    )
    #: Is called before an acknowledgement counts.
    before_ack: Callable[[], None] = lambda: None
    _offset: float = 0.0
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, body: Any, kind: str = "json", message_id: str = "") -> str:
        """A message as a producer of that content type sends it; a text is sent as it is."""
        self._count += 1
        text = body if isinstance(body, str) else json.dumps(body)
        encoded = text if kind == "text" else base64.b64encode(text.encode()).decode()
        self.held.append(Held(message_id or f"m{self._count}", encoded, kind))
        return self.held[-1].id

    def event(self, bucket: str, key: str, etag: str | None = "e", action: str = "PutObject") -> str:
        """An event of R2."""
        about = {"key": key} | ({"size": 1, "eTag": etag} if etag else {})
        return self.put(
            {
                "account": ACCOUNT,
                "action": action,
                "bucket": bucket,
                "object": about,
                "eventTime": "2026-11-10T00:00:00.000Z",
            }
        )

    def later(self, seconds: float) -> None:
        self._offset += seconds

    def actions(self) -> list[str]:
        return [action for _, action, _ in self.requests]

    def given_back(self) -> list[dict[str, Any]]:
        return [entry for _, action, body in self.requests if action == "ack" for entry in body["retries"]]

    # -- the server's side -----------------------------------------------------------------------

    def describe(self, path: str, token: str) -> tuple[int, Any]:
        if token != f"Bearer {TOKEN}":
            return 403, refusal(10000, "Authentication error")
        if path != f"/accounts/{ACCOUNT}/queues/{QUEUE}":
            return 404, refusal(11000, "Queue not found")
        result = {"queue_id": QUEUE, "queue_name": "events", "consumers": self.consumers}
        return 200, {"success": True, "errors": [], "messages": [], "result": result}

    def answer(self, path: str, token: str, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        action = path.rpartition("/")[2]
        self.requests.append((time.monotonic(), action, body))
        if token != f"Bearer {TOKEN}":
            return 403, {}, refusal(10000, "Authentication error")
        if path != f"/accounts/{ACCOUNT}/queues/{QUEUE}/messages/{action}":
            return 404, {}, refusal(11000, "Queue not found")
        for fault in self.faults:
            if fault.times and fault.action in ("", action):
                fault.times -= 1
                wait = {"Retry-After": fault.retry_after} if fault.retry_after else {}
                return fault.status, wait, refusal(1, fault.message)
        if action == "ack":
            self.before_ack()
        with self._lock:
            result = self._pull(body) if action == "pull" else self._ack(body)
        if result is None:
            return 400, {}, refusal(2, "bad request")
        return 200, {}, {"success": True, "errors": [], "messages": [], "result": result}

    def _pull(self, body: dict[str, Any]) -> dict[str, Any] | None:
        size, lease_ms = body.get("batch_size", 5), body.get("visibility_timeout_ms", 30_000)
        if not 1 <= size <= 100 or not 0 < lease_ms <= TWELVE_HOURS_MS:
            return None
        now = time.monotonic() + self._offset
        messages = []
        for held in [held for held in self.held if held.due <= now]:
            if held.attempts >= self.most_deliveries:
                self.held.remove(held)
                self.dead.append(held)
            elif len(messages) < size:
                held.attempts += 1
                held.lease, held.due = f"{held.id}-{held.attempts}", now + lease_ms / 1000
                messages.append(
                    {
                        "body": held.body,
                        "id": held.id,
                        "timestamp_ms": 1,
                        "attempts": held.attempts,
                        "metadata": {"CF-sourceMessageSource": "r2", "CF-Content-Type": held.kind},
                        "lease_id": held.lease,
                    }
                )
        return {"message_backlog_count": len(self.held), "messages": messages}

    def _ack(self, body: dict[str, Any]) -> dict[str, Any]:
        now = time.monotonic() + self._offset
        acks = {entry["lease_id"] for entry in body.get("acks", [])}
        again = {entry["lease_id"]: entry.get("delay_seconds", 0) for entry in body.get("retries", [])}
        done = [held for held in self.held if held.lease in acks]
        self.held = [held for held in self.held if held.lease not in acks]
        for held in self.held:
            if held.lease in again:
                held.due, held.lease = now + again[held.lease], None
        return {"ackCount": len(done), "retryCount": len(again), "warnings": []}


def refusal(code: int, message: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"code": code, "message": message}], "result": None}


@contextmanager
def running() -> Iterator[FakeQueue]:
    """The queue, listening on a free port of the loopback address."""
    fake = FakeQueue()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send(*fake.answer(self.path, self.headers.get("Authorization", ""), body))

        def do_GET(self) -> None:
            status, answer = fake.describe(self.path, self.headers.get("Authorization", ""))
            self.send(status, {}, answer)

        def send(self, status: int, headers: dict[str, str], answer: Any) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(data))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that was killed is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

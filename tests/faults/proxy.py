"""A proxy between an S3 client and a real S3 server that does to answers what bad networks and servers do.

It speaks HTTP/1.1, one request at a time per connection. What happens to a request is the decision of the
test: the first rule whose `times` are not used up and whose method and mark fit is applied once.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

#: What a rule makes of an answer (its head and body): bytes to send before the connection closes.
Answer = Callable[[bytes, bytes], bytes]


@dataclass
class Rule:
    """One fault: what it does to how many answers of which requests."""

    change: Answer
    mark: str = ""
    method: str = "GET"
    times: int = 1
    #: Close the connection with a reset (RST) and not with an end.
    reset: bool = False
    #: Seconds before the answer is sent.
    wait: float = 0.0
    used: int = field(default=0)


class FaultyProxy:
    """Passes requests on to `target`; use it as a context manager. `endpoint` is where it listens."""

    def __init__(self, target: str, *rules: Rule) -> None:
        self._target = (str(urlsplit(target).hostname), int(urlsplit(target).port or 80))
        self.rules = list(rules)
        #: When (monotonic seconds) each request came, and its first line.
        self.requests: list[tuple[float, str]] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> FaultyProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with closing(client), suppress(OSError):
            server = socket.create_connection(self._target)
            with closing(server):
                while request := _message(client, has_body=True):
                    head = request[0]
                    server.sendall(b"".join(request))
                    method, _, _ = head.partition(b" ")
                    answer = _message(server, has_body=method != b"HEAD")
                    if not answer:
                        return
                    rule = self._rule(method.decode(), head.split(b"\r\n")[0].decode("latin-1"))
                    if rule is None:
                        client.sendall(b"".join(answer))
                        continue
                    time.sleep(rule.wait)
                    client.sendall(rule.change(*answer))
                    if rule.reset:
                        # An unsent rest and no lingering make the kernel send RST.
                        client.setsockopt(
                            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
                        )
                    return

    def _rule(self, method: str, line: str) -> Rule | None:
        with self._lock:
            self.requests.append((time.monotonic(), line))
            for rule in self.rules:
                if rule.used < rule.times and rule.method == method and rule.mark in line:
                    rule.used += 1
                    return rule
        return None


def _message(peer: socket.socket, *, has_body: bool) -> tuple[bytes, bytes] | None:
    """Head (with its blank line) and body of the next message; None when the peer has ended."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = peer.recv(65_536)
        if not more:
            return None
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if has_body and fields.get(b"transfer-encoding", b"").strip() == b"chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += peer.recv(65_536)
        return head + b"\r\n\r\n", body
    missing = int(fields.get(b"content-length", b"0")) - len(body) if has_body else 0
    parts = [body]
    while missing > 0:
        more = peer.recv(min(65_536, missing))
        if not more:
            return None
        missing -= len(more)
        parts.append(more)
    return head + b"\r\n\r\n", b"".join(parts)


def cut(place: float) -> Answer:
    """The beginning of an answer: that part (0 to 1) of all its bytes, head and body."""

    def change(head: bytes, body: bytes) -> bytes:
        whole = head + body
        return whole[: int(len(whole) * place)]

    return change


def shortened(missing: int) -> Answer:
    """A body without its last bytes, and a Content-Length that hides it."""

    def change(head: bytes, body: bytes) -> bytes:
        return with_length(head, len(body) - missing) + body[:-missing]

    return change


def flipped(place: float, bits: int = 1) -> Answer:
    """A body with one byte changed at that part (0 to 1) of it."""

    def change(head: bytes, body: bytes) -> bytes:
        at = min(int(len(body) * place), len(body) - 1)
        return head + body[:at] + bytes([body[at] ^ bits]) + body[at + 1 :]

    return change


def with_length(head: bytes, length: int) -> bytes:
    """With another length, and with word of the close that follows: else the next request may meet it."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*lines[:-2], b"Content-Length: %d" % length, b"Connection: close", b"", b""])


def dated(date: str) -> Answer:
    """The answer of a server whose clock is wrong."""

    def change(head: bytes, body: bytes) -> bytes:
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
        return b"\r\n".join([*lines[:-2], b"Date: " + date.encode(), b"Connection: close", b"", b""]) + body

    return change


def refused(status: int, code: str, retry_after: str = "") -> Answer:
    """An error of S3 in place of the answer."""
    wait = f"Retry-After: {retry_after}\r\n" if retry_after else ""

    def change(_head: bytes, _body: bytes) -> bytes:
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>m</Message></Error>'
        ).encode()
        return (
            f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
            f"{wait}Connection: close\r\n\r\n"
        ).encode() + body

    return change

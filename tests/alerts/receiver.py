"""A web server that takes messages, and answers as it is told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a long random secret"


class Receiver:
    """Collects the bodies and headers that are posted to it; `status` is what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was taken (2xx) or not, in order."""
        return [json.loads(body) for body in self.bodies]

    def signed_rightly(self, number: int) -> bool:
        """As a receiver checks it, by the Standard Webhooks specification."""
        headers = self.headers[number]
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + self.bodies[number]
        digest = hmac.new(SECRET.encode(), text, hashlib.sha256).digest()
        return headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

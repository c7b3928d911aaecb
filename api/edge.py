"""The outermost layer: request ids, security headers, HEAD, and which host names are answered at all."""

from __future__ import annotations

import re
import secrets
from typing import Any

import msgspec
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api import guards
from api.paths import DOCS, PROBLEMS
from api.problems import MEDIA_TYPE, Problem, with_head
from warehouse.errors import AccessDeniedError
from warehouse.settings import Settings

_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: The viewer of the API's description writes style attributes; scripts stay as strict.
_DOCS = _STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class Edge:
    """Wraps the application; every answer passes here, those to unknown paths too."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        given: Any = scope
        headers = Headers.from_scope(scope)
        request_id = headers.get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = secrets.token_hex(8)
        given.setdefault("state", {})["request_id"] = request_id
        asked_for_head = given["method"] == HttpMethod.HEAD
        if asked_for_head:
            # A copy: the server has to go on knowing that no body may follow.
            given = {**given, "method": HttpMethod.GET.value}
        policy = _DOCS if given["path"].rstrip("/") == DOCS else _STRICT

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                out = MutableScopeHeaders.from_message(message)
                out["x-request-id"] = request_id
                out["x-content-type-options"] = "nosniff"
                out["referrer-policy"] = "no-referrer"
                out["content-security-policy"] = policy
                out["cross-origin-resource-policy"] = "same-origin"
                if "cache-control" not in out:
                    out["cache-control"] = "no-store"
                if "allow" in out:
                    out["allow"] = with_head(out["allow"])
            elif asked_for_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        if guards.host_is_allowed(headers.get("host"), self._settings):
            await self._app(given, receive, send_with_headers)
        else:
            await _refuse(given["path"], send_with_headers)


async def _refuse(path: str, send: Send) -> None:
    problem = Problem(
        type=f"{PROBLEMS}/{AccessDeniedError.slug}",
        title=AccessDeniedError.title,
        status=AccessDeniedError.http_status,
        detail="this server listens on loopback and answers to localhost, 127.0.0.1 and [::1] only",
        instance=path,
    )
    body = msgspec.json.encode(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

"""Who may do what: the admin token, pages of other origins, foreign host names.

A server on loopback is reachable from every web page that the user opens, through a form or through a
host name that was rebound to 127.0.0.1. So a state-changing request must come from our own origin or from
no page at all, and a loopback server answers only to loopback names.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from warehouse.errors import AccessDeniedError, AuthenticationError, SettingError
from warehouse.settings import Settings

TOKEN_VARIABLE = "WAREHOUSE_ADMIN_TOKEN"
#: A Host header: a name or an address, an IPv6 one in brackets, and perhaps a port.
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def is_loopback(host: str) -> bool:
    """Does this address or name mean this machine alone?"""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def check_bind(settings: Settings) -> None:
    """Raise SettingError for no address, and for one that opens the two admin endpoints to others."""
    if not settings.host.strip(" []"):
        raise SettingError(
            "the address to bind (--host, WAREHOUSE_HOST) is empty",
            hint="for example 127.0.0.1 for this machine alone, or 0.0.0.0 for every address of it",
            field="WAREHOUSE_HOST",
        )
    if not is_loopback(settings.host) and not settings.admin_token:
        raise SettingError(
            f"{settings.host} can be reached from other machines, and {TOKEN_VARIABLE} is not set",
            hint=f"set {TOKEN_VARIABLE}, or bind 127.0.0.1",
            field=TOKEN_VARIABLE,
        )


def require_admin(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard of the endpoints that change something.

    Raises AccessDeniedError for a foreign origin or an unprotected server, AuthenticationError for a
    missing or wrong token.
    """
    settings: Settings = connection.app.state.settings
    refuse_other_origins(connection)
    if settings.admin_token:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        # As the bytes that were sent: headers are decoded as Latin-1, tokens are UTF-8.
        right = hmac.compare_digest(token.strip().encode("latin-1"), settings.admin_token.encode())
        if scheme.lower() != "bearer" or not right:
            raise AuthenticationError(
                f"send the header `Authorization: Bearer` with the value of {TOKEN_VARIABLE}"
            )
    elif not is_loopback(settings.host):
        raise AccessDeniedError(
            f"this server can be reached from other machines and has no admin token: set {TOKEN_VARIABLE}"
        )


def refuse_other_origins(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Raise AccessDeniedError when a web page of another origin sends this."""
    origin = connection.headers.get("origin")
    site = connection.headers.get("sec-fetch-site", "none")
    own = connection.headers.get("host", "").lower()
    if origin is not None:
        # Compared as text: what is no address at all ("http://[::1") is no page of ours either.
        scheme, _, sent = origin.partition("://")
        if scheme.lower() not in ("http", "https") or sent.lower() != own:
            raise AccessDeniedError("pages of another origin may not change anything here")
    elif site not in ("none", "same-origin"):
        raise AccessDeniedError("pages of another origin may not change anything here")


def host_is_allowed(header: str | None, settings: Settings) -> bool:
    """May a request with this Host header be answered? Only a loopback server is choosy."""
    if not is_loopback(settings.host):
        return True
    # Not `urlsplit`: it drops tabs, and so takes names that the rest of the server stumbles over.
    found = _HOST.fullmatch(header or "")
    return found is not None and is_loopback(found.group(1))

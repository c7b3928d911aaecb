"""What all that speaks with the Cloudflare API has in common: its way there, ids, tokens and its errors."""

from __future__ import annotations

import re
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import urllib3

from warehouse.errors import SettingError

_ACCOUNT = re.compile(r"[0-9A-Za-z-]{1,63}")


def account_of(account_id: str) -> str:
    """An account's id as it may stand in an address, or a SettingError."""
    if not _ACCOUNT.fullmatch(account_id):
        raise SettingError(
            f"CLOUDFLARE_ACCOUNT_ID does not take {account_id!r}",
            hint="it is the 32 hex digits that the dashboard's address shows",
            field="CLOUDFLARE_ACCOUNT_ID",
        )
    return account_id


def usable_token(token: str, variable: str) -> str:
    """The token of a variable, or a SettingError that does not show it: it becomes part of a header."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise SettingError(
            f"{variable} holds characters that no API token has",
            hint="copy the token again, without quotes or line breaks",
            field=variable,
        )
    return token


def http_pool(url: str) -> urllib3.PoolManager:
    """A pool that goes through the proxy of the environment (HTTPS_PROXY, NO_PROXY), as boto3 does."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()


def cause(error: Exception) -> str:
    """The kind of a network failure; its text is left out, because it may quote a header."""
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, Exception) else error).__name__


def reason_of(body: dict[str, Any], status: int, token: str) -> str:
    """What Cloudflare says, shortened to one line."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(message, str) or not message.strip():
        return f"status {status}"
    return f"{' '.join(message.replace(token, '***').split())[:200]} (status {status})"


def host_of(url: str) -> str:
    """The host of an address, for messages."""
    try:
        host = urlsplit(url).hostname
    except ValueError:  # it is no address
        host = None
    return host or "the Cloudflare API"

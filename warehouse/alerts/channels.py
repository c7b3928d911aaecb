"""Where messages go: a signed webhook, and whatever apprise can reach.

What goes wrong is told without addresses: they may hold tokens.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
import urllib3

from warehouse.cloudflare import cause, http_pool
from warehouse.errors import NotifyError, SettingError
from warehouse.settings import Settings

_TIMEOUT = urllib3.Timeout(connect=5, read=10)


class Channel(Protocol):
    """One way to tell people."""

    def send(self, message_id: str, message: dict[str, Any]) -> None:
        """Deliver a message; raises NotifyError when it did not arrive for certain."""


class Webhook:
    """POSTs JSON, signed as the Standard Webhooks specification (1.0) says.

    HMAC-SHA256 over id, time and body. The id is the same at every attempt, so that a receiver can drop what
    comes twice.
    """

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._key = _key(secret)

    def send(self, message_id: str, message: dict[str, Any]) -> None:
        """Raises NotifyError unless the answer is 2xx; a redirect is none."""
        body = msgspec.json.encode(message)
        at = str(int(time.time()))
        signed = hmac.new(self._key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }
        try:
            with http_pool(self._url) as pool:
                # The answer's body is not read: it could be one without an end.
                answer = pool.request(
                    "POST",
                    self._url,
                    body=body,
                    headers=headers,
                    timeout=_TIMEOUT,
                    retries=False,
                    preload_content=False,
                )
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            raise NotifyError(f"the webhook cannot be reached ({cause(error)})") from error
        if not 200 <= answer.status < 300:
            raise NotifyError(f"the webhook answered {answer.status}")


class Apprise:
    """Slack, e-mail, PagerDuty and everything else that apprise knows, by its address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, message_id: str, message: dict[str, Any]) -> None:
        """Raises NotifyError when apprise does not know the address or could not deliver."""
        sender = _silent_apprise().Apprise()
        if not sender.add(self._url):
            raise NotifyError("apprise does not know the address")
        kinds = {"firing": "failure", "resolved": "success"}
        try:
            delivered = sender.notify(
                title=message["title"], body=message["text"], notify_type=kinds.get(message["event"], "info")
            )
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything, and its text may hold a token
            raise NotifyError(f"apprise failed with {type(error).__name__}") from None
        if not delivered:
            raise NotifyError("apprise could not deliver")


def channels(settings: Settings) -> Mapping[str, Channel]:
    """The channels that the settings name. Raises SettingError for a webhook without a secret."""
    found: dict[str, Channel] = {}
    if settings.alert_webhook:
        _check_address(settings.alert_webhook)
        if not settings.alert_webhook_secret:
            raise SettingError(
                "WAREHOUSE_ALERT_WEBHOOK_SECRET is not set, by which the webhook is signed",
                hint="any long random text, for example of `openssl rand -base64 32`",
                field="WAREHOUSE_ALERT_WEBHOOK_SECRET",
            )
        found["webhook"] = Webhook(settings.alert_webhook, settings.alert_webhook_secret)
    for url in (settings.alert_notify or "").split():
        # The kind and a digest: an address stays the same channel, and does not show.
        digest = hashlib.sha256(url.encode()).hexdigest()[:8]
        found[f"{url.partition(':')[0].lower()}-{digest}"] = Apprise(url)
    return found


def reason_of(error: Exception) -> str:
    """Why a message did not arrive; of an unknown error only its kind, as its text may tell an address."""
    return error.detail if isinstance(error, NotifyError) else f"it failed with {type(error).__name__}"


def _check_address(url: str) -> None:
    """Raise SettingError unless a message can be posted to an address."""
    field = "WAREHOUSE_ALERT_WEBHOOK"
    if not url.startswith(("http://", "https://")):
        raise SettingError(f"{field} is no address that begins with http:// or https://", field=field)
    hint = "an address as https://alerts.example.com/hook; an IPv6 address stands in brackets"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and bool(urllib3.util.parse_url(url).host)
    except (ValueError, urllib3.exceptions.HTTPError):
        # Without its cause: that quotes the address, which may hold a token.
        detail = f"{field} is no address: its host or port cannot be read"
        raise SettingError(detail, hint=hint, field=field) from None
    if not usable or any(character.isspace() for character in url):
        raise SettingError(f"{field} is no address with a host and without blanks", hint=hint, field=field)


def _silent_apprise() -> ModuleType:
    """apprise without its log, which names addresses with their tokens, in forms that no masking knows."""
    # Before the import and at every use: whoever configures logging in between may have woken it again.
    # Loggers below it hand their messages on to its handlers, though it is disabled.
    log = logging.getLogger("apprise")
    log.disabled, log.propagate = True, False
    log.handlers = [logging.NullHandler()]
    import apprise  # takes a moment to load

    return apprise


def _key(secret: str) -> bytes:
    """The specification's `whsec_` and base64, or any text."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error as error:
            raise SettingError(
                "WAREHOUSE_ALERT_WEBHOOK_SECRET begins with whsec_ and is no base64",
                field="WAREHOUSE_ALERT_WEBHOOK_SECRET",
            ) from error
    return secret.encode()

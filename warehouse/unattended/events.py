"""What a message of R2 says: that something happened to a key. What is there now, the bucket is asked."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from msgspec import Struct

from warehouse.errors import QueueError
from warehouse.unattended.queue import Message

#: A key of S3 is no longer than this (bytes of UTF-8); a longer one would be refused at every delivery.
_LONGEST_KEY = 1024


class _Object(Struct, rename="camel"):
    key: str
    e_tag: str | None = None


class _Body(Struct):
    action: str
    bucket: str
    object: _Object


class Event(Struct, frozen=True):
    """Something was written to a key (`etag`: the version), or deleted from it (`etag` None)."""

    bucket: str
    key: str
    etag: str | None


def read(message: Message) -> Event:
    """The event of a message; raises QueueError when it is none.

    The action is not looked at: events come in no order, so only the bucket knows what is there now.
    """
    try:
        body = msgspec.convert(_content(message), _Body)
    except (msgspec.MsgspecError, binascii.Error, UnicodeError) as error:
        raise QueueError(f"message {message.id} is no event of R2: {error}") from error
    key = body.object.key
    if not key or len(key.encode("utf-8", "surrogatepass")) > _LONGEST_KEY:
        raise QueueError(f"message {message.id} is no event of R2: its key is empty or too long")
    return Event(body.bucket, key, (body.object.e_tag or "").strip('"') or None)


def _content(message: Message) -> Any:
    """The body: an object as it is, text as JSON, `json` and `bytes` as JSON in base64."""
    body = message.body
    if not isinstance(body, str):
        return body
    kinds = {name.lower(): value for name, value in message.metadata.items()}
    kind = str(kinds.get("cf-content-type", "json")).lower()
    if kind == "text" or body.lstrip().startswith("{"):
        return msgspec.json.decode(body)
    return msgspec.json.decode(base64.b64decode(body, validate=True))

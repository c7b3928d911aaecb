"""What a message says: every content type of the queue, and messages that are no events."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from warehouse.errors import QueueError
from warehouse.unattended.events import Event, read
from warehouse.unattended.queue import Message

BODY = {
    "account": "3f4b7e3dcab231cbfdaa90a6a28bd548",
    "action": "CopyObject",
    "bucket": "my-bucket",
    "object": {"key": "logs/ä b.jsonl", "size": 65536, "eTag": "c846ff7a18f28c2e262116d6e8719ef0"},
    "eventTime": "2026-11-10T19:36:44.379Z",
    "copySource": {"bucket": "my-bucket", "object": "other"},
}
EVENT = Event("my-bucket", "logs/ä b.jsonl", "c846ff7a18f28c2e262116d6e8719ef0")
TEXT = json.dumps(BODY)
BASE64 = base64.b64encode(TEXT.encode()).decode()


def message(body: Any, kind: str | None = "json") -> Message:
    metadata = {"CF-Content-Type": kind} if kind else {}
    return Message(id="m1", lease_id="l1", body=body, metadata=metadata)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(BASE64, "json"), (BASE64, "bytes"), (BASE64, None), (TEXT, "text"), (TEXT, "json"), (BODY, "json")],
)
def test_every_content_type_is_read(body: Any, kind: str | None) -> None:
    assert read(message(body, kind)) == EVENT


def test_a_deletion_names_no_version() -> None:
    for action in ("DeleteObject", "LifecycleDeletion"):
        body = {"action": action, "bucket": "b", "object": {"key": "logs/1"}}
        assert read(message(body)) == Event("b", "logs/1", None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("not base64!", "json"),
        (base64.b64encode(b"no JSON").decode(), "json"),
        (base64.b64encode(b"\xff\xfe").decode(), "bytes"),
        ("no JSON", "text"),
        (None, "json"),
        ([BODY], "json"),
        ({**BODY, "object": {}}, "json"),
        ({**BODY, "object": {"key": 7}}, "json"),
        ({**BODY, "object": {"key": ""}}, "json"),
        ({**BODY, "object": {"key": "ä" * 513}}, "json"),
        ({"hello": "world"}, "json"),
        (BASE64[:-10] + "==", "v8"),
    ],
)
def test_what_is_no_event_is_told_with_its_id(body: Any, kind: str) -> None:
    with pytest.raises(QueueError, match="message m1 is no event of R2: ") as told:
        read(message(body, kind))
    assert told.value.title == "The queue cannot be used"

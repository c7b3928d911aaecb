"""Lines as they come from crashes, full disks and foreign tools: none of them is a log entry."""

from __future__ import annotations

from collections.abc import Callable


def _cut(line: bytes) -> bytes:
    return line[: len(line) // 2]


def _plain_text(_line: bytes) -> bytes:
    return b"npm error code ETIMEDOUT: the logger was not ready yet"


def _blank(_line: bytes) -> bytes:
    return b""


def _array(line: bytes) -> bytes:
    return b"[" + line + b"]"


def _bad_utf8(line: bytes) -> bytes:
    return line.replace(b'"message":"', b'"message":"caf\xe9 \xff', 1)


def _no_timestamp(line: bytes) -> bytes:
    return b"{" + line.partition(b",")[2]


KINDS: tuple[Callable[[bytes], bytes], ...] = (_cut, _plain_text, _blank, _array, _bad_utf8, _no_timestamp)


def damaged(line: bytes, number: int) -> bytes:
    """A malformed line made from a good one; the kinds take turns by `number`."""
    return KINDS[number % len(KINDS)](line)

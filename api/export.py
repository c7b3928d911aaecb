"""A page of log entries as NDJSON or CSV, written piece by piece."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

_PIECE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = (
    "time",
    "timestamp",
    "level",
    "source",
    "message",
    "configHash",
    "responseMs",
    "status",
    "method",
    "path",
    "package",
    "packageVersion",
    "metadata",
    "objectKey",
    "line",
    "bucket",  # the last one, because it came later: readers by position go on
)
#: A cell that begins so is a formula to a spreadsheet: whoever can write a log line could run it. As
#: no_formula of sql/macros/export.sql has it.
_FORMULA = re.compile("[\\t\\r\\n]|[\\s\\u200b\\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")


def ndjson(entries: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """One entry per line."""
    for piece in _pieces(entries):
        yield b"".join(msgspec.json.encode(entry) + b"\n" for entry in piece)


def as_csv(entries: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """A header and one row per entry (RFC 4180); metadata is one cell of JSON."""
    yield (",".join(COLUMNS) + "\r\n").encode()
    for piece in _pieces(entries):
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerows([_cell(entry, column) for column in COLUMNS] for entry in piece)
        yield buffer.getvalue().encode("utf-8", "replace")


def _pieces(entries: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for begin in range(0, len(entries), _PIECE):
        yield entries[begin : begin + _PIECE]


def _cell(entry: dict[str, Any], column: str) -> Any:
    if column == "time":
        moment = _EPOCH + timedelta(milliseconds=entry["timestamp"])
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    value = entry.get(column)
    if isinstance(value, dict | list):
        value = msgspec.json.encode(value).decode()
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value

"""How results look: JSON for programs; counts, sizes, times and tables for people.

Only presentation: the numbers come from SQL as they are shown.
"""

from __future__ import annotations

import base64
import json
import math
import sys
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def plain(value: Any) -> Any:
    """A value of DuckDB as JSON can hold it: times as ISO 8601, NaN and infinity as null, bytes as base64."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    return str(value)


def to_json(value: Any) -> str:
    """One line of JSON."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def write(text: str) -> None:
    """A text and a line end on stdout."""
    write_parts([text, "\n"])


def write_parts(parts: Iterable[str]) -> None:
    """Pieces of text on stdout. What the terminal's encoding cannot show becomes an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    for part in parts:
        sys.stdout.write(part.encode(encoding, "backslashreplace").decode(encoding))


def camel(struct: msgspec.Struct) -> dict[str, Any]:
    """The fields of a struct, and of structs in it, as the API has them: camelCase, epoch ms."""
    rows = {}
    for name in struct.__struct_fields__:
        first, *rest = name.split("_")
        rows[first + "".join(word.capitalize() for word in rest)] = _nested(getattr(struct, name))
    return rows


def _nested(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return camel(value)
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    return [_nested(item) for item in value] if isinstance(value, list) else value


def count(number: int) -> str:
    """1234567 as 1,234,567."""
    return f"{number:,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """1 object, 2 objects; `many` where the plural is not made with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    """Bytes in the largest unit that leaves a number of 1 or more."""
    value, unit = float(number), 0
    while abs(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{number} bytes" if unit == 0 else f"{value:,.1f} {_UNITS[unit]}"


def dollars(amount: float) -> str:
    """An amount of money with cents; a smaller one to the millionth."""
    return f"${amount:,.2f}" if amount >= 0.01 or amount == 0 else f"${amount:.6f}"


def moment(epoch_ms: int | None) -> str:
    """Epoch milliseconds as a UTC time to the second."""
    if epoch_ms is None:
        return "-"
    return datetime.fromtimestamp(epoch_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def pairs(rows: Sequence[tuple[str, str]], indent: str = "") -> str:
    """Names and values in two columns."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{indent}{name:<{width}}  {shown(value)}".rstrip() for name, value in rows)


def shown(value: Any) -> str:
    """A cell for people. Control characters become escapes: a log line must not steer a terminal."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.isoformat(sep=" ")
    elif not isinstance(value, str):
        value = value if isinstance(value, bool | int | float | Decimal) else plain(value)
        value = value if not isinstance(value, list | dict) else to_json(value)
        value = str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(_visible(letter) for letter in value) if not value.isprintable() else value


def _visible(letter: str) -> str:
    if letter.isprintable():
        return letter
    return letter.encode("unicode_escape", "backslashreplace").decode()


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal: wide East Asian letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    width: int | None = None,
    right: Container[int] = (),
) -> str:
    """A table; one block per row instead when the table is wider than `width` columns.

    Columns of numbers, and those whose position is in `right`, stand on the right.
    """
    cells = [[shown(value) for value in row] for row in rows]
    numeric = [
        at in right or all(isinstance(row[at], int | float | Decimal) or row[at] is None for row in rows)
        for at in range(len(columns))
    ]
    widths = [
        max([display_width(name), *(display_width(row[at]) for row in cells)])
        for at, name in enumerate(columns)
    ]
    if width is not None and sum(widths) + 2 * (len(widths) - 1) > width:
        blocks = [
            f"-- row {number} --\n" + pairs(list(zip(columns, row, strict=True)))
            for number, row in enumerate(cells, 1)
        ]
        return "\n".join(blocks)
    lines = [_line(columns, widths, numeric), "  ".join("-" * each for each in widths)]
    return "\n".join([*lines, *(_line(row, widths, numeric) for row in cells)])


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    shown_cells = []
    for cell, width, right in zip(cells, widths, numeric, strict=True):
        gap = " " * (width - display_width(cell))
        shown_cells.append(gap + cell if right else cell + gap)
    return "  ".join(shown_cells).rstrip()

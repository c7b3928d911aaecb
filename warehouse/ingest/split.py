"""From the text of a batch to numbered lines, and those of them that a fast lane takes, in order of time.

Nothing is lost on the way: what is no UTF-8 or nested without end becomes a line with a fault, which the
format sends to quarantine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.ingest.lines import Batch

RAW_LINES = pa.schema(
    [("object_no", pa.int32()), ("line", pa.int32()), ("raw", pa.large_string()), ("fault", pa.string())]
)
#: Lines for a fast lane (sql/lanes/), ordered by `ms`, the epoch milliseconds that they begin with.
USUAL_LINES = pa.schema(
    [("object_no", pa.int32()), ("line", pa.int32()), ("ms", pa.int64()), ("raw", pa.string_view())]
)
#: JSON parsers recurse: a line nested without end would crash the process, at every sync again.
_DEPTH = 500
_TOKEN = re.compile(rb'[\[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
#: Bytes that are searched at a time, so that they stay in the processor's cache.
_SEARCHED = 1 << 18
#: What may stand right before a number in JSON.
_BEFORE_NUMBER = np.frombuffer(b":,[- \t\r", np.uint8)
#: How Arrow refers to a text of more than 12 bytes in a buffer.
_VIEW = np.dtype([("length", "<i4"), ("prefix", "V4"), ("buffer", "<i4"), ("offset", "<i4")])
_MS_DIGITS = 13
_DAY_MS = 86_400_000
_POWERS = 10 ** np.arange(_MS_DIGITS - 1, -1, -1, dtype=np.int64)

_Bytes = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.int64]


class Lines:
    """The lines of a batch, numbered.

    `table` has a row per line, and one per fault (as line 0): object_no, line, raw with its line end, fault.
    It refers to the batch's memory, and so do the lines that `usual` and `unusual` give.
    """

    def __init__(self, batch: Batch) -> None:
        self._text = text = batch.text.array
        self._ends = _line_ends(text)
        self._offsets = np.concatenate([np.zeros(1, np.int64), self._ends + 1])
        count = len(self._ends)
        raw: pa.Array = pa.LargeStringArray.from_buffers(
            count, pa.py_buffer(self._offsets), pa.py_buffer(text)
        )
        fault: pa.Array = pa.nulls(count, pa.string())
        try:
            raw.validate(full=True)
        except pa.ArrowInvalid:
            raw, fault = _escaped(raw)
        self._object_no = np.repeat(
            np.array([piece.object_no for piece in batch.pieces], np.int32),
            [piece.count for piece in batch.pieces],
        )
        self._line = np.concatenate(
            [
                np.arange(piece.first_line, piece.first_line + piece.count, dtype=np.int32)
                for piece in batch.pieces
            ]
            or [np.zeros(0, np.int32)]
        )
        found = dict.fromkeys(_too_deep(text, self._offsets), f"nested more than {_DEPTH} levels deep")
        for object_no, line, reason in batch.long:
            (number,) = np.flatnonzero((self._object_no == object_no) & (self._line == line)).tolist()
            found[number] = reason
        if found:
            reasons = fault.to_pylist()
            for number, reason in found.items():
                reasons[number] = reason
            fault = pa.array(reasons, pa.string())
        self._fault = fault
        self.table = pa.table([self._object_no, self._line, raw, fault], schema=RAW_LINES)
        if batch.faults:
            faults = [
                [number for number, _ in batch.faults],
                [0] * len(batch.faults),
                [""] * len(batch.faults),
                [reason for _, reason in batch.faults],
            ]
            self.table = pa.concat_tables([self.table, pa.table(faults, schema=RAW_LINES)])
        self._usual = np.zeros(0, np.int64)

    def usual(self, opening: bytes) -> pa.Table:
        """The lines that begin with `opening`, 13 digits and a comma, and are fit for a fast lane, by time.

        Fit are whole UTF-8 lines that end with a brace and in which nothing looks like a NaN or an infinity,
        which DuckDB takes for JSON. Lines of one time are in the order of their numbers.
        """
        text, starts, sizes = self._text, self._offsets[:-1], np.diff(self._offsets)
        head = len(opening) + _MS_DIGITS + 1
        # A view refers to a text by 31 bits.
        fit = (sizes > head + 2) & (self._offsets[1:] < 2**31)
        if self._fault.null_count < len(fit):
            fit &= self._fault.is_null().to_numpy(zero_copy_only=False)
        fit[np.searchsorted(self._ends, _odd_places(text))] = False
        numbers = np.flatnonzero(fit)
        if not len(numbers):
            return USUAL_LINES.empty_table()
        heads = np.lib.stride_tricks.sliding_window_view(text, head)[starts[numbers]]
        digits = heads[:, len(opening) : -1] - ord("0")  # what is less than 0 is more than 9 in a byte
        alike = (heads[:, : len(opening)] == np.frombuffer(opening, np.uint8)).all(axis=1)
        alike &= (digits <= 9).all(axis=1) & (heads[:, -1] == ord(","))
        alike &= text[self._ends[numbers] - 1] == ord("}")
        numbers, times = numbers[alike], digits[alike] @ _POWERS
        order = np.argsort(times, kind="stable")
        self._usual = numbers = numbers[order]
        views = np.empty(len(numbers), _VIEW)
        views["length"], views["offset"] = sizes[numbers], starts[numbers]
        views["prefix"], views["buffer"] = np.void(opening[:4]), 0
        raw = pa.Array.from_buffers(
            pa.string_view(), len(numbers), [None, pa.py_buffer(views), pa.py_buffer(text)]
        )
        return pa.table(
            [self._object_no[numbers], self._line[numbers], times[order], raw], schema=USUAL_LINES
        )

    def unusual(self) -> pa.Table:
        """The rows of `table` that `usual` did not give."""
        rest = np.ones(self.table.num_rows, np.bool_)
        rest[self._usual] = False
        return self.table.filter(pa.array(rest))


def days(usual: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The lines that `Lines.usual` gave by UTC date (ISO), none of them copied."""
    numbers = usual.column("ms").to_numpy() // _DAY_MS
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for start, end in pairwise(edges):
        if start < end:
            yield str(np.datetime64(int(numbers[start]), "D")), usual.slice(start, end - start)


def _line_ends(text: _Bytes) -> _Places:
    """Where the newlines are."""
    ends = [np.zeros(0, np.int64)]
    for start in range(0, len(text), _SEARCHED):
        ends.append(np.flatnonzero(text[start : start + _SEARCHED] == ord("\n")) + start)
    return np.concatenate(ends)


def _odd_places(text: _Bytes) -> _Places:
    """Where something begins that may be NaN or Infinity (in any case, or inf)."""
    words = [np.zeros(0, np.int64)]
    for start in range(0, len(text), _SEARCHED):
        # Two bytes more, so that no word is cut.
        part = text[start : start + _SEARCHED + 2] | 0x20
        n = part == ord("n")
        nan = n[:-2] & (part[1:-1] == ord("a")) & n[2:]
        inf = (part[:-2] == ord("i")) & n[1:-1] & (part[2:] == ord("f"))
        words.append(np.flatnonzero(nan | inf) + start)
    found = np.concatenate(words)
    found = found[np.isin(text[found - 1], _BEFORE_NUMBER)]
    return np.array([at for at in found.tolist() if _may_be_value(text, at)], np.int64)


def _may_be_value(text: _Bytes, at: int) -> bool:
    """Could a JSON value begin here? After the sign and blanks before it, something opens or divides."""
    before = text[max(0, at - 64) : at].tobytes().rstrip(b"-").rstrip(b" \t\r")
    return not before or before[-1:] in b":,["


def _too_deep(text: _Bytes, offsets: _Places) -> list[int]:
    """The lines (from 0) nested beyond the limit; only lines long enough for that are looked at."""
    long = np.flatnonzero(np.diff(offsets) > 2 * _DEPTH).tolist()
    return [
        number for number in long if _depth(text[offsets[number] : offsets[number + 1]].tobytes()) > _DEPTH
    ]


def _depth(line: bytes) -> int:
    """How deep the brackets of a line are nested, those in strings aside; 0 when they are few."""
    if line.count(b"{") + line.count(b"[") <= _DEPTH:
        return 0
    depth = deepest = 0
    for token in _TOKEN.findall(line):
        if token in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif token in b"}]":
            depth -= 1
    return deepest


def _escaped(raw: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Lines that are no UTF-8, odd bytes written in hexadecimal, and for each a fault that says where."""
    texts: list[str] = []
    faults: list[str | None] = []
    for value in raw.cast(pa.large_binary()).to_pylist():
        try:
            texts.append(value.decode())
            faults.append(None)
        except UnicodeDecodeError as error:
            texts.append(value.decode(errors="backslashreplace"))
            faults.append(f"not valid UTF-8 at byte {error.start + 1}")
    return pa.array(texts, pa.large_string()), pa.array(faults, pa.string())

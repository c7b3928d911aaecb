"""From the bytes of objects to numbered lines: inflate, cut into batches at line ends, split.

Nothing is lost on the way: what cannot be inflated or is no UTF-8 becomes a line with a fault, which the
format sends to quarantine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import numpy as np
import pyarrow as pa
import zstandard
from isal import isal_zlib
from msgspec import Struct, field

from warehouse.errors import ObjectError
from warehouse.settings import MIB

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
#: Compressed bytes inflated at a time: gzip makes at most 4 MB of them and zstd 128 MB, so that no object,
#: however well it compresses, has to fit in memory inflated.
_SLICE = 4096
_PLAIN_SLICE = 4 * MIB
#: Lines that a batch holds at most: each costs memory of its own, be it empty.
_BATCH_LINES = 500_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: What the two libraries raise on damaged data.
_DAMAGE: tuple[type[Exception], ...] = (
    cast("type[Exception]", isal_zlib.IsalError),
    zstandard.ZstdError,
    OSError,
    ValueError,
)
#: JSON parsers recurse: a line nested without end would crash the process, at every sync again.
_DEPTH = 500
_TOKEN = re.compile(rb'[\[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)

#: `plain` lines are fit for a fast lane (sql/lanes/): whole UTF-8, and nothing in them looks like a NaN or an
#: infinity, which DuckDB takes for JSON.
RAW_LINES = pa.schema(
    [
        ("object_no", pa.int32()),
        ("line", pa.int32()),
        ("raw", pa.large_string()),
        ("fault", pa.string()),
        ("plain", pa.bool_()),
    ]
)
#: Bytes that are searched at a time, so that they stay in the processor's cache.
_SEARCHED = 1 << 18
#: What may stand right before a number in JSON.
_BEFORE_NUMBER = np.frombuffer(b":,[- \t\r", np.uint8)


def compression(body: bytes) -> str:
    """gzip, zstd or none, by the first bytes: names and Content-Encoding are not to be trusted."""
    if body.startswith(_GZIP):
        return "gzip"
    # Parallel compressors begin with a frame that is to be skipped.
    return "zstd" if body.startswith(_ZSTD) or _ZSTD_SKIPPABLE.match(body) else "none"


def inflate(body: Iterable[bytes]) -> Iterator[bytes]:
    """The text of an object in pieces; all members of a gzip or zstd file, with their checksums checked.

    `body` gives the object's bytes in parts, each time anew. Raises ObjectError where the data are damaged or
    end early, after everything before has been given.
    """
    kind = compression(_head(body))
    if kind == "none":
        yield from _slices(body, _PLAIN_SLICE)
        return
    given = start = 0
    try:
        for begin, text in _members(_slices(body, _SLICE), kind):
            start = begin
            given += len(text)
            yield text
    except ObjectError:
        # Of a slice with damage in it the libraries give nothing. Byte by byte they give what is before it.
        for _, text in _members(_slices(body, _SLICE, careful_from=start), kind):
            if len(text) > given:
                yield text[given:]
            given = max(0, given - len(text))


def _head(body: Iterable[bytes]) -> bytes:
    """The first bytes of an object, enough to tell its compression."""
    head = b""
    for part in body:
        head += part[:4]
        if len(head) >= 4:
            break
    return head


def _slices(body: Iterable[bytes], size: int, careful_from: int | None = None) -> Iterator[bytes]:
    """An object's bytes in slices of at most `size`; from `careful_from` on of one byte."""
    begin = 0
    for part in body:
        start = 0
        while start < len(part):
            careful = careful_from is not None and begin + start >= careful_from
            end = start + (1 if careful else size)
            if careful_from is not None and not careful:
                end = min(end, start + careful_from - begin - start)
            yield part[start:end]
            start = end
        begin += len(part)


def _without_mark(texts: Iterator[bytes]) -> Iterator[bytes]:
    """A text without the byte order mark that some editors and Windows tools begin a file with."""
    for first in texts:
        yield first.removeprefix(_BYTE_ORDER_MARK)
        break
    yield from texts


def _members(slices: Iterable[bytes], kind: str) -> Iterator[tuple[int, bytes]]:
    """Text, with the place in the object where its slice begins."""
    new: Callable[[], Any] = (
        (lambda: isal_zlib.decompressobj(wbits=31))
        if kind == "gzip"
        else (lambda: zstandard.ZstdDecompressor().decompressobj())
    )
    member = new()
    start = 0
    for one in slices:
        piece = one
        while piece:
            if member.eof:
                # Some writers pad the end with zero bytes; those are no member.
                piece = piece.lstrip(b"\0")
                if not piece:
                    break
                member = new()
            try:
                text = member.decompress(piece)
            except _DAMAGE as error:
                raise ObjectError(f"damaged {kind} data: {error}") from error
            if text:
                yield start, text
            piece = member.unused_data if member.eof else b""
        start += len(one)
    if not member.eof:
        raise ObjectError(f"the {kind} data end early")


class Piece(Struct):
    """Consecutive whole lines of one object: `count` lines of which the first has number `first_line`.

    `bytes` is their text's size, line ends included.
    """

    object_no: int
    first_line: int
    count: int
    bytes: int


class Batch(Struct):
    """Whole lines of one or more objects of one format; `parts` is their text, every line with its newline.

    `faults` are whole objects or their rests that could not be inflated: (object_no, reason).
    """

    parts: list[bytes | memoryview] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    bytes: int = 0
    lines: int = 0
    format: str = "registry"


class Batcher:
    """Collects the lines of objects into batches of about `size` bytes; a line is never cut.

    There is one open batch per format, and together they hold at most twice the size.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._open: dict[str, Batch] = {}

    def add(
        self, object_no: int, body: Iterable[bytes], choose: Callable[[bytes], str | None] | None = None
    ) -> Iterator[Batch]:
        """Take one object; gives each batch that became full.

        `choose` gets the first whole lines and gives their format, or None for an object without log lines.
        """
        rest: list[bytes] = []
        line = 1
        form: str | None = None if choose else "registry"
        try:
            for text in _without_mark(inflate(body)):
                cut = text.rfind(b"\n") + 1
                if not cut:
                    rest.append(text)
                    continue
                if choose and not form:
                    form = choose(b"".join([*rest, text[:cut]]))
                    if form is None:
                        return
                batch = self._batch(form)
                line += _append(batch, object_no, line, [*rest, memoryview(text)[:cut]], text.count(b"\n"))
                rest = [text[cut:]] if cut < len(text) else []
                if batch.bytes >= self._size or batch.lines >= _BATCH_LINES:
                    yield self._open.pop(batch.format)
                elif sum(item.bytes for item in self._open.values()) >= 2 * self._size:
                    yield self._open.pop(max(self._open, key=lambda name: self._open[name].bytes))
        except ObjectError as error:
            self._batch(form).faults.append((object_no, error.detail))
        if rest:
            if choose and not form:
                form = choose(b"".join(rest))
                if form is None:
                    return
            _append(self._batch(form), object_no, line, [*rest, b"\n"], 1)

    def take(self) -> Batch:
        """An open batch as it stands; an empty one when there is none left."""
        return self._open.popitem()[1] if self._open else Batch()

    def _batch(self, form: str | None) -> Batch:
        form = form or "registry"
        return self._open.setdefault(form, Batch(format=form))


def _append(
    batch: Batch, object_no: int, first_line: int, parts: list[bytes | memoryview], count: int
) -> int:
    size = sum(map(len, parts))
    batch.parts += parts
    batch.pieces.append(Piece(object_no, first_line, count, size))
    batch.bytes += size
    batch.lines += count
    return count


def split(batch: Batch) -> pa.Table:
    """One row per line of a batch, and one per fault (as line 0): object_no, line, raw, fault."""
    # Joined once and here: a text that grows is copied many times over.
    text = b"".join(batch.parts)
    ends, odd = _ends_and_odd(text)
    offsets = np.concatenate([np.zeros(1, np.int64), ends + 1])
    count = len(ends)
    raw = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))
    fault: pa.Array = pa.nulls(count, pa.string())
    try:
        raw.validate(full=True)
    except pa.ArrowInvalid:
        raw, fault = _escaped(raw)
    if deep := _too_deep(text, offsets):
        reasons = fault.to_pylist()
        for number in deep:
            reasons[number] = f"nested more than {_DEPTH} levels deep"
        fault = pa.array(reasons, pa.string())
    plain = np.ones(count, np.bool_)
    plain[np.searchsorted(ends, odd)] = False
    if fault.null_count < count:
        plain &= fault.is_null().to_numpy(zero_copy_only=False)
    object_no = np.repeat(
        np.array([piece.object_no for piece in batch.pieces], np.int32),
        [piece.count for piece in batch.pieces],
    )
    line = np.concatenate(
        [
            np.arange(piece.first_line, piece.first_line + piece.count, dtype=np.int32)
            for piece in batch.pieces
        ]
        or [np.zeros(0, np.int32)]
    )
    table = pa.table([object_no, line, raw, fault, plain], schema=RAW_LINES)
    if not batch.faults:
        return table
    faults = pa.table(
        [
            [number for number, _ in batch.faults],
            [0] * len(batch.faults),
            [""] * len(batch.faults),
            [reason for _, reason in batch.faults],
            [False] * len(batch.faults),
        ],
        schema=RAW_LINES,
    )
    return pa.concat_tables([table, faults])


def _ends_and_odd(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Where lines end, and where something begins that may be NaN or Infinity (in any case, or inf)."""
    whole = np.frombuffer(text, np.uint8)
    ends: list[np.ndarray] = [np.zeros(0, np.int64)]
    words: list[np.ndarray] = [np.zeros(0, np.int64)]
    for start in range(0, len(text), _SEARCHED):
        ends.append(np.flatnonzero(whole[start : start + _SEARCHED] == 10) + start)
        # Two bytes more, so that no word is cut.
        part = whole[start : start + _SEARCHED + 2] | 0x20
        n = part == ord("n")
        nan = n[:-2] & (part[1:-1] == ord("a")) & n[2:]
        inf = (part[:-2] == ord("i")) & n[1:-1] & (part[2:] == ord("f"))
        words.append(np.flatnonzero(nan | inf) + start)
    found = np.concatenate(words)
    found = found[np.isin(whole[found - 1], _BEFORE_NUMBER)]
    return np.concatenate(ends), np.array([at for at in found.tolist() if _may_be_value(text, at)], np.int64)


def _may_be_value(text: bytes, at: int) -> bool:
    """Could a JSON value begin here? After the sign and blanks before it, something opens or divides."""
    before = text[max(0, at - 64) : at].rstrip(b"-").rstrip(b" \t\r")
    return not before or before[-1:] in b":,["


def _too_deep(text: bytes, offsets: np.ndarray) -> list[int]:
    """The lines (from 0) nested beyond the limit; only lines long enough for that are looked at."""
    long = np.flatnonzero(np.diff(offsets) > 2 * _DEPTH).tolist()
    return [number for number in long if _depth(text[offsets[number] : offsets[number + 1]]) > _DEPTH]


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

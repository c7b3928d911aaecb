"""From the bytes of objects to batches of whole lines: inflate, cut at line ends.

Nothing is lost on the way: what cannot be inflated becomes a fault of its object, which the format sends to
quarantine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import zstandard
from isal import isal_zlib
from msgspec import Struct, field

from warehouse.errors import ObjectError
from warehouse.ingest import heads, longlines
from warehouse.settings import MIB

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
#: Compressed bytes inflated at a time, of gzip four times as many: gzip makes at most 17 MB of them and zstd
#: 128 MB, so that no object, however well it compresses, has to fit in memory inflated.
_SLICE = 4096
_PLAIN_SLICE = 4 * MIB
#: Lines that a batch holds at most: each costs memory of its own, be it empty.
_BATCH_LINES = 500_000
#: Bytes that are handled faster by Python itself than by numpy.
_SHORT = 64 * 1024
#: A batch has its size and a line more; memory for longer lines is not kept.
_KEPT_BYTES = 64 * MIB
#: What the two libraries raise on damaged data.
_DAMAGE: tuple[type[Exception], ...] = (
    cast("type[Exception]", isal_zlib.IsalError),
    zstandard.ZstdError,
    OSError,
    ValueError,
)


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
    size = _SLICE if kind == "zstd" else 4 * _SLICE
    given = start = 0
    try:
        for begin, text in _members(_slices(body, size), kind):
            start = begin
            given += len(text)
            yield text
    except ObjectError:
        # Of a slice with damage in it the libraries give nothing. Byte by byte they give what is before it.
        for _, text in _members(_slices(body, size, careful_from=start), kind):
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


class Text:
    """Bytes that are put together, one part after the other, in memory that can serve again.

    Parts are copied at once, while the processor has them in its cache: kept until the batch is full, each
    would take memory of its own, which the kernel hands out zeroed.
    """

    def __init__(self, capacity: int = 0) -> None:
        self._memory = np.empty(capacity, np.uint8)
        self.size = 0

    def append(self, part: bytes | memoryview) -> None:
        """Put a part behind the others."""
        start, end = self.size, self.size + len(part)
        if end > len(self._memory):
            memory = np.empty(end + end // 2, np.uint8)
            memory[:start] = self._memory[:start]
            self._memory = memory
        if len(part) > _SHORT:
            self._memory[start:end] = np.frombuffer(part, np.uint8)
        else:
            self._memory.data[start:end] = part
        self.size = end

    @property
    def capacity(self) -> int:
        """Bytes that fit before memory is taken anew."""
        return len(self._memory)

    @property
    def array(self) -> npt.NDArray[np.uint8]:
        """All bytes so far, not copied: what is put in after `clear` overwrites them."""
        return self._memory[: self.size]

    def clear(self) -> None:
        """Begin anew in the same memory."""
        self.size = 0


class Batch(Struct):
    """Whole lines of one or more objects of one format; `text` is theirs, every line with its newline.

    `faults` are whole objects or their rests that could not be inflated: (object_no, reason); `long` are
    lines of which only the beginning is here: (object_no, line, reason).
    """

    text: Text = field(default_factory=Text)
    pieces: list[Piece] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    long: list[tuple[int, int, str]] = field(default_factory=list)
    lines: int = 0
    format: str = "registry"

    def append(
        self,
        object_no: int,
        first_line: int,
        parts: Iterable[bytes | memoryview],
        count: int,
        whole: int = 0,
    ) -> None:
        """Put in `count` whole lines of an object, in parts that may be cut anywhere.

        `whole` is the size of the first line where that was cut because it is too long.
        """
        start = self.text.size
        if whole:
            parts = longlines.beginning(parts)
            self.long.append((object_no, first_line, longlines.reason(whole)))
        for part in parts:
            self.text.append(part)
        missing = whole - longlines.KEPT if whole else 0
        self.pieces.append(Piece(object_no, first_line, count, self.text.size - start + missing))
        self.lines += count


class Batcher:
    """Collects the lines of objects into batches of about `size` bytes; a line is never cut.

    There is one open batch per format, and together they hold at most twice the size. Batches that are done
    with can be given back: their memory serves for others.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._open: dict[str, Batch] = {}
        self._idle: SimpleQueue[Text] = SimpleQueue()

    def add(
        self, object_no: int, body: Iterable[bytes], choose: Callable[[heads.Head], str | None] | None = None
    ) -> Iterator[Batch]:
        """Take one object; gives each batch that became full.

        `choose` gets its head and gives the format of its lines, or None for an object without log lines.
        """
        head, texts = heads.peek(inflate(body))
        form = choose(head) if choose else "registry"
        if form is None:
            return
        del head
        rest: list[bytes] = []
        #: Of the line that is open or ended last, when it was cut.
        sizes: list[int] = []
        line = 1
        try:
            for text in _few_lines(longlines.shortened(texts, sizes)):
                cut = text.rfind(b"\n") + 1
                if not cut:
                    rest.append(text)
                    continue
                batch = self._batch(form)
                count = _newlines(text)
                batch.append(object_no, line, [*rest, memoryview(text)[:cut]], count, *sizes)
                sizes.clear()
                line += count
                rest = [text[cut:]] if cut < len(text) else []
                if batch.text.size >= self._size or batch.lines >= _BATCH_LINES:
                    yield self._open.pop(batch.format)
                elif sum(item.text.size for item in self._open.values()) >= 2 * self._size:
                    yield self._open.pop(max(self._open, key=lambda name: self._open[name].text.size))
        except ObjectError as error:
            self._batch(form).faults.append((object_no, error.detail))
        if rest:
            self._batch(form).append(object_no, line, [*rest, b"\n"], 1, *sizes)

    def take(self) -> Batch:
        """An open batch as it stands; an empty one when there is none left."""
        return self._open.popitem()[1] if self._open else Batch()

    def give_back(self, batch: Batch) -> None:
        """Take the memory of a batch to which nothing refers any more; from any thread."""
        if batch.text.capacity <= _KEPT_BYTES:
            batch.text.clear()
            self._idle.put(batch.text)

    def _batch(self, form: str) -> Batch:
        if form not in self._open:
            try:
                text = self._idle.get_nowait()
            except Empty:
                text = Text(min(self._size, _KEPT_BYTES // 2) + _PLAIN_SLICE)
            self._open[form] = Batch(text, format=form)
        return self._open[form]


def _few_lines(texts: Iterable[bytes]) -> Iterator[bytes]:
    """The texts, those with more lines than a batch holds in slices: a slice compresses to very much."""
    for text in texts:
        many = len(text) > _BATCH_LINES < _newlines(text)
        yield from _slices([text], _BATCH_LINES if many else len(text))


def _newlines(text: bytes) -> int:
    """Like `text.count`, several times faster for a long text."""
    # Numpy lets other threads go on meanwhile, and then waits for its turn: longer than a short text takes.
    if len(text) <= _SHORT:
        return text.count(b"\n")
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord("\n")))

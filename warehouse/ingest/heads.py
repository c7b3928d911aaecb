"""How the text of an object begins: that tells its format, however the text comes in pieces.

The pieces that had to be read for it are put back. What waits is bounded, whatever the text: gigabytes of
blank lines, one line without an end, a slice that inflates to very much.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct

from warehouse.errors import ObjectError
from warehouse.ingest import longlines

#: Lines that tell a format, blank ones aside.
LINES = 8
#: Bytes within which they have to stand: no line that is read at all is longer.
BYTES = longlines.LONGEST
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_INK = re.compile(rb"\S")


class Head(Struct, frozen=True):
    """The beginning of a text. Its last line may lack an end only if no text follows.

    `whole`: this is all of the text, and it is not damaged.
    """

    text: bytes
    whole: bool = False

    def lines(self, most: int = LINES) -> list[str]:
        """The first lines, at most so many of them and none that is blank; odd bytes are replaced."""
        found: list[str] = []
        end = 0
        while len(found) < most and (ink := _INK.search(self.text, end)):
            start = self.text.rfind(b"\n", 0, ink.start()) + 1
            end = self.text.find(b"\n", start)
            if end < 0:
                end = len(self.text)
            found.append(self.text[start:end].decode(errors="replace"))
        return found


def peek(texts: Iterator[bytes]) -> tuple[Head, Iterator[bytes]]:
    """The head of a text that comes in pieces, and the pieces again.

    Both without the byte order mark that some editors and Windows tools begin a file with. Where the pieces
    end with an ObjectError, those that are given again do, after all the text before.
    """
    pieces: deque[bytes] = deque()
    damage: ObjectError | None = None
    ended = enough = inked = False
    count = size = 0
    try:
        while not enough:
            piece = next(texts, None)
            if piece is None:
                ended = True
                break
            pieces.append(piece)
            size += len(piece)
            more, inked = _ends(piece, inked, LINES - count)
            count += more
            enough = count >= LINES or size > BYTES
    except ObjectError as error:
        damage = error
    text = _joined(pieces)
    if text.startswith(_BYTE_ORDER_MARK):
        text = text[len(_BYTE_ORDER_MARK) :]
        _take_off(pieces, len(_BYTE_ORDER_MARK))
    if enough and count < LINES:
        text = text[: text.rfind(b"\n") + 1]
    return Head(text, whole=ended), _again(pieces, texts, damage)


def _ends(piece: bytes, inked: bool, most: int) -> tuple[int, bool]:
    """How many lines that are not blank end in a piece, up to `most`, and whether one is open behind it.

    `inked` says that of the line which is open before the piece.
    """
    count = end = 0
    while count < most:
        if not inked:
            ink = _INK.search(piece, end)
            if ink is None:
                break
            end = ink.start()
        end = piece.find(b"\n", end)
        if end < 0:
            return count, True
        count += 1
        inked = False
    return count, False


def _joined(pieces: Iterable[bytes]) -> bytes:
    """The first BYTES bytes; of one piece that is shorter no copy."""
    parts: list[bytes] = []
    room = BYTES
    for piece in pieces:
        parts.append(piece[:room])
        room -= len(parts[-1])
    return b"".join(parts)


def _take_off(pieces: deque[bytes], size: int) -> None:
    """Take bytes off the beginning."""
    while size:
        first = pieces.popleft()
        if len(first) > size:
            pieces.appendleft(first[size:])
        size -= min(size, len(first))


def _again(pieces: deque[bytes], texts: Iterator[bytes], damage: ObjectError | None) -> Iterator[bytes]:
    while pieces:
        yield pieces.popleft()
    if damage:
        raise damage
    yield from texts

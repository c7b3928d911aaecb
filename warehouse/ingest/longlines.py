"""Lines that are too long for memory: their beginning goes to quarantine, the rest is passed over.

What is no log at all, a disk image below the log prefix, may be one line of gigabytes, and converting a line
takes many times its size: without a bound it would end this sync and every one after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from warehouse.settings import MIB

#: Bytes of the longest line that is read.
LONGEST = 18 * MIB
#: Bytes that are kept of a longer one.
KEPT = MIB
#: How the reason of such a line begins.
LONGER = "longer than"


def shortened(texts: Iterable[bytes], sizes: list[int]) -> Iterator[bytes]:
    """A text in pieces, without what is beyond the first LONGEST bytes of a line.

    `sizes` gets the size of each line that was cut, right before the piece with its end is given.
    """
    size = 0
    try:
        for piece in _pieces(texts):
            end = piece.find(b"\n")
            before = len(piece) if end < 0 else end
            room = LONGEST - size
            if end < 0:
                size += before
                if room > 0:
                    yield piece[:room]
                continue
            text = piece
            if before > room:
                sizes.append(size + before)
                text = piece[: max(room, 0)] + piece[end:]
            size = len(piece) - 1 - piece.rfind(b"\n")
            yield text
    finally:
        # The last line needs no end, and what is damaged behind it changes nothing.
        if size > LONGEST:
            sizes.append(size)


def _pieces(texts: Iterable[bytes]) -> Iterator[bytes]:
    for text in texts:
        # No line that is too long lies within a piece.
        if len(text) <= LONGEST:
            yield text
        else:
            yield from (text[start : start + LONGEST] for start in range(0, len(text), LONGEST))


def beginning(parts: Iterable[bytes | memoryview]) -> list[bytes]:
    """The parts of whole lines, of the first one, which was cut, only what is kept."""
    text = b"".join(parts)
    return [text[:KEPT], text[text.index(b"\n") :]]


def reason(size: int) -> str:
    """Why a line of so many bytes is in quarantine."""
    return f"{LONGER} {LONGEST:,} bytes: of {size:,} the first {KEPT:,} are kept"

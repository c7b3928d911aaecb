"""The head of a text: the same however the text comes in pieces, bounded whatever it is, and put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.errors import ObjectError
from warehouse.ingest import heads

MARK = b"\xef\xbb\xbf"
texts = st.lists(
    st.binary(max_size=5) | st.sampled_from([b"\n", b" \n", b"\r\n", b"a\n", b"b", MARK]), max_size=40
).map(b"".join)


def pieces_of(text: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(places)]


def naive_lines(text: bytes) -> list[str]:
    lines = text.split(b"\n")
    return [line.decode(errors="replace") for line in lines if line.strip(b" \t\n\r\f\v")][:8]


@given(text=texts, cuts=st.lists(st.integers(0, 80), max_size=12))
def test_its_lines_are_those_of_a_naive_reader_and_every_byte_is_given_again(
    text: bytes, cuts: list[int]
) -> None:
    head, again = heads.peek(iter(pieces_of(text, cuts)))
    plain = text.removeprefix(MARK)
    assert head.lines() == naive_lines(plain)
    assert b"".join(again) == plain
    assert plain.startswith(head.text)
    if head.whole:
        assert head.text == plain
    else:
        assert len(head.lines()) == 8


@given(text=texts, cuts=st.lists(st.integers(0, 80), max_size=12))
def test_damage_comes_after_all_the_text_before_it(text: bytes, cuts: list[int]) -> None:
    def damaged() -> Iterator[bytes]:
        yield from pieces_of(text, cuts)
        raise ObjectError("damaged")

    head, again = heads.peek(damaged())
    assert not head.whole
    assert head.lines() == naive_lines(text.removeprefix(MARK))
    before: list[bytes] = []
    with pytest.raises(ObjectError):
        # What was taken before the error stays in the list.
        before.extend(again)
    assert b"".join(before) == text.removeprefix(MARK)


@pytest.mark.parametrize(
    ("start", "filler", "lines"),
    [
        (b"", b"\n", []),
        (b"", b" ", []),
        (b"", b"x", []),
        (b"one\n", b"\n", ["one"]),
        (b"one\n", b"x", ["one"]),
        (b"one\ntwo\n" * 3, b" \r\n", ["one", "two"] * 3),
    ],
)
def test_of_a_text_without_end_no_more_than_the_longest_line_is_looked_at(
    start: bytes, filler: bytes, lines: list[str]
) -> None:
    asked = 0

    def endless() -> Iterator[bytes]:
        nonlocal asked
        yield start + filler
        while True:
            asked += 1
            yield filler * (1 << 18)

    head, _ = heads.peek(endless())
    assert head.lines() == lines
    assert not head.whole
    assert len(head.text) <= heads.BYTES
    assert asked * (1 << 18) * len(filler) <= heads.BYTES + (1 << 18) * len(filler)


def test_no_more_is_read_than_eight_lines_need() -> None:
    texts = iter([b"1\n2\n3\n", b"4\n\n5\n6", b"\n7\n8", b"8\n9\n", b"10\n"])
    head, again = heads.peek(texts)
    assert head.lines() == ["1", "2", "3", "4", "5", "6", "7", "88"]
    assert not head.whole
    assert next(texts) == b"10\n"
    assert list(again) == [b"1\n2\n3\n", b"4\n\n5\n6", b"\n7\n8", b"8\n9\n"]

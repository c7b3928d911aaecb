"""From bytes to numbered lines: whatever the bytes, the cuts and the batches, nothing is lost."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from unittest.mock import patch

import pytest
import zstandard
from hypothesis import assume, given
from hypothesis import strategies as st

from warehouse.errors import ObjectError
from warehouse.ingest import lines, longlines
from warehouse.ingest.lines import Batch, Batcher, compression, inflate
from warehouse.ingest.split import Lines

Line = tuple[int, int, str, str | None]


def batches(objects: Sequence[bytes], size: int = 1 << 20) -> list[Batch]:
    batcher = Batcher(size)
    made = [batch for number, body in enumerate(objects) for batch in batcher.add(number, [body])]
    return [*made, batcher.take()]


def rows(objects: Sequence[bytes], size: int = 1 << 20) -> list[Line]:
    """Object, number, text and fault of every line, and line 0 for what could not be inflated."""
    tables = (Lines(batch).table for batch in batches(objects, size))
    return [tuple(row.values()) for table in tables for row in table.to_pylist()]  # type: ignore[misc]


def reference(number: int, text: bytes) -> list[Line]:
    """The lines of a text, naively."""
    found: list[Line] = []
    for place, line in enumerate(text.removesuffix(b"\n").split(b"\n") if text else [], start=1):
        try:
            found.append((number, place, line.decode() + "\n", None))
        except UnicodeDecodeError as error:
            shown = line.decode(errors="backslashreplace") + "\n"
            found.append((number, place, shown, f"not valid UTF-8 at byte {error.start + 1}"))
    return found


#: Bytes that have lines, blank ones and carriage returns among them.
texts = st.lists(
    st.binary(max_size=12) | st.sampled_from([b"", b"\n", b"\r\n", b"{}\n", b"\xff"]), max_size=12
).map(b"".join)


def compressed(kind: str, text: bytes, cuts: Sequence[int]) -> bytes:
    """The text in as many members or frames as there are cuts, and one."""
    if kind == "none":
        return text
    places = sorted(min(cut, len(text)) for cut in cuts)
    parts = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    squeeze = gzip.compress if kind == "gzip" else zstandard.compress
    return b"".join(squeeze(part) for part in parts)


@given(
    objects=st.lists(
        st.tuples(st.sampled_from(["none", "gzip", "zstd"]), texts, st.lists(st.integers(0, 60), max_size=3)),
        max_size=5,
    ),
    size=st.integers(1, 200),
    piece=st.integers(1, 40),
)
def test_number_text_and_place_of_every_line_are_those_of_a_naive_reader(
    objects: list[tuple[str, bytes, list[int]]], size: int, piece: int
) -> None:
    bodies = [compressed(*item) for item in objects]
    assume(all(compression(body) == kind for body, (kind, _, _) in zip(bodies, objects, strict=True) if body))
    with patch.object(lines, "_SLICE", piece):
        found = rows(bodies, size)
    assert found == [line for number, (_, text, _) in enumerate(objects) for line in reference(number, text)]


@given(objects=st.lists(texts, max_size=6), size=st.integers(1, 100))
def test_pieces_add_up_to_the_lines_and_bytes_of_each_object(objects: list[bytes], size: int) -> None:
    assume(all(compression(body) == "none" for body in objects))
    pieces = [piece for batch in batches(objects, size) for piece in batch.pieces]
    for number, body in enumerate(objects):
        mine = [piece for piece in pieces if piece.object_no == number]
        whole = body if not body or body.endswith(b"\n") else body + b"\n"
        assert sum(piece.count for piece in mine) == whole.count(b"\n")
        assert sum(piece.bytes for piece in mine) == len(whole)


@given(text=texts, cut=st.integers(0, 200), kind=st.sampled_from(["gzip", "zstd"]), piece=st.integers(1, 64))
def test_a_truncated_object_keeps_its_whole_lines_and_has_one_fault(
    text: bytes, cut: int, kind: str, piece: int
) -> None:
    body = compressed(kind, text, [])
    body = body[: min(cut, len(body) - 1)]
    assume(compression(body) == kind)
    with patch.object(lines, "_SLICE", piece):
        found = rows([body])
    faults = [row for row in found if row[1] == 0]
    assert [(row[0], row[2], row[3]) for row in faults] == [(0, "", f"the {kind} data end early")]
    kept = [row for row in found if row[1] > 0]
    # What came before the cut is a beginning of the text; only the last line of it may be cut.
    assert kept[:-1] == reference(0, text)[: max(0, len(kept) - 1)]


def numbered(count: int) -> bytes:
    rng = random.Random(1)
    return b"".join(b'{"n":%d,"noise":%d}\n' % (n, rng.getrandbits(60)) for n in range(count))


def test_a_truncated_gzip_keeps_every_whole_line_before_the_cut() -> None:
    text = numbered(20_000)
    body = gzip.compress(text)
    found = rows([body[: len(body) // 2]])
    assert found[-1] == (0, 0, "", "the gzip data end early")
    assert len(found) > 5_000
    assert [row[2] for row in found[:-2]] == [
        line.decode() + "\n" for line in text.split(b"\n")[: len(found) - 2]
    ]


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_damage_in_the_middle_keeps_every_line_of_the_members_before_it(kind: str) -> None:
    text = numbered(3_000)
    good, bad = compressed(kind, text, []), bytearray(compressed(kind, text, []))
    begin = {"gzip": 10, "zstd": 4}[kind]
    bad[begin : begin + 6] = b"\xff" * 6  # a header that cannot be
    found = rows([good + bytes(bad)])
    assert found[:-1] == reference(0, text)
    assert found[-1][:3] == (0, 0, "")
    assert str(found[-1][3]).startswith(f"damaged {kind} data: ")


def test_a_wrong_checksum_is_a_fault_and_the_lines_are_kept() -> None:
    text = numbered(3_000)
    body = bytearray(gzip.compress(text))
    body[-8] ^= 1
    found = rows([bytes(body)])
    assert found[:-1] == reference(0, text)
    assert found[-1][1] == 0
    assert "checksum" in str(found[-1][3])


def test_damage_in_one_object_leaves_the_others_whole() -> None:
    good = b"one\ntwo\n"
    found = rows([good, b"\x1f\x8bnonsense", gzip.compress(good)])
    assert [row for row in found if row[1]] == reference(0, good) + reference(2, good)
    assert [row[0] for row in found if not row[1]] == [1]


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("padding", [1, 7, 64, 1000])
def test_zero_bytes_after_the_end_are_padding(kind: str, padding: int) -> None:
    body = compressed(kind, b"one\ntwo\n", []) + b"\0" * padding
    for piece in (1, 8, len(body) - padding, len(body) - padding + 1, 1 << 18):
        with patch.object(lines, "_SLICE", piece):
            assert rows([body]) == reference(0, b"one\ntwo\n")


def test_zero_bytes_between_members_are_padding_too() -> None:
    body = gzip.compress(b"one\n") + b"\0" * 20 + gzip.compress(b"two\n")
    assert rows([body]) == reference(0, b"one\ntwo\n")


def test_what_follows_the_end_and_is_no_member_is_a_fault() -> None:
    found = rows([gzip.compress(b"one\n") + b"garbage"])
    assert found[0] == (0, 1, "one\n", None)
    assert found[1][1] == 0


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_skippable_frames_of_zstd_are_skipped(place: str) -> None:
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00size"
    one, two = zstandard.compress(b"one\n"), zstandard.compress(b"two\n")
    body = {
        "before": skippable + one + two,
        "between": one + skippable + two,
        "after": one + two + skippable,
    }[place]
    assert rows([body]) == reference(0, b"one\ntwo\n")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "none"),
        (b"{}\n", "none"),
        (b"\x1f", "none"),
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"P*M\x18", "zstd"),
    ],
)
def test_the_first_bytes_tell_the_compression(body: bytes, kind: str) -> None:
    assert compression(body) == kind


def test_an_empty_object_has_no_line() -> None:
    assert rows([b""]) == rows([gzip.compress(b"")]) == rows([zstandard.compress(b"")]) == []


def test_a_final_line_needs_no_newline_and_carriage_returns_stay() -> None:
    assert rows([b"one\r\n\r\n\ntwo"]) == [
        (0, 1, "one\r\n", None),
        (0, 2, "\r\n", None),
        (0, 3, "\n", None),
        (0, 4, "two\n", None),
    ]


def test_a_member_that_ends_inside_a_line_does_not_end_the_line() -> None:
    body = gzip.compress(b"one\ntw") + gzip.compress(b"o\nthree")
    assert rows([body]) == reference(0, b"one\ntwo\nthree")


def test_lines_that_are_no_utf_8_say_where_and_show_their_bytes() -> None:
    found = rows([b'ok\n{"m":"\xc3\xa9\xff"}\n\xe2\x82\n'])
    assert found == [
        (0, 1, "ok\n", None),
        (0, 2, '{"m":"é\\xff"}\n', "not valid UTF-8 at byte 9"),
        (0, 3, "\\xe2\\x82\n", "not valid UTF-8 at byte 1"),
    ]


def test_only_nesting_beyond_five_hundred_levels_is_a_fault() -> None:
    deep = [b"[" * depth + b"]" * depth for depth in (500, 501, 600)]
    # Brackets in strings, escaped quotes among them, are no nesting.
    strings = [b'{"m":"' + b"[" * 1500 + b'"}', b'{"m":"\\"' + b"{" * 1500 + b'"}', b"[]" * 2000]
    faults = [row[3] for row in rows([b"\n".join(deep + strings)])]
    assert faults == [None, *["nested more than 500 levels deep"] * 2, None, None, None]


def test_a_large_object_is_cut_into_batches_of_about_the_size_asked_for() -> None:
    made = batches([numbered(20_000)] * 2, 1 << 16)
    assert len(made) > 2
    assert sum(piece.count for batch in made for piece in batch.pieces) == 40_000


def test_inflating_raises_after_everything_before_was_given() -> None:
    text = inflate([gzip.compress(b"one\ntwo\n")[:-9]])
    assert next(text).startswith(b"one\n")
    with pytest.raises(ObjectError, match="the gzip data end early"):
        list(text)


@pytest.mark.parametrize("kind", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("end", [b"\n", b""], ids=["ended", "not ended"])
def test_a_line_too_long_for_memory_keeps_its_place_and_its_beginning_and_costs_no_other_line(
    kind: str, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(longlines, "LONGEST", 1000)
    monkeypatch.setattr(longlines, "KEPT", 10)
    just, beyond = b"j" * 1000, b"b" * 1001
    text = b"\n".join([b"first", just, beyond, b"middle", beyond * 9, beyond]) + end
    body = compressed(kind, text, [])

    met = rows([body, b"another\n"])

    reasons = [f"longer than 1,000 bytes: of {size:,} the first 10 are kept" for size in (1001, 9009, 1001)]
    assert [(number, line, raw.rstrip("\n"), fault) for number, line, raw, fault in met] == [
        (0, 1, "first", None),
        (0, 2, "j" * 1000, None),
        (0, 3, "b" * 10, reasons[0]),
        (0, 4, "middle", None),
        (0, 5, "b" * 10, reasons[1]),
        (0, 6, "b" * 10, reasons[2]),
        (1, 1, "another", None),
    ]
    pieces = [piece for batch in batches([body]) for piece in batch.pieces]
    assert sum(piece.bytes for piece in pieces) == len(text) + (not end)


@given(st.lists(st.integers(0, 40), max_size=12), st.lists(st.integers(1, 60), max_size=20), st.booleans())
def test_however_a_text_is_cut_into_pieces_its_long_lines_are_those_that_are_told(
    lengths: list[int], cuts: list[int], ended: bool
) -> None:
    text = b"\n".join(b"x" * length for length in lengths) + (b"\n" if ended else b"")
    pieces, start = [], 0
    for cut in [*cuts, len(text)]:
        pieces.append(text[start : start + cut])
        start += cut
    sizes: list[int] = []
    with patch.object(longlines, "LONGEST", 20):
        given_back = b"".join(longlines.shortened(pieces, sizes))
    assert given_back == b"\n".join(line[:20] for line in text.split(b"\n"))
    assert sizes == [length for length in lengths if length > 20]

"""Which lines a fast lane gets, and in what order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.ingest.lines import Batcher
from warehouse.ingest.split import Lines, days

OPENING = b'{"t":'
T = 1_700_000_000_000


def lines_of(*objects: bytes) -> Lines:
    """The lines of objects in one batch."""
    batcher = Batcher(1 << 30)
    for number, body in enumerate(objects):
        assert list(batcher.add(number, [body])) == []
    return Lines(batcher.take())


def usual(*objects: bytes) -> list[tuple[Any, ...]]:
    """(object_no, line, ms, raw) of the usual lines."""
    return [tuple(row.values()) for row in lines_of(*objects).usual(OPENING).to_pylist()]


def line(ms: object, rest: str = '"a":1') -> bytes:
    return f'{{"t":{ms},{rest}}}\n'.encode()


def test_usual_lines_come_in_order_of_time_and_then_of_their_numbers() -> None:
    first, second = line(T + 2) + line(T) + line(T + 1), line(T + 1, '"b":2') + line(T - 1)
    assert usual(first, second) == [
        (1, 2, T - 1, '{"t":1699999999999,"a":1}\n'),
        (0, 2, T, '{"t":1700000000000,"a":1}\n'),
        (0, 3, T + 1, '{"t":1700000000001,"a":1}\n'),
        (1, 1, T + 1, '{"t":1700000000001,"b":2}\n'),
        (0, 1, T + 2, '{"t":1700000000002,"a":1}\n'),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b'{"t":\n',
        b'{"t":1700000000000}\n',
        b'{"t":170000000000,"a":1}\n',
        b'{"t":17000000000000,"a":1}\n',
        b'{"t":1700000000000.5,"a":1}\n',
        b'{"t":"170000000000","a":1}\n',
        b'{"t":-170000000000,"a":1}\n',
        b'{"t":/700000000000,"a":1}\n',
        b'{"t":170000000000:,"a":1}\n',
        b'{"t": 1700000000000,"a":1}\n',
        b' {"t":1700000000000,"a":1}\n',
        b'{"u":1700000000000,"a":1}\n',
        b'{"t":1700000000000,"a":1\n',
        b'{"t":1700000000000,"a":1}\r\n',
        b'{"t":1700000000000,"a":"\xff"}\n',
        b'{"t":1700000000000,"a":' + b"[" * 600 + b"]" * 600 + b"}\n",
    ],
)
def test_other_lines_are_left(text: bytes) -> None:
    lines = lines_of(line(T) + text + line(T + 1))
    assert lines.usual(OPENING)["ms"].to_pylist() == [T, T + 1]
    assert lines.unusual()["line"].to_pylist() == ([2] if text else [])


@pytest.mark.parametrize("word", ["NaN", "nan", "-nAn", "Infinity", "-inf", "INF", "iNfinity"])
@pytest.mark.parametrize("before", [":", ":[", ":[1,", ": ", ":\t"])
def test_lines_with_what_may_be_no_finite_number_are_left(word: str, before: str) -> None:
    found = usual(line(T) + line(T + 1, f'"a"{before}{word}') + line(T + 2))
    assert [row[2] for row in found] == [T, T + 2]


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 5])
def test_a_word_over_the_border_of_two_searched_parts_is_seen(place: int) -> None:
    start = len('{"t":1700000000000,"a":"","b":')
    filler = "x" * ((1 << 18) - place - start)
    text = line(T, f'"a":"{filler}","b":NaN') + line(T, '"a":"Infinite/nanometers, banana"')
    assert [row[1] for row in usual(text)] == [2]


def test_the_memory_of_a_batch_that_was_given_back_serves_others() -> None:
    batcher = Batcher(1 << 12)
    memory = set()
    long, short = line(T, '"a":"' + "x" * 10_000 + '"'), line(T + 1) + b"rest"
    for body in (long, short, long * 3, short) * 2:
        (batch,) = [*batcher.add(0, [body])] or [batcher.take()]
        memory.add(id(batch.text))
        lines = Lines(batch)
        expected = [text + b"\n" for text in body.removesuffix(b"\n").split(b"\n")]
        assert [text.encode() for text in lines.table["raw"].to_pylist()] == expected
        assert lines.usual(OPENING)["raw"].to_pylist() == [
            text.decode() for text in expected if text.startswith(OPENING)
        ]
        batcher.give_back(batch)
    assert len(memory) == 1


some_lines = st.one_of(
    st.builds(line, st.integers(T, T + 20), st.just('"a":1')),
    st.builds(lambda value: json.dumps({"t": value}).encode() + b"\n", st.integers(T, T + 20)),
    st.binary(max_size=20).map(lambda text: text.replace(b"\n", b"") + b"\n"),
)


@given(st.lists(st.lists(some_lines, max_size=6).map(b"".join), max_size=4))
def test_every_line_is_usual_or_not_and_none_is_both(objects: list[bytes]) -> None:
    lines = lines_of(*objects)
    given_ = lines.usual(OPENING)
    assert given_["ms"].to_pylist() == sorted(given_["ms"].to_pylist())
    key = lambda table: list(zip(table["object_no"].to_pylist(), table["line"].to_pylist(), strict=True))  # noqa: E731
    assert sorted(key(given_) + key(lines.unusual())) == key(lines.table)


def test_usual_lines_are_cut_at_midnight_of_utc() -> None:
    day = 86_400_000
    first = 20_783 * day  # 2026-11-26
    times = [first + day, first, first + day - 1, first + 3 * day]
    found = lines_of(b"".join(line(ms) for ms in times)).usual(OPENING)
    assert [(date, part.column("ms").to_pylist()) for date, part in days(found)] == [
        ("2026-11-26", [first, first + day - 1]),
        ("2026-11-27", [first + day]),
        ("2026-11-29", [first + 3 * day]),
    ]
    assert list(days(found.slice(0, 0))) == []

"""Lines in are rows and quarantined lines, per object, whatever the lines: a good one is never lost."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.lossless.support import assert_lossless, ingest
from tests.warehouse_builder import log

AT = 1_772_359_200_000
#: The ten fields that the registry writes: what a fast lane takes.
WHOLE = {
    "timestamp": AT,
    "level": "info",
    "message": "GET /left-pad",
    "metadata": {"status": 200, "responseTime": 1.5, "path": "/left-pad"},
    "configHash": "0xAB12CD",
    "source": "api",
    "storedAt": AT + 5,
    "configVersion": "1",
    "registryUrl": "https://registry.example",
    "systemInfo": {"pid": 1},
}
GOOD = json.dumps(log("2026-03-01T10:00:00", message="good")).encode()

#: An example takes a second: a failure is shown as it was found, not made smaller for minutes.
SLOW = settings(max_examples=10, phases=[Phase.explicit, Phase.generate])

wholes = st.builds(
    lambda time, message, metadata: json.dumps(
        WHOLE | {"timestamp": time, "message": message, "metadata": metadata}
    ).encode(),
    st.integers(AT, AT + 10**8) | st.floats(AT, AT + 10**8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.dictionaries(
        st.sampled_from(["a", "b", "é"]),
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("ab\u2028é😀", max_size=3),
        max_size=2,
    ),
)
truncated = st.builds(lambda line, cut: line[: int(len(line) * cut)], wholes, st.floats(0, 1))
timestamps = st.sampled_from(
    [
        2**63 - 1,
        -(2**63),
        2**64 - 1,
        2**64,
        1e308,
        1.5,
        -1,
        0,
        AT + 0.25,
        str(AT),
        None,
        True,
        [AT],
        {"a": AT},
    ]
).map(lambda value: json.dumps(WHOLE | {"timestamp": value}).encode())
NASTY: dict[str, bytes] = {
    "a NUL byte": b'{"timestamp":1772359200000,"message":"a\x00b"}',
    "an escaped NUL": b'{"timestamp":1772359200000,"message":"a\\u0000b"}',
    "an escaped NUL in a whole entry": json.dumps(WHOLE | {"message": "a\0b"}).encode(),
    "an escaped NUL in a key": json.dumps(WHOLE | {"metadata": {"a\0b": 1}}).encode(),
    "only NUL bytes": b"\0\0\0",
    "a lone high surrogate": b'{"timestamp":1772359200000,"message":"\\ud800"}',
    "a lone low surrogate": b'{"timestamp":1772359200000,"message":"\\udc00 x"}',
    "a lone surrogate in metadata": b'{"timestamp":1772359200000,"metadata":{"\\ud800":"\\udfff"}}',
    "a lone surrogate in a whole entry": json.dumps(WHOLE | {"message": "\ud800"}).encode(),
    "a surrogate pair": b'{"timestamp":1772359200000,"message":"\\ud83d\\ude00"}',
    "bad UTF-8": b'{"timestamp":1772359200000,"message":"\xff\xfe"}',
    "overlong UTF-8": b'{"timestamp":1772359200000,"message":"\xc0\x80"}',
    "UTF-8 of a surrogate": b'{"timestamp":1772359200000,"message":"\xed\xa0\x80"}',
    "half a character": b'{"timestamp":1772359200000,"message":"\xe2\x82',
    "a key that stands twice": b'{"timestamp":1772359200000,"message":"one","message":"two"}',
    "a time that stands twice": b'{"timestamp":1772359200000,"timestamp":1772359200001}',
    "a carriage return": GOOD + b"\r",
    "only a carriage return": b"\r",
    "carriage returns inside": b'{"timestamp":1772359200000,\r"message":"x"}',
    "nothing": b"",
    "blanks": b" \t ",
    "an array": b"[1,2]",
    "an array of entries": b"[" + GOOD + b"]",
    "two entries": GOOD + GOOD,
    "a number": b"1",
    "a string": b'"text"',
    "null": b"null",
    "an empty entry": b"{}",
    "a byte order mark inside": b"\xef\xbb\xbf" + GOOD,
    "NaN": b'{"timestamp":1772359200000,"metadata":{"a":NaN}}',
    "a trailing comma": GOOD[:-1] + b",}",
    "a comment": b"// comment",
    "single quotes": b"{'timestamp':1772359200000}",
    "huge digits": b'{"timestamp":' + b"1" * 400 + b"}",
    "a huge exponent": b'{"timestamp":1e999}',
    "a time with an exponent": b'{"timestamp":1.7723592e12}',
    "deep nesting": b'{"timestamp":1772359200000,"metadata":' + b'{"a":' * 600 + b"1" + b"}" * 601,
    "line separators of Unicode": '{"timestamp":1772359200000,"message":"a\u2028b\u2029c\x85d"}'.encode(),
    "a cut in a value": b'{"timestamp":1772359200000,"message":"tr',
    "a cut after a colon": b'{"timestamp":1772359200000,"message":',
    "a cut in a key": b'{"timestamp":1772359200000,"mess',
    "a cut after a brace": b"{",
    "a cut in nested arrays": b'{"timestamp":1772359200000,"metadata":{"k":[1,',
}
nasty = st.sampled_from(list(NASTY.values()))
any_lines = st.lists(wholes | truncated | timestamps | nasty | st.just(GOOD), max_size=30)


def made(objects: dict[str, bytes], **options: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return ingest(Path(folder), objects, **options)


def test_every_kind_of_odd_line_is_judged_by_itself_between_good_ones() -> None:
    """Whatever stands between them, the good lines are rows under their own numbers."""
    lines = [line for odd in NASTY.values() for line in (GOOD, odd, json.dumps(WHOLE).encode())]
    text = b"\n".join(lines) + b"\n"
    outcome = made({"logs/a": text})["logs/a"]
    assert_lossless(outcome, text)
    good = {number for number in range(1, len(lines) + 1) if number % 3 != 2}
    assert good <= set(outcome.rows)


@pytest.mark.parametrize("name", list(NASTY))
def test_the_oracle_has_an_opinion_of_odd_lines(name: str) -> None:
    """Surely good: those that are whole entries; the rest may be either."""
    from tests.lossless.support import entry_of

    surely_good = {
        "an escaped NUL", "an escaped NUL in a whole entry", "an escaped NUL in a key", "a surrogate pair",
        "a key that stands twice", "a time that stands twice", "a carriage return", "carriage returns inside",
        "a time with an exponent", "line separators of Unicode",
    }  # fmt: skip
    assert (entry_of(NASTY[name]) is not None) == (name in surely_good)


@SLOW
@given(lines=any_lines, crlf=st.booleans(), ends=st.booleans())
def test_any_mixture_of_lines_is_lossless(lines: list[bytes], crlf: bool, ends: bool) -> None:
    lines = [GOOD, *lines, b"x" if not ends else GOOD]
    end = b"\r\n" if crlf else b"\n"
    text = end.join(lines) + (end if ends else b"")
    assert_lossless(made({"logs/a": text})["logs/a"], text)


def test_an_entry_cut_at_any_byte_costs_itself_only() -> None:
    line = json.dumps(WHOLE | {"message": "é😀"}, ensure_ascii=False).encode()
    text = b"".join(line[:cut] + b"\n" + line + b"\n" for cut in range(len(line)))
    outcome = made({"logs/a": text})["logs/a"]
    assert_lossless(outcome, text)
    assert set(outcome.rows) == set(range(2, 2 * len(line) + 1, 2))


def test_a_line_of_sixteen_megabytes_is_one_line() -> None:
    long = json.dumps(WHOLE | {"message": "x" * (16 << 20)}).encode()
    broken = b'{"timestamp":1,"message":"' + b"y" * (16 << 20)
    text = b"\n".join([GOOD, long, GOOD, broken, GOOD]) + b"\n"
    outcome = made({"logs/a": gzip.compress(text, 1)}, batch_mib=1)["logs/a"]
    assert_lossless(outcome, text)
    assert sorted(outcome.rows) == [1, 2, 3, 5]
    assert len(outcome.rows[2]["message"]) == 16 << 20


@SLOW
@given(
    objects=st.lists(st.tuples(any_lines, st.sampled_from(["plain", "gz", "zst"])), min_size=2, max_size=6)
)
def test_objects_in_one_batch_do_not_mix(objects: list[tuple[list[bytes], str]]) -> None:
    texts = {
        f"logs/{number}": b"\n".join([GOOD, *lines, GOOD]) + b"\n"
        for number, (lines, _) in enumerate(objects)
    }
    pack = {"plain": bytes, "gz": gzip.compress, "zst": zstandard.compress}
    bodies = {key: pack[kind](texts[key]) for key, (_, kind) in zip(texts, objects, strict=True)}
    for key, outcome in made(bodies).items():
        assert_lossless(outcome, texts[key])


def test_an_object_over_many_batches_keeps_its_numbers() -> None:
    lines = [
        NASTY["a cut in a value"]
        if number % 97 == 0
        else json.dumps(WHOLE | {"message": f"{number} " + "z" * 900}).encode()
        for number in range(1, 3_000)
    ]
    text = b"\n".join(lines) + b"\n"
    outcome = made({"logs/a": gzip.compress(text, 1), "logs/b": text}, batch_mib=1)
    for each in outcome.values():
        assert_lossless(each, text)
        assert {number: row["message"].split()[0] for number, row in each.rows.items()} == {
            number: str(number) for number in range(1, 3_000) if number % 97
        }

"""Objects that are damaged, packed oddly or named wrongly keep every line that can be had."""

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

LINES = [json.dumps(log("2026-03-01T10:00:00", message=f"line {number}")).encode() for number in range(40)]
LINES[7] = b'{"timestamp":1772359200000,"message":"cut'
TEXT = b"\n".join(LINES) + b"\n"
#: As Cloudflare writes it to see that a bucket can be read.
TOKEN = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-_\n"
BOM = b"\xef\xbb\xbf"


def made(objects: dict[str, bytes]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return ingest(Path(folder), objects)


def test_a_gzip_cut_at_any_byte_keeps_the_lines_before_the_cut_and_says_so() -> None:
    body = gzip.compress(TEXT, mtime=0)
    cuts = [*range(2, 30), *range(30, len(body), 17), *range(len(body) - 9, len(body))]
    outcomes = made({f"logs/{cut:05}": body[:cut] for cut in cuts})
    before = 0
    for key in sorted(outcomes):
        outcome = outcomes[key]
        assert_lossless(outcome, TEXT, whole=False)
        assert outcome.faults == ["the gzip data end early"]
        assert outcome.lines >= before, "a later cut never keeps less"
        before = outcome.lines
    assert before == len(LINES), "a cut in the trailer costs no line"


@settings(max_examples=8, phases=[Phase.generate])
@given(place=st.floats(0.02, 0.98), bits=st.integers(1, 255), kind=st.sampled_from(["gzip", "zstd"]))
def test_a_changed_byte_in_packed_data_never_passes_unseen(place: float, bits: int, kind: str) -> None:
    pack = gzip.compress if kind == "gzip" else zstandard.ZstdCompressor(write_checksum=True).compress
    bodies = {}
    for number, part in enumerate((place, 1 - place, place / 2, 0.5 + place / 2)):
        body = bytearray(pack(TEXT))
        body[max(10, int(len(body) * part))] ^= bits
        bodies[f"logs/{number}"] = bytes(body)
    for outcome in made(bodies).values():
        assert len(outcome.faults) == 1
        met = sorted([*outcome.rows, *outcome.quarantine])
        assert met == list(range(1, len(met) + 1))
        assert outcome.lines == len(met)
        assert outcome.rejected == len(outcome.quarantine) + 1


def test_a_wrong_checksum_or_length_of_gzip_keeps_every_line_and_says_so() -> None:
    bodies = {}
    for name, place in (("checksum", -8), ("length", -1)):
        body = bytearray(gzip.compress(TEXT))
        body[place] ^= 1
        bodies[f"logs/{name}"] = bytes(body)
    for outcome in made(bodies).values():
        assert len(outcome.faults) == 1
        assert (len(outcome.rows), list(outcome.quarantine)) == (39, [8])


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("logs/members.gz", b"".join(gzip.compress(TEXT[at : at + 97]) for at in range(0, len(TEXT), 97))),
        ("logs/empty-members.gz", gzip.compress(b"") + gzip.compress(TEXT) + gzip.compress(b"")),
        ("logs/frames.zst", zstandard.compress(TEXT[:1000]) + zstandard.compress(TEXT[1000:])),
        ("logs/named-gzip-but-plain.jsonl.gz", TEXT),
        ("logs/named-plain-but-gzip.jsonl", gzip.compress(TEXT)),
        ("logs/named-zstd-but-gzip.zst", gzip.compress(TEXT)),
        ("logs/named-gzip-but-zstd.gz", zstandard.compress(TEXT)),
        ("logs/no-name-at-all", zstandard.compress(TEXT)),
        ("logs/padded.gz", gzip.compress(TEXT) + b"\0" * 512),
        ("logs/mark.jsonl", BOM + TEXT),
        ("logs/mark.gz", gzip.compress(BOM + TEXT)),
        ("logs/no-end.jsonl", TEXT[:-1]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_packing_and_names_change_nothing(key: str, body: bytes) -> None:
    outcome = made({key: body})[key]
    assert_lossless(outcome, TEXT)
    assert list(outcome.quarantine) == [8]


@pytest.mark.parametrize(
    "pack",
    [
        lambda first, rest: first + rest[:-1],
        lambda first, rest: gzip.compress(first) + gzip.compress(rest),
        lambda first, rest: gzip.compress(b"") + gzip.compress(first[:9]) + gzip.compress(first[9:] + rest),
        lambda first, rest: zstandard.compress(first) + zstandard.compress(rest),
    ],
    ids=["no end", "members", "a token in two members", "frames"],
)
@pytest.mark.parametrize("key", ["logs/token", "logs/ownership-challenge-1a.txt"])
def test_lines_behind_what_looks_like_an_ownership_challenge_are_read(key: str, pack: Any) -> None:
    outcome = made({key: pack(TOKEN, TEXT)})[key]
    assert_lossless(outcome, TOKEN + TEXT)
    assert list(outcome.quarantine) == [1, 9]


def test_a_token_whose_data_are_damaged_is_in_quarantine_with_the_fault() -> None:
    outcome = made({"logs/a": gzip.compress(TOKEN)[:-5]})["logs/a"]
    assert list(outcome.quarantine) == [1]
    assert outcome.faults == ["the gzip data end early"]


@pytest.mark.parametrize("start", [b"", b"\n", b"\r\n \n"])
def test_the_first_member_alone_does_not_tell_the_format(start: bytes) -> None:
    lines = [b'{"level":30,"time":17723592'] + [
        b'{"level":30,"time":1772359200123,"pid":1,"hostname":"h","msg":"%d"}' % number
        for number in range(100)
    ]
    text = start + b"\n".join(lines) + b"\n"
    bodies = {
        "logs/plain": text,
        "logs/lines.gz": b"".join(gzip.compress(line) for line in text.splitlines(keepends=True)),
        "logs/start.gz": gzip.compress(b"") + gzip.compress(start) + gzip.compress(text[len(start) :]),
        "logs/bytes.gz": b"".join(gzip.compress(text[at : at + 1]) for at in range(len(text))),
        "logs/frames.zst": b"".join(zstandard.compress(line) for line in text.splitlines(keepends=True)),
    }
    blank = start.count(b"\n")
    for outcome in made(bodies).values():
        assert (outcome.lines, outcome.accepted) == (101 + blank, 100)
        assert list(outcome.quarantine) == list(range(1, blank + 2))


def test_a_byte_order_mark_in_pieces_is_none_of_the_first_line() -> None:
    bodies = {
        f"logs/{cut}": gzip.compress(BOM[:cut]) + gzip.compress(BOM[cut:] + TEXT) for cut in range(1, 4)
    }
    for outcome in made(bodies).values():
        assert list(outcome.quarantine) == [8]


def test_an_empty_object_has_no_line_and_is_mirrored() -> None:
    bodies = {"logs/plain": b"", "logs/gzip": gzip.compress(b""), "logs/zstd": zstandard.compress(b"")}
    for outcome in made(bodies).values():
        assert_lossless(outcome, b"")
        assert outcome.lines == 0


def test_damage_of_one_object_costs_no_other_of_its_batch() -> None:
    body = gzip.compress(TEXT)
    outcomes = made(
        {
            "logs/1": TEXT,
            "logs/2": body[: len(body) // 2],
            "logs/3": body,
            "logs/4": b"\x1f\x8bnonsense",
            "logs/5": zstandard.compress(TEXT),
        }
    )
    for key in ("logs/1", "logs/3", "logs/5"):
        assert_lossless(outcomes[key], TEXT)
    assert [len(outcomes[key].faults) for key in sorted(outcomes)] == [0, 1, 0, 1, 0]
    assert_lossless(outcomes["logs/2"], TEXT, whole=False)

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

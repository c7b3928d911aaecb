"""Which format an object has: by its first lines, by its prefix, and by a file that someone adds."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.formats.conftest import Conform, head_of
from tests.formats.samples import BUNYAN, COMMON, SAMPLES, text
from warehouse import formats
from warehouse.errors import BadRequestError
from warehouse.formats import detection, library
from warehouse.settings import Settings
from warehouse.settings_tables import MappingRule, PrefixRule

KEY = "logs/20260301/20260301T100000Z_20260301T100500Z_6d5f.log.gz"
#: As Cloudflare writes it: a JSON Web Token and nothing else.
CHALLENGE = b"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0.ZXlKa1pYTjBhVzVoZEdsdmJpSTZJbkl5T2k4.c2lnbmF0dXJl"


def detected(*lines: str, settings: Settings | None = None, key: str = KEY) -> str:
    sample = "".join(line + "\n" for line in lines).encode()
    return formats.detect(head_of(sample), key, settings or Settings())


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("form", [item.name for item in library.formats()])
def test_every_format_claims_its_own_samples_and_no_others(form: str, sample: str) -> None:
    name, line = SAMPLES[sample]
    (claimed,) = detection.claims([line])
    assert (form in claimed) == (form == name)


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_format_that_is_detected_reads_the_line(conform: Conform, sample: str) -> None:
    name, line = SAMPLES[sample]
    assert detected(line) == name
    (row,) = conform(name, line)
    assert row["reason"] is None


def test_most_of_the_first_lines_decide() -> None:
    assert detected("", "{broken", text(BUNYAN), text(BUNYAN)) == "pino"
    assert detected("started", COMMON, COMMON, text(BUNYAN)) == "access_combined"


@pytest.mark.parametrize(
    "sample", [b"", b"\n\n", b"plain text\n", b"{}\n", b"\xff\xfe\n", b"[1,2]\n", b'{"a":']
)
def test_in_doubt_it_is_the_registry(sample: bytes) -> None:
    assert formats.detect(head_of(sample), KEY, Settings()) == "registry"


def test_a_compressed_sample_is_looked_into() -> None:
    assert (
        formats.detect(head_of(gzip.compress(f"{COMMON}\n".encode())), KEY, Settings()) == "access_combined"
    )


def test_seven_lines_of_one_format_outvote_a_first_line_that_is_cut() -> None:
    assert detected('{"level":30,"time":17723592', *[text(BUNYAN)] * 20) == "pino"


def test_two_first_lines_do_not_outvote_six_others() -> None:
    assert detected(text(BUNYAN), text(BUNYAN), *[COMMON] * 6) == "access_combined"
    assert detected(*[text(BUNYAN)] * 5, *[COMMON] * 20) == "pino"


def test_the_same_shape_is_asked_about_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    detector = detection._Detector()
    original = detector._ask

    def ask(lines: list[str], which: Any) -> list[frozenset[str]]:
        asked.extend(lines)
        return original(lines, which)

    assert {item.asks for item in formats.formats() if item.name != "access_combined"} == {"shape"}
    monkeypatch.setattr(detector, "_ask", ask)
    for number in range(5):
        line = text(BUNYAN | {"msg": f"number {number}", "pid": 100 + number})
        assert detector.claims([line]) == [frozenset({"pino"})]
    # Once about its shape, and each time about values, for which no format asks.
    assert len(asked) == 6
    assert asked.count(text(BUNYAN | {"msg": "number 0", "pid": 100})) == 1
    # Another kind of value under the same key is another shape.
    other = text(BUNYAN | {"level": "info", "pid": None, "hostname": None})
    assert detector.claims([other]) == [frozenset({"pino"})]
    assert len(asked) == 8
    assert detector.claims([text({"level": "info", "time": 1})]) == [frozenset()]


def test_a_shape_is_asked_about_without_its_texts_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    detector = detection._Detector()
    monkeypatch.setattr(
        detector, "_ask", lambda lines, which: asked.extend(lines) or [frozenset()] * len(lines)
    )
    same = {"i": True, "j": None, "k": ""}
    line = {"a": "x" * 99, "b": [1, 2], "c": {"d": "y", "e": {"f": 1}, "f": -7.5}, "g": -9, "h": 99} | same
    detector.claims([text(line)])
    bare = {"a": "", "b": [], "c": {"d": "", "e": {}, "f": 0.5}, "g": -1, "h": 1} | same
    assert json.loads(asked[-1]) == bare
    assert detection._shape(asked[-1]) == detection._shape(text(line))


def test_to_detect_a_long_line_takes_little_memory() -> None:
    code = """
import json, resource, sys
from warehouse import formats
from warehouse.ingest.heads import Head
from warehouse.settings import Settings
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
line = lambda text: json.dumps({"timestamp": 1767225600000, "message": text, "pid": 1}).encode()
formats.detect(Head(line("short"), True), "a", Settings())
before = peak()
long = line("x" * 16_000_000)
print(formats.detect(Head(long[:-1] + b',"more":1}', True), "b", Settings()), peak() - before)
"""
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    form, grown = output.split()
    assert form == "registry"
    assert int(grown) < 150, "MiB"


# -- what holds no log lines ------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", [CHALLENGE, CHALLENGE + b"\n"])
@pytest.mark.parametrize("key", [KEY, "logs/ownership-challenge-1a2b.txt"])
def test_an_ownership_challenge_is_told_by_its_content(sample: bytes, key: str) -> None:
    assert formats.detect(head_of(sample), key, Settings()) == formats.SKIP


def test_an_ownership_challenge_of_another_form_is_told_by_its_name() -> None:
    assert formats.detect(head_of(b"3f9a21"), "a/ownership-challenge-9c.txt", Settings()) == formats.SKIP


def test_logs_under_the_name_of_a_challenge_are_logs() -> None:
    assert detected(COMMON, key="a/ownership-challenge-9c.txt") == "access_combined"
    assert detected('{"level":30,"time":1}', key="a/ownership-challenge-9c.txt") == "pino"


def test_a_token_among_lines_is_no_challenge() -> None:
    assert detected(CHALLENGE.decode(), COMMON) == "access_combined"


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_token_with_a_line_in_another_member_or_without_an_end_is_no_challenge(end: bytes) -> None:
    line = COMMON.encode() + end
    for body in (
        CHALLENGE + b"\n" + line,
        gzip.compress(CHALLENGE + b"\n") + gzip.compress(line),
        gzip.compress(CHALLENGE + b"\n" + b"\n" * 10_000 + line),
    ):
        assert formats.detect(head_of(body), KEY, Settings()) == "access_combined"


def test_a_token_before_damage_is_no_challenge() -> None:
    body = gzip.compress(CHALLENGE + b"\n") + gzip.compress(COMMON.encode())[:-9]
    assert formats.detect(head_of(body), KEY, Settings()) != formats.SKIP
    assert formats.detect(head_of(gzip.compress(CHALLENGE)[:-3]), KEY, Settings()) != formats.SKIP


# -- prefixes ---------------------------------------------------------------------------------------------


def test_the_longest_prefix_that_says_a_format_decides() -> None:
    settings = Settings(
        prefixes=(
            PrefixRule(prefix="logs/", format="pino"),
            PrefixRule(prefix="logs/edge/", format="cloudflare_http_requests"),
            PrefixRule(prefix="logs/edge/raw/", sample=10),
            PrefixRule(prefix="logs/none/", format="skip"),
            PrefixRule(prefix="logs/shop/", format="mapping:shop"),
        ),
        mappings={"shop": MappingRule(ts="t")},
    )
    found = {
        key: detected(COMMON, settings=settings, key=key)
        for key in ("logs/x", "logs/edge/x", "logs/edge/raw/x", "logs/none/x", "logs/shop/x", "other/x")
    }
    assert found == {
        "logs/x": "pino",
        "logs/edge/x": "cloudflare_http_requests",
        "logs/edge/raw/x": "cloudflare_http_requests",
        "logs/none/x": "skip",
        "logs/shop/x": "mapping:shop",
        "other/x": "access_combined",
    }
    weights = [formats.sample_weight(key, settings) for key in ("logs/edge/raw/x", "logs/edge/x", "other/x")]
    assert weights == [10, 1, 1]


def test_a_prefix_with_a_format_that_there_is_not_is_refused() -> None:
    settings = Settings(prefixes=(PrefixRule(prefix="logs/", format="nginx"),))
    with pytest.raises(BadRequestError, match=r"no format 'nginx' .*access_combined"):
        detected(COMMON, settings=settings)


# -- a format of one's own --------------------------------------------------------------------------------


def test_adding_a_file_adds_a_format(own_sql: Path, conform: Conform) -> None:
    pino = (own_sql / "formats/pino.sql").read_text()
    head, query = pino[: pino.index("WITH parsed")], pino[pino.index("WITH parsed") :]
    assert "-- detect: " in head
    query = query.replace('"time": "VARCHAR"', '"when": "VARCHAR"').replace('o.f."time"', 'o.f."when"')
    query = query.replace("time_fault('time', t.f.\"time\"", "time_fault('when', t.f.\"when\"")
    (own_sql / "formats/ours.sql").write_text(
        "-- Our own service's lines.\n-- detect: json_exists(entry, '$.when')\n--     AND raw LIKE '%ours%'\n"
        + query
    )
    line = '{"when":1772359200,"app":"ours","level":40,"msg":"hello"}'
    assert detected(line) == "ours"
    assert detected(line.replace("ours", "theirs")) == "registry"
    assert "ours" in [item.name for item in formats.formats()]
    (row,) = conform(formats.sql("ours", Settings()), line)
    assert (row["reason"], row["message"], row["level"]) == (None, "hello", "warn")
    # The others are detected as before.
    for name, sample in SAMPLES.values():
        assert detected(sample) == name

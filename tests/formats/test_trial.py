"""trial/counts, trial/reasons, trial/row: what `warehouse formats try` finds out about a sample."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from tests.formats.samples import COMBINED, COMMON, HTTP_REQUEST, REGISTRY
from tests.formats.test_detection import CHALLENGE
from tests.warehouse_builder import millis, naive, ndjson
from warehouse.errors import BadRequestError
from warehouse.formats import trial
from warehouse.settings import Settings
from warehouse.settings_tables import PrefixRule


def tried(*lines: Any, **options: Any) -> trial.Trial:
    return trial.run(ndjson(lines), "logs/sample", options.pop("settings", Settings()), **options)


def test_a_sample_is_counted_and_its_bad_lines_are_explained() -> None:
    found = tried("noise", COMBINED, "", COMMON, "more noise")
    assert (found.format, found.why) == ("access_combined", "2 of the first 4 lines meet its condition")
    assert found.counts == {
        "lines": 5,
        "accepted": 2,
        "rejected": 3,
        "entries": 2,
        "firstTimestamp": millis("2026-03-01T10:00:07"),
        "lastTimestamp": millis("2026-03-01T10:00:07"),
    }
    assert found.reasons == [
        {
            "reason": "not a line of the common or combined log format",
            "lines": 2,
            "firstLine": 1,
            "firstText": "noise",
        },
        {"reason": "blank line", "lines": 1, "firstLine": 3, "firstText": ""},
    ]


def test_the_row_that_is_shown_is_the_first_that_fits_or_the_one_asked_for() -> None:
    lines = ["noise", COMBINED, COMMON]
    first = tried(*lines).row
    assert first is not None
    assert (first["line"], first["ts"], first["status"]) == (2, naive("2026-03-01T10:00:07"), 200)
    third = tried(*lines, line=3).row
    assert third is not None
    assert (third["line"], third["status"]) == (3, 502)
    bad = tried(*lines, line=1).row
    assert bad is not None
    assert (bad["reason"], bad["raw"]) == ("not a line of the common or combined log format", "noise")
    with pytest.raises(BadRequestError, match="no line 4"):
        tried(*lines, line=4)


def test_a_format_may_be_forced() -> None:
    found = tried(COMBINED, form="pino")
    assert (found.format, found.why, found.counts["rejected"]) == ("pino", "you said so", 1)
    assert found.claims == {"access_combined": 1}
    with pytest.raises(BadRequestError, match="no format 'nginx'"):
        tried(COMBINED, form="nginx")


def test_weights_show_in_the_entries() -> None:
    settings = Settings(prefixes=(PrefixRule(prefix="logs/", sample=3),))
    found = tried(HTTP_REQUEST, HTTP_REQUEST | {"SampleInterval": 10}, settings=settings)
    assert (found.counts["accepted"], found.counts["entries"]) == (2, 13)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["?"], "no format claims any of the first lines; this one then says what is wrong with them"),
        ([], "the file is empty: there is nothing to tell a format by"),
        (["", " "], "the file has blank lines only: there is nothing to tell a format by"),
        ([REGISTRY], "1 of the first 1 lines meet its condition"),
    ],
)
def test_the_registry_is_what_is_left(lines: list[Any], why: str) -> None:
    found = tried(*lines)
    assert (found.format, found.why) == ("registry", why)


def test_a_prefix_and_a_challenge_give_their_reasons() -> None:
    settings = Settings(prefixes=(PrefixRule(prefix="logs/", format="pino"),))
    assert tried(COMBINED, settings=settings).why == "set for the prefix 'logs/'"
    found = trial.run(CHALLENGE, "logs/x", settings)
    assert (found.format, found.counts, found.row) == ("skip", {}, None)
    assert found.why == "an ownership challenge of Cloudflare: it holds no log lines"


def test_compressed_samples_and_damaged_ones() -> None:
    body = gzip.compress(ndjson([COMBINED, COMMON]))
    found = trial.run(body, "x", Settings())
    assert (found.compression, found.counts["accepted"]) == ("gzip", 2)
    cut = trial.run(body[:-4], "x", Settings())
    assert (cut.counts["lines"], cut.counts["accepted"], cut.counts["rejected"]) == (2, 2, 1)
    assert cut.reasons[0]["reason"] == "the gzip data end early"

"""No line, however odd, stops a sync or gets lost: every format gives one row for it, or a reason."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.formats.conftest import Conform, head_of
from tests.formats.samples import SAMPLES
from warehouse import formats
from warehouse.settings import Settings
from warehouse.settings_tables import MappingRule

#: A mapping of every column, over fields of the samples.
MAPPING = MappingRule(
    ts="time",
    level="level",
    message="msg",
    source="name",
    config_hash="configHash",
    response_ms="responseTime",
    response_unit="s",
    status="status",
    method="request.method",
    path="request.url",
    client_ip="remoteIP",
    bytes="bytes.out",
    weight="pid",
    stored_at="time",
)
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**40, -(10**40), 1e300, -1e300, 5e-324, 0.1,
    1772359200, 1772359200123, 1772359200123456789, 99999999999.9999999, 9.3e18,
    "", " ", "-", "inf", "nan", "1e999", "0x10", "1_0", "9" * 400, "1772359200", "12.5", "-0",
    "2026-03-01T10:00:00Z", "9999-12-31T23:59:59Z", "2026-13-45T99:99:99Z", "0000-00-00T00:00:00",
    "2026-03-01T10:00:00+99:99", "01/Mar/2026:11:00:07 +9999", "99/Xyz/2026:99:99:99 +0000",
    "%", "%2f", "/@", "/@/-/.tgz", "/-/", "http://", "\x00", "\ud800", "é\u2028", "'; --", "@{status}", "\\",
    [], [1], {}, {"a": {}}, [[]], {"method": 1, "url": []}, {"Type": "x"}, [None], {"headers": 5},
]  # fmt: skip
NAMES = [item.name for item in formats.formats()]


def sql(name: str) -> str:
    return formats.sql(name, Settings(mappings={"all": MAPPING}))


def changed(entry: dict[str, Any], changes: dict[int, Any]) -> dict[str, Any]:
    """The entry with odd values at some of its keys, also one level further in."""
    keys: list[tuple[str, ...]] = [(key,) for key in entry]
    keys += [(key, inner) for key, value in entry.items() if isinstance(value, dict) for inner in value]
    result = json.loads(json.dumps(entry))
    for number, value in changes.items():
        path = keys[number % len(keys)]
        holder = result if len(path) == 1 else result[path[0]]
        if isinstance(holder, dict):
            holder[path[-1]] = copy.deepcopy(value)
    return result


json_samples = [json.loads(line) for _, line in SAMPLES.values() if line.startswith("{")]
odd_entries = st.builds(
    changed,
    st.sampled_from(json_samples),
    st.dictionaries(st.integers(0, 60), st.sampled_from(ODD), min_size=1, max_size=6),
)
text_samples = [line for _, line in SAMPLES.values()]
odd_texts = st.builds(
    lambda line, at, gone, put: line[: at % len(line)] + put + line[at % len(line) + gone :],
    st.sampled_from(text_samples),
    st.integers(0, 2000),
    st.integers(0, 30),
    st.sampled_from(["", '"', "\\", "\x00", "\x1b", "é", "]", "[", " ", "- -", "9" * 30, "{", "NaN", "\r"]),
)


@pytest.mark.parametrize("name", [*NAMES, "mapping:all"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(odd_entries, min_size=1, max_size=30))
def test_odd_values_give_a_row_with_the_whole_line_or_a_reason(
    conform: Conform, name: str, entries: list[dict[str, Any]]
) -> None:
    rows = conform(sql(name), *entries)
    assert len(rows) == len(entries)
    for row, entry in zip(rows, entries, strict=True):
        if row["reason"] is not None:
            assert (row["ts"], row["raw"]) == (None, json.dumps(entry, separators=(",", ":")))
            continue
        assert row["level"] in ("debug", "info", "warn", "error")
        assert 1 <= row["weight"] <= 1_000_000
        assert row["response_ms"] is None or 0 <= row["response_ms"] <= 86_400_000
        assert row["status"] is None or 100 <= row["status"] <= 599
        assert row["bytes"] is None or row["bytes"] >= 0
        assert 1973 <= row["ts"].year < 5139
        if name not in ("registry", "access_combined"):
            assert json.loads(row["metadata"]) == entry


@pytest.mark.parametrize("name", [*NAMES, "mapping:all"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(odd_texts, min_size=1, max_size=30))
def test_damaged_text_gives_a_row_or_a_reason(conform: Conform, name: str, lines: list[str]) -> None:
    rows = conform(sql(name), *lines)
    for row, line in zip(rows, lines, strict=True):
        if row["reason"] is None:
            assert row["ts"] is not None
            json.loads(row["metadata"], parse_constant=pytest.fail)
        else:
            assert row["raw"] == line


@settings(max_examples=50, deadline=None)
@given(lines=st.lists(odd_texts | odd_entries.map(json.dumps), min_size=1, max_size=5))
def test_detection_always_finds_a_format(lines: list[str]) -> None:
    sample = "\n".join(lines).encode(errors="surrogatepass")
    assert formats.detect(head_of(sample), "logs/x", Settings()) in {*NAMES, "skip"}

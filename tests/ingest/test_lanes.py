"""lanes/registry, the fast lane: it takes what is as usual, and makes the rows that the format makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.conftest import AT
from tests.warehouse_builder import Builder, ndjson
from warehouse import duck, sqlfiles
from warehouse.ingest.lanes import LANE_SETTINGS, opening
from warehouse.ingest.lines import Batcher
from warehouse.ingest.split import Lines

Rows = list[dict[str, Any]]
Lanes = Callable[..., tuple[Rows, Rows]]
WHOLE = {
    "timestamp": AT,
    "level": "info",
    "message": "GET /left-pad 200",
    "metadata": {"endpoint": "/left-pad", "method": "get", "responseTime": 1, "status": 200, "bytes": 9},
    "configHash": "0xAB12CD",
    "source": "registry-api",
    "storedAt": AT + 5,
    "configVersion": "1.4",
    "registryUrl": "https://registry.example",
    "systemInfo": {"memory": {"rss": 1.5}},
}


KNOWN = (
    *("endpoint", "path", "method", "responseTime", "status", "statusCode"),
    *("package", "version", "userAgent", "clientIP", "bytes"),
)


@pytest.fixture(scope="module")
def lanes() -> Iterator[Lanes]:
    """The rows of the fast lane, and the accepted rows of the format, of the same entries."""
    lane_opening = opening("registry")
    assert lane_opening == b'{"timestamp":'
    with closing(duck.connect(threads=1)) as con:
        con.execute(LANE_SETTINGS)

        def run(*entries: Any, key: str = "logs/0xFFEE00/1.jsonl") -> tuple[Rows, Rows]:
            batcher = Batcher(1 << 30)
            assert list(batcher.add(0, [ndjson(entries)])) == []
            lines = Lines(batcher.take())
            duck.register(con, "raw_lines", lines.table)
            duck.register(con, "usual_lines", lines.usual(lane_opening))
            duck.register(
                con,
                "raw_objects",
                pa.table(
                    {
                        "object_no": pa.array([0], pa.int32()),
                        "bucket": ["b"],
                        "object_key": [key],
                        "sample": pa.array([7], pa.int32()),
                    }
                ),
            )
            columns = duck.column_list("logs")
            return (
                rows_of(con, f"SELECT {columns} FROM ({sqlfiles.read('lanes', 'registry')})"),
                rows_of(
                    con,
                    f"SELECT {columns} FROM ({sqlfiles.read('formats', 'registry')})"
                    " WHERE reason IS NULL ORDER BY ts, object_key, line",
                ),
            )

        yield run


def compact(entry: dict[str, Any]) -> str:
    """A line as the registry writes it."""
    return json.dumps(entry, separators=(",", ":"))


def rows_of(con: duck.Connection, query: str) -> Rows:
    answer = con.execute(query)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def test_a_whole_entry_takes_the_fast_lane_and_becomes_the_same_row(lanes: Lanes) -> None:
    fast, careful = lanes(WHOLE)
    assert len(fast) == 1
    assert fast == careful


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("logs/abcdef12/1", "0xabcdef12"),
        ("logs/20260301/1", None),
        ("logs/20260301/abcdef12/1", "0xabcdef12"),
    ],
)
def test_a_config_hash_is_taken_from_the_key_as_the_format_takes_it(
    lanes: Lanes, key: str, expected: str | None
) -> None:
    entry = {name: value for name, value in WHOLE.items() if name != "configHash"} | {"configHash": ""}
    fast, careful = lanes(entry, key=key)
    assert [row["config_hash"] for row in fast] == [expected]
    assert fast == careful


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1},
        {"timestamp": str(AT)},
        {"timestamp": 1e15},
        {"storedAt": None},
        {"metadata": [1]},
        {"metadata": {"responseTime": True}},
        {"metadata": {"responseTime": False}},
        {"metadata": {"responseTime": -1}},
        {"metadata": {"status": 42}},
        {"metadata": {"bytes": -1}},
        {"metadata": {"a": float("nan")}},
        {"systemInfo": [float("-inf")]},
    ],
)
def test_what_needs_care_is_left_to_the_format(lanes: Lanes, change: dict[str, Any]) -> None:
    fast, _ = lanes(WHOLE | change)
    assert fast == []


@pytest.mark.parametrize("word", ["NaN", "nan", "-nAn", "Infinity", "-Infinity", "-inf", "INF", "iNfinity"])
@pytest.mark.parametrize("place", ['"status":', '"rss":', '"level":', '"configVersion":', '"registryUrl":'])
@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_a_line_with_a_number_that_is_none_is_left_to_the_format(
    lanes: Lanes, word: str, place: str, blank: str
) -> None:
    text = compact(WHOLE)
    start = text.index(place) + len(place)
    end = min(text.index(sign, start) for sign in ",}" if sign in text[start:])
    assert lanes(text[:start] + blank + word + text[end:]) == ([], [])


@pytest.mark.parametrize("missing", list(WHOLE))
def test_an_entry_with_an_unknown_key_for_a_known_one_is_left_to_the_format(
    lanes: Lanes, missing: str
) -> None:
    entry = {name: value for name, value in WHOLE.items() if name != missing} | {"pid": 7}
    assert lanes(entry)[0] == []


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("comma", [",", " ,", ", "])
@pytest.mark.parametrize("end", ["}}", "}}}", "}"])
def test_a_comma_before_a_closing_bracket_is_no_row_of_either(
    lanes: Lanes, separators: tuple[str, str], comma: str, end: str
) -> None:
    line = json.dumps(WHOLE | {"message": 'a "word"'}, separators=separators)
    assert line.endswith(end)
    assert lanes(line[: -len(end)] + comma + end) == ([], [])
    metadata = line.replace("9}", f"9{comma}}}")
    assert metadata != line
    assert lanes(metadata) == ([], [])


def test_what_looks_like_such_a_comma_in_a_text_is_left_to_the_format(lanes: Lanes) -> None:
    fast, careful = lanes(WHOLE | {"message": 'a "b",}'})
    assert (len(fast), len(careful)) == (0, 1)
    fast, careful = lanes(WHOLE | {"message": "a,}"})
    assert (len(fast), len(careful)) == (1, 1)


@pytest.mark.parametrize("more", [',"level":"warn"', ',"":1', ',"level":"info"'])
def test_a_key_that_stands_twice_or_is_unknown_is_left_to_the_format(lanes: Lanes, more: str) -> None:
    text = compact(WHOLE)
    assert lanes(text[:-1] + more + "}")[0] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # The line's length stays what it would be, or the value what it is.
        ('"message":"GET /left-pad 200"', '"message":0,"":"/left-pad"'),
        ('"configVersion":"1.4"', '"configVersion":1.4,"":0'),
        ('"bytes":9}', '"bytes":9,"z":1E2}'),
        (f'"storedAt":{AT + 5}', f'"storedAt":"{AT + 5}"'),
        (f'"storedAt":{AT + 5}', f'"storedAt":{AT + 5}.5'),
        (f'"storedAt":{AT + 5}', '"storedAt":true'),
    ],
)
def test_no_other_line_passes_for_a_whole_one(lanes: Lanes, old: str, new: str) -> None:
    text = compact(WHOLE)
    assert old in text
    fast, careful = lanes(text.replace(old, new))
    assert fast in ([], careful)
    assert fast == [] or "1E2" in new


@pytest.mark.parametrize(
    "change",
    [{"message": 'say "no"\n\tat é'}, {"source": "caché"}, {"metadata": {"a": "\\"}}, {"level": "WARN"}],
)
def test_escapes_and_other_scripts_take_the_fast_lane(lanes: Lanes, change: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        fast, careful = lanes(json.dumps(WHOLE | change, separators=(",", ":"), ensure_ascii=ascii_only))
        assert len(fast) == 1
        assert fast == careful


def test_usual_entries_in_any_order_become_rows_in_order_of_time(lanes: Lanes) -> None:
    fast, careful = lanes(*(WHOLE | {"timestamp": AT + number * 7 % 5} for number in range(9)))
    assert len(fast) == 9
    assert fast == careful


scalars = st.none() | st.booleans() | st.integers(-(2**66), 2**66) | st.floats() | st.text(max_size=6)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
)
numbers = st.integers(-10, 700) | st.floats(-5, 9e7) | scalars
metadata = st.fixed_dictionaries(
    {},
    optional={
        name: numbers | st.sampled_from(["GET", "/x", "12", 'é\n"\\'])
        for name in (
            "endpoint",
            "path",
            "method",
            "responseTime",
            "status",
            "statusCode",
            "package",
            "version",
            "userAgent",
            "clientIP",
            "bytes",
            "other",
        )
    },
)
entries = st.fixed_dictionaries(
    {
        "timestamp": st.integers(AT - 10**6, AT + 10**6) | st.floats(AT - 10.0, AT + 10.0) | scalars,
        "level": st.sampled_from(["info", "ERROR", "Warn", "debug", "50", "x"]) | scalars,
        "message": st.text() | values,
        "metadata": metadata | values,
        "configHash": st.sampled_from(["0xAB12", "ab", "zz", ""]) | scalars,
        "source": scalars,
        "storedAt": st.integers(AT, AT + 10**9) | scalars,
        "configVersion": scalars,
        "registryUrl": values,
        "systemInfo": values,
    },
    optional={"extra": values},
)


@settings(max_examples=200, deadline=None)
@given(
    given_entries=st.lists(entries, min_size=1, max_size=6),
    ascii_only=st.booleans(),
    comma=st.sampled_from([",", ", "]),
)
def test_the_fast_lane_never_differs_from_the_format(
    lanes: Lanes, given_entries: list[dict[str, Any]], ascii_only: bool, comma: str
) -> None:
    fast, careful = lanes(
        *(json.dumps(entry, ensure_ascii=ascii_only, separators=(comma, ":")) for entry in given_entries)
    )
    by_line = {row["line"]: row for row in careful}
    assert fast == [by_line[row["line"]] for row in sorted(fast, key=lambda row: (row["ts"], row["line"]))]


def test_lines_of_both_lanes_and_of_two_days_become_rows_of_one_object(builder: Builder) -> None:
    entries: list[Any] = []
    for number in range(40):
        at = AT + number * 6 * 3600 * 1000  # ten days, four entries a day
        whole = WHOLE | {"timestamp": at, "message": f"entry {number}"}
        entries.append(whole if number % 3 else whole | {"pid": number})
    entries.insert(20, '{"timestamp":')
    builder.put(entries)
    summary = builder.sync()
    assert (summary.entries, summary.rejected_lines) == (40, 1)
    rows = builder.rows("SELECT line, message, CAST(ts AS DATE) = date FROM logs ORDER BY line")
    lines = [number + 1 for number in range(41) if number != 20]
    assert rows == [(line, f"entry {number}", True) for number, line in enumerate(lines)]

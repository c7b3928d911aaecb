"""formats/registry: the JSON that an entry brings along is kept whole, and is JSON as the standard has it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.conftest import AT, Conform, accepted, one, strictly
from tests.warehouse_builder import log, naive


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "nan", "inf", "-inf", "-INF", "NAN"])
@pytest.mark.parametrize(
    "entry",
    [
        '{"timestamp":1767225600000,"metadata":{"a":VALUE}}',
        '{"timestamp":1767225600000,"metadata":{"a":[1, VALUE]}}',
        '{"timestamp":1767225600000,"metadata":VALUE}',
        '{"timestamp":1767225600000,"unknown":VALUE}',
        '{"timestamp":1767225600000,"systemInfo":{"load":[VALUE,1]}}',
    ],
)
def test_nan_and_infinity_are_no_json(conform: Conform, entry: str, value: str) -> None:
    assert one(conform, entry.replace("VALUE", value))["reason"] == "not valid JSON: NaN or Infinity"


def test_nan_and_infinity_inside_of_strings_are_text(conform: Conform) -> None:
    words = {
        "NaN": "NaN",
        "quoted": 'a "NaN" b',
        "Infinity": ["-Infinity", "inf", ",nan,", ":inf"],
        "back\\": "\\",
    }
    row = accepted(conform, log(AT, message="NaN Infinity", **words))
    assert strictly(row["metadata"]) == words


# -- metadata and the rest --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("null", "{}"),
        ("{}", "{}"),
        ("[1,2]", '{"value":[1,2]}'),
        ('"text"', '{"value":"text"}'),
        ('"null"', '{"value":"null"}'),
        ("7", '{"value":7}'),
        ("false", '{"value":false}'),
        ('{"a":{"b":null}}', '{"a":{"b":null}}'),
        ('{"a":18446744073709551615}', '{"a":18446744073709551615}'),
        ('{"a":123456789012345678901234567890}', '{"a":123456789012345678901234567890}'),
        ('{"a":-9223372036854775808}', '{"a":-9223372036854775808}'),
    ],
)
def test_metadata_is_kept_complete_as_an_object(conform: Conform, written: str, kept: str) -> None:
    assert accepted(conform, f'{{"timestamp":{AT},"metadata":{written}}}')["metadata"] == kept


def test_what_is_no_field_of_ours_is_kept_in_extra(conform: Conform) -> None:
    unknown = {"pid": 7, "nested": {"a": [1, {"b": None}], "timestamp": 1}, "nothing": None, "": "empty name"}
    row = accepted(conform, log(AT, registryUrl="https://r.example") | unknown)
    assert strictly(row["extra"]) == unknown | {"registryUrl": "https://r.example"}


def test_ten_fields_of_which_one_is_unknown_lose_nothing(conform: Conform) -> None:
    known = {
        "timestamp": AT,
        "level": "info",
        "message": "m",
        "metadata": {},
        "configHash": "ab",
        "source": "s",
        "storedAt": AT,
        "configVersion": "1",
        "registryUrl": "u",
        "systemInfo": {"a": 1},
    }
    assert strictly(accepted(conform, known)["extra"]) == {"registryUrl": "u", "systemInfo": {"a": 1}}
    for missing in known:
        if missing != "timestamp":
            entry = {name: value for name, value in known.items() if name != missing} | {"host": "h"}
            expected = {name: entry[name] for name in ("registryUrl", "systemInfo", "host") if name in entry}
            assert strictly(accepted(conform, entry)["extra"]) == expected, missing
    nulls = known | {"systemInfo": None, "registryUrl": None}
    assert strictly(accepted(conform, nulls)["extra"]) == {"systemInfo": None, "registryUrl": None}


#: Bits of JSON with a comma too many, and bits that only look so.
TRAILING = ['"a":[1,2,]', '"a":{"b":1 , }', '"metadata":{"b":[1,\t]}', '"a":"\\"", "b":[{},]', '"a":1,']
HARMLESS = ['"a":",}"', '"a":"x, ]"', '"a":"\\",}"', '"a":"\\\\","b":[",]"]', '",}":1', '"a":[[],{}]']


@pytest.mark.parametrize("bit", TRAILING)
def test_a_comma_before_a_closing_bracket_is_no_json(conform: Conform, bit: str) -> None:
    (row,) = conform(f'{{"timestamp":{AT},{bit}}}')
    assert row["reason"] == "not valid JSON: a comma before a closing bracket"


@pytest.mark.parametrize("bit", HARMLESS)
def test_a_comma_before_a_bracket_in_a_text_is_fine(conform: Conform, bit: str) -> None:
    (row,) = conform(f'{{"timestamp":{AT},{bit}}}')
    assert row["reason"] is None


@pytest.mark.parametrize(
    ("more", "extra"),
    [
        ('"level":"info","message":"one","message":"two"', {"message": "two"}),
        ('"level":"info","level":"error","timestamp":1,"x":1', {"level": "error", "timestamp": 1, "x": 1}),
        ('"level":null,"level":"error"', {"level": "error"}),
        ('"metadata":{"a":1},"metadata":{"b":[1,"\\u00e9"]}', {"metadata": {"b": [1, "é"]}}),
        ('"level":null,"message":null', {}),
        ('"x":1,"x":1', {"x": 1}),
    ],
)
def test_what_stands_twice_is_kept_with_the_unknown_fields(
    conform: Conform, more: str, extra: dict[str, Any]
) -> None:
    (row,) = conform(f'{{"timestamp":{AT},{more}}}')
    assert (row["reason"], json.loads(row["extra"])) == (None, extra)


def test_of_a_field_that_stands_three_times_each_but_the_first_is_kept(conform: Conform) -> None:
    (row,) = conform(f'{{"timestamp":{AT},"message":"1","message":"2","a\\"b":0,"message":"3"}}')
    assert row["message"] == "1"
    assert row["extra"] == '{"message":"2","a\\"b":0,"message":"3"}'


def test_a_nan_that_stands_twice_is_no_json(conform: Conform) -> None:
    (row,) = conform(f'{{"timestamp":{AT},"message":"1","message":NaN}}')
    assert row["reason"] == "not valid JSON: NaN or Infinity"


def test_of_a_key_that_stands_twice_the_first_counts(conform: Conform) -> None:
    row = accepted(
        conform, f'{{"timestamp":{AT},"timestamp":{AT + 1000},"message":"first","message":"second"}}'
    )
    assert (row["ts"], row["message"]) == (naive("2026-01-01T00:00:00"), "first")
    row = accepted(conform, f'{{"timestamp":{AT},"metadata":{{"status":200,"status":500}}}}')
    assert row["status"] == 200


def test_a_null_character_in_a_text_is_kept(conform: Conform) -> None:
    row = accepted(conform, log(AT, message="a\0b", note="c\0d"))
    assert row["message"] == "a\0b"
    assert strictly(row["metadata"]) == {"note": "c\0d"}


@pytest.mark.parametrize(
    ("message", "text"), [("text", "text"), ("", ""), (7, "7"), ({"a": 1}, '{"a":1}'), (None, None)]
)
def test_messages_that_are_no_text_are_shown_as_json(
    conform: Conform, message: Any, text: str | None
) -> None:
    assert accepted(conform, log(AT, message=message))["message"] == text


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["NaN", "-Infinity", 'a"b', "\\", "inf", "\u2028", "\0", "😀"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(
    st.sampled_from(["status", "bytes", "responseTime", "method", "endpoint"]) | st.text(max_size=6),
    json_values,
    max_size=5,
)


@settings(max_examples=150)
@given(metadata=json_objects, extra=json_objects, ascii_only=st.booleans())
def test_any_metadata_and_any_other_field_are_json_equal_to_what_went_in(
    conform: Conform, metadata: dict[str, Any], extra: dict[str, Any], ascii_only: bool
) -> None:
    ours = {"timestamp", "level", "message", "metadata", "configHash", "source", "storedAt", "configVersion"}
    extra = {name: value for name, value in extra.items() if name not in ours}
    entry = extra | {"timestamp": AT, "metadata": metadata}
    row = accepted(conform, json.dumps(entry, ensure_ascii=ascii_only))
    assert strictly(row["metadata"]) == metadata
    assert strictly(row["extra"]) == extra

"""formats/registry: the registry's log lines, conformed to the canonical row or sent to quarantine."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.ingest.conftest import AT, Conform, accepted, one, strictly
from tests.warehouse_builder import log, naive


def test_a_whole_entry_fills_the_canonical_row(conform: Conform) -> None:
    entry = {
        "timestamp": AT + 1,
        "level": "Error",
        "message": "GET /left-pad failed",
        "metadata": {
            "endpoint": "/left-pad",
            "method": "get",
            "responseTime": 12.5,
            "status": 502,
            "package": "left-pad",
            "version": "1.3.0",
            "userAgent": "npm/10",
            "clientIP": "10.0.0.1",
            "bytes": 1234,
            "error": {"code": "ECONNRESET"},
        },
        "configHash": "0xABCD1234",
        "source": "proxy",
        "storedAt": AT + 5_000.25,
        "configVersion": "2.0.0",
        "registryUrl": "https://registry.example",
        "systemInfo": {"platform": "linux", "memory": [1, 2]},
    }
    row = one(conform, entry, key="logs/0x99999999/1.jsonl")
    metadata, extra = row.pop("metadata"), row.pop("extra")
    assert row == {
        "object_no": 0,
        "line": 1,
        "reason": None,
        "raw": None,
        "ts": naive("2026-01-01T00:00:00.001"),
        "level": "error",
        "raw_level": "Error",
        "message": "GET /left-pad failed",
        "source": "proxy",
        "config_hash": "0xabcd1234",
        "config_version": "2.0.0",
        "response_ms": 12.5,
        "status": 502,
        "method": "GET",
        "path": "/left-pad",
        "package": "left-pad",
        "package_version": "1.3.0",
        "client_ip": "10.0.0.1",
        "user_agent": "npm/10",
        "bytes": 1234,
        "weight": 1,
        "stored_at": naive("2026-01-01T00:00:05.000250"),
        "bucket": "b",
        "object_key": "logs/0x99999999/1.jsonl",
    }
    assert strictly(metadata) == entry["metadata"]
    assert strictly(extra) == {"registryUrl": entry["registryUrl"], "systemInfo": entry["systemInfo"]}


def test_a_timestamp_is_enough(conform: Conform) -> None:
    row = accepted(conform, {"timestamp": AT})
    filled = " ".join(name for name, value in row.items() if value is not None)
    assert filled == "object_no line ts level weight metadata extra bucket object_key"
    assert (row["level"], row["metadata"], row["extra"]) == ("info", "{}", "{}")


# -- levels -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "level", "raw"),
    [
        ("error", "error", "error"),
        ("ERROR", "error", "ERROR"),
        ("Err", "error", "Err"),
        ("fatal", "error", "fatal"),
        ("CRITICAL", "error", "CRITICAL"),
        ("emerg", "error", "emerg"),
        ("WARNING", "warn", "WARNING"),
        ("Warn", "warn", "Warn"),
        ("info", "info", "info"),
        ("notice", "info", "notice"),
        ("http", "info", "http"),
        ("trace", "debug", "trace"),
        ("DEBUG", "debug", "DEBUG"),
        ("verbose", "debug", "verbose"),
        (60, "error", "60"),
        (50, "error", "50"),
        (40, "warn", "40"),
        (30, "info", "30"),
        (20, "debug", "20"),
        (10, "debug", "10"),
        ("50", "error", "50"),
        (99, "info", "99"),
        (None, "info", None),
        (["error"], "info", '["error"]'),
    ],
)
def test_levels_of_any_name_case_or_number_are_one_of_four(
    conform: Conform, written: Any, level: str, raw: str | None
) -> None:
    row = accepted(conform, log(AT, written))
    assert (row["level"], row["raw_level"]) == (level, raw)


# -- times ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1767225600000", "2026-01-01T00:00:00"),
        ("1767225600000.0", "2026-01-01T00:00:00"),
        ("1767225600000.001", "2026-01-01T00:00:00.000001"),
        ("1767225600123.4567", "2026-01-01T00:00:00.123457"),
        ("1.7672256e12", "2026-01-01T00:00:00"),
        ("100000000000", "1973-03-03T09:46:40"),
        ("100000000000000", "5138-11-16T09:46:40"),
    ],
)
def test_timestamps_are_epoch_milliseconds_to_the_microsecond(
    conform: Conform, written: str, expected: str
) -> None:
    assert accepted(conform, f'{{"timestamp":{written}}}')["ts"] == naive(expected)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("null", "timestamp is missing"),
        ('"1767225600000"', "timestamp is not a number of epoch milliseconds"),
        ('"2026-01-01"', "timestamp is not a number of epoch milliseconds"),
        ("true", "timestamp is not a number of epoch milliseconds"),
        ("[1767225600000]", "timestamp is not a number of epoch milliseconds"),
        ("{}", "timestamp is not a number of epoch milliseconds"),
        ("1767225600", "timestamp is out of range: 1767225600"),
        ("1767225600000000000", "timestamp is out of range: 1767225600000000000"),
        ("99999999999", "timestamp is out of range: 99999999999"),
        ("100000000000001", "timestamp is out of range: 100000000000001"),
        ("-1767225600000", "timestamp is out of range: -1767225600000"),
        ("0", "timestamp is out of range: 0"),
    ],
)
def test_a_line_without_a_usable_timestamp_says_why_it_is_none(
    conform: Conform, written: str, reason: str
) -> None:
    text = f'{{"timestamp":{written},"message":"x"}}'
    row = one(conform, text)
    assert (row["reason"], row["raw"], row["ts"]) == (reason, text, None)


@pytest.mark.parametrize("written", ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "nan"])
def test_a_timestamp_that_is_no_finite_number_is_refused(conform: Conform, written: str) -> None:
    assert str(one(conform, f'{{"timestamp":{written}}}')["reason"]).startswith("timestamp is ")


def test_a_missing_timestamp_is_told(conform: Conform) -> None:
    assert one(conform, "{}")["reason"] == "timestamp is missing"
    assert one(conform, '{"Timestamp":1767225600000}')["reason"] == "timestamp is missing"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("null", None),
        ("1767225600000", None),
        ('"soon"', "storedAt is not a number of epoch milliseconds"),
        ("true", "storedAt is not a number of epoch milliseconds"),
        ("1767225600", "storedAt is out of range: 1767225600"),
    ],
)
def test_the_time_of_storing_may_lack_but_must_not_be_wrong(
    conform: Conform, written: str, reason: str | None
) -> None:
    assert one(conform, f'{{"timestamp":{AT},"storedAt":{written}}}')["reason"] == reason


# -- what is no entry -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "blank line"),
        (" \t ", "blank line"),
        ("\r", "blank line"),
        ("{", "not valid JSON"),
        ('{"timestamp":1767225600000', "not valid JSON"),
        ('{"timestamp":1767225600000} {}', "not valid JSON"),
        ("plain text", "not valid JSON"),
        ('{"timestamp":1767225600000,"message":"\\ud800"}', "not valid JSON"),
        ("[]", "not a JSON object but a list"),
        ('"text"', "not a JSON object but a text"),
        ("null", "not a JSON object but null"),
        *((number, "not a JSON object but a number") for number in ("1", "-1", "1.5", "9" * 40)),
        ("true", "not a JSON object but true or false"),
        (b'{"timestamp":1767225600000,"message":"\xff"}', "not valid UTF-8 at byte 39"),
    ],
)
def test_lines_that_are_no_object_go_to_quarantine_whole(
    conform: Conform, line: str | bytes, reason: str
) -> None:
    row = one(conform, line)
    assert row["reason"] == reason
    shown = line if isinstance(line, str) else line.decode(errors="backslashreplace")
    assert row["raw"] == shown


def test_carriage_returns_and_blanks_around_an_entry_do_not_matter(conform: Conform) -> None:
    for text in (f'{{"timestamp":{AT}}}\r', f'  {{"timestamp":{AT}}}', f'\t{{ "timestamp" : {AT} }} '):
        assert accepted(conform, text)["ts"] == naive("2026-01-01T00:00:00")


# -- fields of the metadata -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12.5", 12.5),
        ("0", 0),
        ("86400000", 86_400_000),
        ("86400000.5", None),
        ("-1", None),
        ("null", None),
        ('"12.5"', 12.5),
        ('"fast"', None),
        ("[1]", None),
        ("true", None),
        ("false", None),
        ("1", 1),
        ("1e400", None),
    ],
)
def test_response_times_are_numbers_of_milliseconds_up_to_a_day(
    conform: Conform, written: str, expected: float | None
) -> None:
    row = accepted(conform, f'{{"timestamp":{AT},"metadata":{{"responseTime":{written}}}}}')
    assert row["response_ms"] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("200", 200),
        ("599", 599),
        ("100", 100),
        ("99", None),
        ("600", None),
        ("-200", None),
        ('"404"', 404),
        ("true", None),
        ("99999999999", None),
        ('"ok"', None),
        ("null", None),
    ],
)
def test_a_status_is_between_100_and_599(conform: Conform, written: str, expected: int | None) -> None:
    for name in ("status", "statusCode"):
        row = accepted(conform, f'{{"timestamp":{AT},"metadata":{{"{name}":{written}}}}}')
        assert row["status"] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [("0", 0), ("1234567890123", 1234567890123), ("-1", None), ("null", None), ('"x"', None)],
)
def test_sizes_are_not_negative(conform: Conform, written: str, expected: int | None) -> None:
    row = accepted(conform, f'{{"timestamp":{AT},"metadata":{{"bytes":{written}}}}}')
    assert row["bytes"] == expected


def test_the_endpoint_is_the_path_and_a_path_will_do(conform: Conform) -> None:
    assert accepted(conform, log(AT, endpoint="/a", path="/b"))["path"] == "/a"
    assert accepted(conform, log(AT, path="/b"))["path"] == "/b"


# -- config hash ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "key", "expected"),
    [
        ("0x12345678", "logs/1.jsonl", "0x12345678"),
        ("12345678", "logs/1.jsonl", "0x12345678"),
        ("0XABCDEF12", "logs/1.jsonl", "0xabcdef12"),
        ("12345678", "logs/0xffffffff/1.jsonl", "0x12345678"),
        (None, "logs/0xFFFFFFFF/1.jsonl", "0xffffffff"),
        ("", "logs/abcdef12/1.jsonl", "0xabcdef12"),
        (None, "logs/abcdef12/2026/1.jsonl", "0xabcdef12"),
        (None, "logs/1767225600000.jsonl", None),
        (None, "logs/abc/1.jsonl", None),
        (None, "logs/20260301/1.jsonl", None),
        (None, "logs/202603/2026030112/1.jsonl", None),
        (None, "logs/20260301T000000/20260301235959/1.jsonl", None),
        (None, "logs/1767225600/1767225600000/1.jsonl", None),
        (None, "logs/20260301/abcdef12/1.jsonl", "0xabcdef12"),
        (None, "logs/20260301/0xABCDEF/1.jsonl", "0xabcdef"),
        (None, "logs/0x20260301/1.jsonl", "0x20260301"),
        (None, "logs/20261301/1.jsonl", "0x20261301"),  # there is no 13th month
        (None, "logs/nothexes/1.jsonl", None),
        ("main", "logs/1.jsonl", "main"),
    ],
)
def test_the_config_hash_is_the_entrys_or_that_of_the_objects_key(
    conform: Conform, written: str | None, key: str, expected: str | None
) -> None:
    assert accepted(conform, log(AT, configHash=written), key=key)["config_hash"] == expected


def test_a_float_that_was_written_long_is_the_same_number(conform: Conform) -> None:
    row = accepted(conform, f'{{"timestamp":{AT},"metadata":{{"a":0.1000000000000000055511151231257827}}}}')
    assert math.isclose(strictly(row["metadata"])["a"], 0.1, rel_tol=0)

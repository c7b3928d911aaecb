"""formats/cloudflare_http_requests, formats/cloudflare_workers_trace_events, formats/cloudflare_audit_logs:
what Logpush writes, conformed to the canonical row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.conftest import Conform, accepted, refused, shown
from tests.formats.samples import AUDIT, AUDIT_V2, HTTP_REQUEST, WORKER
from tests.warehouse_builder import naive

HTTP = "cloudflare_http_requests"
WORKERS = "cloudflare_workers_trace_events"
AUDITS = "cloudflare_audit_logs"


def test_an_http_request_fills_the_row_and_stays_whole(conform: Conform) -> None:
    row = accepted(conform, HTTP, HTTP_REQUEST)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:03"),
        "level": "info",
        "message": "GET /left-pad/-/left-pad-1.3.0.tgz 200",
        "source": "cloudflare",
        "response_ms": 53,
        "status": 200,
        "method": "GET",
        "path": "/left-pad/-/left-pad-1.3.0.tgz",
        "package": "left-pad",
        "package_version": "1.3.0",
        "client_ip": "203.0.113.9",
        "user_agent": "npm/10.8.2",
        "bytes": 3930,
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == HTTP_REQUEST


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (1772359203, "2026-03-01T10:00:03"),  # unix
        ("1772359203", "2026-03-01T10:00:03"),
        (1772359203433000200, "2026-03-01T10:00:03.433"),  # unixnano
        (1772359203433999999, "2026-03-01T10:00:03.433999"),  # cut, not rounded
        ("1772359203433000200", "2026-03-01T10:00:03.433"),
        ("2026-03-01T10:00:03Z", "2026-03-01T10:00:03"),  # rfc3339
        ("2026-03-01T10:00:03.1005Z", "2026-03-01T10:00:03.100500"),
        ("2026-03-01T12:30:03+02:30", "2026-03-01T10:00:03"),
        ("2026-03-01T10:00:03.123456789Z", "2026-03-01T10:00:03.123456"),
    ],
)
@pytest.mark.parametrize(
    ("form", "line", "field"),
    [
        (HTTP, HTTP_REQUEST, "EdgeStartTimestamp"),
        (WORKERS, WORKER, "EventTimestampMs"),
        (AUDITS, AUDIT, "When"),
        (AUDITS, AUDIT_V2, "ActionTimestamp"),
    ],
)
def test_timestamps_in_all_three_forms_of_logpush(
    conform: Conform, form: str, line: dict[str, Any], field: str, written: Any, at: str
) -> None:
    assert accepted(conform, form, line | {field: written})["ts"] == naive(at)


@pytest.mark.parametrize(
    ("status", "level", "kept"),
    [(200, "info", 200), (304, "info", 304), (404, "warn", 404), (499, "warn", 499), (522, "error", 522)],
)
def test_the_level_of_a_request_comes_from_its_status(
    conform: Conform, status: int, level: str, kept: int
) -> None:
    row = accepted(conform, HTTP, HTTP_REQUEST | {"EdgeResponseStatus": status})
    assert (row["level"], row["status"]) == (level, kept)


def test_a_request_without_an_answer_has_no_status(conform: Conform) -> None:
    row = accepted(conform, HTTP, HTTP_REQUEST | {"EdgeResponseStatus": 0})
    assert (row["level"], row["status"]) == ("info", None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 53),
        ({"EdgeTimeToFirstByteMs": None}, 35),
        ({"EdgeTimeToFirstByteMs": None, "OriginResponseDurationMs": 0}, 35),  # from OriginResponseTime in ns
        ({"EdgeTimeToFirstByteMs": None, "OriginResponseDurationMs": 0, "OriginResponseTime": 0}, None),
        (
            {
                "EdgeTimeToFirstByteMs": None,
                "OriginResponseDurationMs": 0,
                "OriginResponseTime": 0,
                "EdgeStartTimestamp": 1772359203433000200,
                "EdgeEndTimestamp": 1772359203500000200,
            },
            67,
        ),
        (
            {"EdgeTimeToFirstByteMs": -1, "OriginResponseDurationMs": 90_000_000, "OriginResponseTime": 0},
            None,
        ),
    ],
)
def test_the_response_time_is_the_best_that_the_line_has(
    conform: Conform, fields: dict[str, Any], expected: float | None
) -> None:
    assert accepted(conform, HTTP, HTTP_REQUEST | fields)["response_ms"] == expected


@pytest.mark.parametrize(
    ("interval", "sample", "weight"),
    [
        *(
            (10, 1, 10),
            (10, 5, 10),
            (None, 5, 5),
            (0, 5, 5),
            ("", 5, 5),
            ("100", 1, 100),
            (250_000, 1, 250_000),
        ),
        *((1_000_000, 1, 1_000_000), (2.5, 1, 3)),
    ],
)
def test_the_sample_interval_is_the_weight_and_else_the_prefix_says(
    conform: Conform, interval: Any, sample: int, weight: int
) -> None:
    row = accepted(conform, HTTP, HTTP_REQUEST | {"SampleInterval": interval}, sample=sample)
    assert row["weight"] == weight


@pytest.mark.parametrize("interval", [1_000_001, 1e9, 10**30, -1, 0.5, "x", True, [1], "NaN"])
def test_a_sample_interval_that_cannot_be_a_weight_sends_the_line_to_quarantine(
    conform: Conform, interval: Any
) -> None:
    reason = refused(conform, HTTP, HTTP_REQUEST | {"SampleInterval": interval})
    assert reason.startswith("SampleInterval is no number from 1 to 1,000,000: ")


def test_the_end_counts_where_the_job_does_not_write_the_start(conform: Conform) -> None:
    line = {"ClientIP": "1.1.1.1", "EdgeEndTimestamp": 1772359203, "ClientRequestPath": "/"}
    assert shown(accepted(conform, HTTP, line))["ts"] == naive("2026-03-01T10:00:03")


# -- workers ----------------------------------------------------------------------------------------------


def test_a_worker_event_fills_the_row_and_stays_whole(conform: Conform) -> None:
    row = accepted(conform, WORKERS, WORKER)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:04.804"),
        "level": "warn",
        "raw_level": "ok",
        "message": "GET /v2/_catalog 404",
        "source": "little-butterfly",
        "response_ms": 21,
        "status": 404,
        "method": "GET",
        "path": "/v2/_catalog",
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == WORKER


@pytest.mark.parametrize(
    ("outcome", "exceptions", "status", "level"),
    [
        ("ok", [], 200, "info"),
        ("ok", [], None, "info"),
        ("ok", [], 500, "error"),
        ("ok", [{"Name": "Error", "Message": "x"}], 200, "error"),
        ("exception", [], None, "error"),
        ("exceededCpu", [], 200, "error"),
        ("exceededMemory", None, None, "error"),
        ("canceled", [], None, "warn"),
        ("responseStreamDisconnected", [], 200, "warn"),
        (None, None, None, "info"),
    ],
)
def test_the_level_of_a_worker_event_comes_from_outcome_exceptions_and_status(
    conform: Conform, outcome: str | None, exceptions: Any, status: int | None, level: str
) -> None:
    event = {**WORKER["Event"], "Response": {"Status": status}}
    row = accepted(conform, WORKERS, WORKER | {"Outcome": outcome, "Exceptions": exceptions, "Event": event})
    assert row["level"] == level


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"Exceptions": [{"Name": "TypeError", "Message": "x of undefined", "TimestampMs": 1}]},
            "TypeError: x of undefined",
        ),
        ({"Exceptions": [{"message": "lower case", "stack": "…"}]}, "lower case"),
        ({"Event": {"ScheduledTimeMs": 1}, "EventType": "scheduled"}, "scheduled ok"),
    ],
)
def test_the_message_of_a_worker_event_is_its_first_exception_or_request(
    conform: Conform, fields: dict[str, Any], message: str
) -> None:
    assert accepted(conform, WORKERS, WORKER | fields)["message"] == message


# -- audit logs -------------------------------------------------------------------------------------------


def test_an_audit_entry_of_version_1(conform: Conform) -> None:
    row = accepted(conform, AUDITS, AUDIT)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:05"),
        "level": "info",
        "raw_level": "true",
        "message": "token_create account by user@example.com",
        "source": "cloudflare-audit",
        "client_ip": "81.2.69.142",
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == AUDIT


def test_an_audit_entry_of_version_2_that_failed(conform: Conform) -> None:
    assert shown(accepted(conform, AUDITS, AUDIT_V2)) == {
        "ts": naive("2026-03-01T10:00:06"),
        "level": "warn",
        "raw_level": "failure",
        "message": "delete bucket by bob@example.com",
        "source": "cloudflare-audit",
        "status": 403,
        "method": "DELETE",
        "path": "/accounts/4bb3/r2/buckets/logs",
        "client_ip": "198.51.100.8",
        "weight": 1,
    }


def test_an_audit_entry_of_the_api(conform: Conform) -> None:
    line = {
        "action": {"type": "add", "result": False},
        "actor": {"email": "eve@example.com", "ip": "192.0.2.1", "type": "user"},
        "resource": {"type": "r2.bucket", "id": "x"},
        "when": "2026-03-01T10:00:05Z",
    }
    row = accepted(conform, AUDITS, line)
    assert (row["message"], row["level"], row["client_ip"]) == (
        "add r2.bucket by eve@example.com",
        "warn",
        "192.0.2.1",
    )


@pytest.mark.parametrize("form", [HTTP, WORKERS, AUDITS])
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "blank line"),
        (" \t\r", "blank line"),
        ("not json", "not valid JSON"),
        ('{"When":', "not valid JSON"),
        ("[1]", "not a JSON object but a list"),
        ('"text"', "not a JSON object but a text"),
        (
            '{"EdgeStartTimestamp":1772359203,"Cookies":{ } , }',
            "not valid JSON: a comma before a closing bracket",
        ),
        ('{"EdgeStartTimestamp":1772359203,"a":[1,]}', "not valid JSON: a comma before a closing bracket"),
        ('{"a":NaN}', "not valid JSON: NaN or Infinity"),
        ('{"a":[1,-Infinity]}', "not valid JSON: NaN or Infinity"),
    ],
)
def test_lines_that_are_no_json_object_go_to_quarantine(
    conform: Conform, form: str, line: str, reason: str
) -> None:
    assert refused(conform, form, line) == reason


@pytest.mark.parametrize(
    ("form", "line", "field"),
    [
        (HTTP, HTTP_REQUEST, "EdgeStartTimestamp"),
        (WORKERS, WORKER, "EventTimestampMs"),
        (AUDITS, AUDIT, "When"),
    ],
)
@pytest.mark.parametrize(
    "written", ["yesterday", "0001-01-01T00:00:00Z", 0, -1772359203, True, [1], 1e30, "9" * 25]
)
def test_times_that_are_none_go_to_quarantine(
    conform: Conform, form: str, line: dict[str, Any], field: str, written: Any
) -> None:
    reason = refused(conform, form, line | {"EdgeEndTimestamp": None} | {field: written})
    assert reason.startswith(f"{field} is no time from 1973 to 5138: ")
    assert refused(conform, form, line | {"EdgeEndTimestamp": None} | {field: None}) == f"{field} is missing"


def test_of_a_key_that_stands_twice_the_first_counts(conform: Conform) -> None:
    line = (
        '{"EdgeStartTimestamp":1772359203,"EdgeStartTimestamp":1,'
        '"EdgeResponseStatus":200,"EdgeResponseStatus":500}'
    )
    row = accepted(conform, HTTP, line)
    assert (row["ts"], row["status"]) == (naive("2026-03-01T10:00:03"), 200)

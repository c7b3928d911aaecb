"""formats/pino: lines of Verdaccio, pino and bunyan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.conftest import Conform, accepted, refused, shown
from tests.formats.samples import BUNYAN, PINO_HTTP, VERDACCIO
from tests.warehouse_builder import naive


def test_a_completed_request_of_verdaccio_has_a_package_but_no_duration(conform: Conform) -> None:
    row = accepted(conform, "pino", VERDACCIO)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:00.123"),
        "level": "info",
        "raw_level": "25",
        "message": "200, user: null(198.51.100.7 via ::ffff:172.17.0.1), req: 'GET"
        " /@verdaccio%2fui-theme/-/ui-theme-6.0.1.tgz?write=true', bytes: 0/4321",
        "source": "verdaccio/in",
        "status": 200,
        "method": "GET",
        "path": "/@verdaccio%2fui-theme/-/ui-theme-6.0.1.tgz",
        "package": "@verdaccio/ui-theme",
        "package_version": "6.0.1",
        "client_ip": "198.51.100.7",
        "bytes": 4321,
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == VERDACCIO


def test_a_request_of_pino_http_has_a_duration(conform: Conform) -> None:
    row = accepted(conform, "pino", PINO_HTTP)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:01"),
        "level": "error",
        "raw_level": "50",
        "message": "request errored",
        "response_ms": 12.5,
        "status": 503,
        "method": "GET",
        "path": "/left-pad",
        "package": "left-pad",
        "client_ip": "::1",
        "user_agent": "npm/10.8.2 node/v22.1.0",
        "bytes": 27,
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == PINO_HTTP


def test_a_line_of_bunyan_has_an_iso_time(conform: Conform) -> None:
    assert shown(accepted(conform, "pino", BUNYAN)) == {
        "ts": naive("2026-03-01T10:00:02.120"),
        "level": "warn",
        "raw_level": "40",
        "message": "token expires soon",
        "source": "registry",
        "weight": 1,
    }


@pytest.mark.parametrize(
    ("written", "level"),
    [
        (10, "debug"),
        (20, "debug"),
        (24, "debug"),
        (25, "info"),
        (30, "info"),
        (35, "info"),
        (40, "warn"),
        (45, "warn"),
        (50, "error"),
        (60, "error"),
        ("warn", "warn"),
        ("FATAL", "error"),
        (None, "info"),
    ],
)
def test_levels_between_the_named_ones_count_as_the_one_below(
    conform: Conform, written: Any, level: str
) -> None:
    assert accepted(conform, "pino", BUNYAN | {"level": written})["level"] == level


def test_an_error_without_a_message_says_what_the_error_says(conform: Conform) -> None:
    row = accepted(conform, "pino", PINO_HTTP | {"msg": None})
    assert row["message"] == "upstream is down"


def test_a_template_stays_where_the_line_has_no_such_field(conform: Conform) -> None:
    row = accepted(conform, "pino", BUNYAN | {"msg": "plugin @{plugin} loaded, @{status}"})
    assert row["message"] == "plugin @{plugin} loaded, "


@pytest.mark.parametrize("value", [-1, True, "fast", 90_000_000, None, [1]])
def test_a_response_time_that_is_none_leaves_the_row_untimed(conform: Conform, value: Any) -> None:
    row = accepted(conform, "pino", PINO_HTTP | {"responseTime": value})
    assert row["response_ms"] is None
    assert json.loads(row["metadata"])["responseTime"] == value


def test_fields_of_other_kinds_than_usual_do_no_harm(conform: Conform) -> None:
    odd = VERDACCIO | {"request": "GET /", "bytes": 12, "remoteIP": {"a": 1}, "status": "teapot", "msg": 5}
    row = accepted(conform, "pino", odd)
    assert (row["method"], row["bytes"], row["status"], row["message"]) == (None, None, None, "5")
    assert json.loads(row["metadata"]) == odd


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"level": 30, "msg": "no time"}, "time is missing"),
        ({"level": 30, "time": "soon"}, "time is no time from 1973 to 5138: soon"),
        ('{"level":30,"time":1772359200123', "not valid JSON"),
        ("[]", "not a JSON object but a list"),
        (b'{"level":30,"time":1772359200123,"x":NaN}', "not valid JSON: NaN or Infinity"),
    ],
)
def test_bad_lines_say_why(conform: Conform, line: Any, reason: str) -> None:
    assert refused(conform, "pino", line) == reason


def test_a_good_line_beside_bad_ones_is_kept(conform: Conform) -> None:
    rows = conform("pino", BUNYAN, "{", b"\xff", BUNYAN, "")
    assert [row["reason"] for row in rows] == [
        None,
        "not valid JSON",
        "not valid UTF-8 at byte 1",
        None,
        "blank line",
    ]

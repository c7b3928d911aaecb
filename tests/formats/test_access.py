"""formats/access_combined, formats/access_json: access logs of web servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.conftest import Conform, accepted, refused, shown
from tests.formats.samples import APACHE_JSON, CADDY, COMBINED, COMMON, NGINX_JSON
from tests.warehouse_builder import naive
from warehouse.formats.detection import claims

TEXT = "access_combined"
JSON = "access_json"


def test_a_combined_line_in_another_time_zone(conform: Conform) -> None:
    row = accepted(conform, TEXT, COMBINED)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:07"),
        "level": "info",
        "message": "GET /left-pad/-/left-pad-1.3.0.tgz 200",
        "source": "access",
        "status": 200,
        "method": "GET",
        "path": "/left-pad/-/left-pad-1.3.0.tgz",
        "package": "left-pad",
        "package_version": "1.3.0",
        "client_ip": "198.51.100.7",
        "user_agent": "npm/10.8.2 node/v22.1.0",
        "bytes": 2326,
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == {
        "request": "GET /left-pad/-/left-pad-1.3.0.tgz?x=1 HTTP/1.1",
        "time": "01/Mar/2026:11:00:07 +0100",
        "user": "frank",
        "referer": "https://example.com/start",
    }


def test_a_common_line_with_minus_signs(conform: Conform) -> None:
    row = accepted(conform, TEXT, COMMON)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:07"),
        "level": "error",
        "message": "POST /-/v1/login 502",
        "source": "access",
        "status": 502,
        "method": "POST",
        "path": "/-/v1/login",
        "client_ip": "198.51.100.7",
        "weight": 1,
    }
    assert set(json.loads(row["metadata"])) == {"request", "time"}


@pytest.mark.parametrize(
    ("rest", "ms"),
    [
        (" 0.005", 5),
        (" rt=1.250 uct=0.0", 1250),
        (' "203.0.113.1" 0.120 0.119 .', 120),
        (' request_time="0.5"', 500),
        (" 1234", None),  # a size, or microseconds: who knows
        (" -", None),
        ("", None),
    ],
)
def test_the_time_of_a_request_at_the_end_is_in_seconds(
    conform: Conform, rest: str, ms: float | None
) -> None:
    row = accepted(conform, TEXT, COMBINED + rest)
    assert row["response_ms"] == ms
    assert json.loads(row["metadata"]).get("rest", "") == rest.strip()


def test_escaped_quotes_of_apache_and_nginx(conform: Conform) -> None:
    begin = '::1 - - [01/Mar/2026:10:00:07 +0000] "GET / HTTP/1.1" 200 5 "-" '
    apache = accepted(conform, TEXT, begin + r'"a \"quoted\" agent"')
    nginx = accepted(conform, TEXT, begin + r'"a \x22quoted\x22 agent"')
    assert apache["user_agent"] == nginx["user_agent"] == 'a "quoted" agent'
    assert json.loads(apache["metadata"])["agent"] == r"a \"quoted\" agent"
    assert json.loads(nginx["metadata"])["agent"] == r"a \x22quoted\x22 agent"


@pytest.mark.parametrize(
    ("request_line", "method", "path"),
    [
        ("-", None, None),
        ("", None, None),
        (r"\x16\x03\x01\x02", None, None),
        ("GET http://proxy.example/a/b?c HTTP/1.0", "GET", "/a/b"),
        ("get /#x", "GET", "/"),
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*"),
    ],
)
def test_requests_that_are_none_are_kept_all_the_same(
    conform: Conform, request_line: str, method: str | None, path: str | None
) -> None:
    row = accepted(conform, TEXT, f'::1 - - [01/Mar/2026:10:00:07 +0000] "{request_line}" 400 0')
    assert (row["method"], row["path"], row["level"]) == (method, path, "warn")
    assert json.loads(row["metadata"])["request"] == request_line


def test_a_virtual_host_and_a_user_with_a_blank(conform: Conform) -> None:
    row = accepted(conform, TEXT, COMMON.replace("- -", "- john smith"))
    assert json.loads(row["metadata"])["user"] == "john smith"
    row = accepted(conform, TEXT, "www.example.com:443 " + COMBINED)
    assert row["client_ip"] == "198.51.100.7"
    assert json.loads(row["metadata"])["virtualHost"] == "www.example.com:443"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "blank line"),
        ("GET / 200", "not a line of the common or combined log format"),
        ('{"status":200}', "not a line of the common or combined log format"),
        (COMBINED[:-1], "not a line of the common or combined log format"),
        (COMMON.replace("Mar", "Foo"), "time is no time from 1973 to 5138: 01/Foo/2026:10:00:07 +0000"),
        (COMMON.replace("01/Mar", "31/Feb"), "time is no time from 1973 to 5138: 31/Feb/2026:10:00:07 +0000"),
        (COMMON.replace("2026", "1970"), "time is no time from 1973 to 5138: 01/Mar/1970:10:00:07 +0000"),
    ],
)
def test_other_text_goes_to_quarantine(conform: Conform, line: str, reason: str) -> None:
    assert refused(conform, TEXT, line) == reason


def test_a_line_end_of_windows_is_no_part_of_the_line(conform: Conform) -> None:
    assert accepted(conform, TEXT, COMMON + "\r")["status"] == 502


# -- JSON -------------------------------------------------------------------------------------------------


def test_a_json_line_of_nginx_with_quoted_numbers(conform: Conform) -> None:
    row = accepted(conform, JSON, NGINX_JSON)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:08"),
        "level": "warn",
        "message": "GET /lodash 404",
        "source": "access",
        "response_ms": 50,
        "status": 404,
        "method": "GET",
        "path": "/lodash",
        "client_ip": "198.51.100.7",
        "user_agent": "curl/8.5.0",
        "bytes": 153,
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == NGINX_JSON


def test_a_json_line_of_apache_with_its_usual_names(conform: Conform) -> None:
    row = accepted(conform, JSON, APACHE_JSON)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:07"),
        "level": "info",
        "message": "GET /@types/node/-/node-22.1.0.tgz 200",
        "source": "access",
        "status": 200,
        "method": "GET",
        "path": "/@types/node/-/node-22.1.0.tgz",
        "package": "@types/node",
        "package_version": "22.1.0",
        "client_ip": "198.51.100.7",
        "user_agent": "npm/10.8.2",
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == APACHE_JSON


def test_one_of_the_usual_names_of_apache_is_enough_beside_method_and_status() -> None:
    line = {"time": "[01/Mar/2026:11:00:07 +0100]", "method": "GET", "status": "200"}
    for name in ("remoteIP", "userAgent", "remote_addr"):
        assert claims([json.dumps(line | {name: "x"})]) == [frozenset({"access_json"})]
    assert claims([json.dumps(line)]) == [frozenset()]


def test_a_json_line_of_caddy(conform: Conform) -> None:
    row = accepted(conform, JSON, CADDY)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:09.524102"),
        "level": "info",
        "raw_level": "info",
        "message": "GET /@types/node 200",
        "source": "access",
        "response_ms": pytest.approx(0.929675),
        "status": 200,
        "method": "GET",
        "path": "/@types/node",
        "package": "@types/node",
        "client_ip": "198.51.100.9",
        "user_agent": "curl/7.82.0",
        "bytes": 10900,
        "weight": 1,
    }
    assert json.loads(row["metadata"]) == CADDY


@pytest.mark.parametrize(
    "fields",
    [
        {"time_iso8601": "2026-03-01T10:00:08+00:00"},
        {"msec": "1772359208.000"},
        {"msec": 1772359208.0},
        {"time_local": "01/Mar/2026:11:00:08 +0100"},
        {"time": "[01/Mar/2026:11:00:08 +0100]"},
        {"time": "[01/Mar/2026:10:00:08]"},
        {"time": "01/Mar/2026:10:00:08"},
        {"@timestamp": "2026-03-01T10:00:08.000Z"},
        {"timestamp": "2026-03-01T10:00:08Z"},
        {"time": "2026-03-01 10:00:08"},
    ],
)
def test_the_time_under_any_usual_name_and_form(conform: Conform, fields: dict[str, Any]) -> None:
    line = {"status": 200, "request_method": "GET", "request_uri": "/a?b", **fields}
    row = accepted(conform, JSON, line)
    assert (row["ts"], row["path"]) == (naive("2026-03-01T10:00:08"), "/a")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"status": 200}, "time is missing"),
        ({"status": 200, "ts": "noon"}, "time is no time from 1973 to 5138: noon"),
        ("null", "not a JSON object but null"),
        ('{"ts":1772359208,"x":Infinity}', "not valid JSON: NaN or Infinity"),
    ],
)
def test_bad_json_lines_say_why(conform: Conform, line: Any, reason: str) -> None:
    assert refused(conform, JSON, line) == reason

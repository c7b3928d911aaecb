"""formats/mapping: JSON lines of any shape, read by a [mapping.NAME] of the settings file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.conftest import Conform, accepted, shown
from tests.warehouse_builder import naive
from warehouse import formats
from warehouse.errors import BadRequestError
from warehouse.settings import Settings
from warehouse.settings_tables import MappingRule

LINE: dict[str, Any] = {
    "meta": {"when": 1772359200, "host.name": "web-1"},
    "severity": "WARNING",
    "text": "it's slow",
    "took": 1.5,
    "http": {"code": 404, "verb": "get", "uri": "/left-pad", "from": ["192.0.2.1", "10.0.0.1"]},
    "count": 20,
    "size": "12",
    "unknown": [1, {"deep": None}],
}
RULE = MappingRule(
    ts="meta.when",
    time_unit="s",
    level="severity",
    message="text",
    source="/meta/host.name",
    response_ms="took",
    response_unit="s",
    status="http.code",
    method="http.verb",
    path="http.uri",
    client_ip="http.from.0",
    bytes="size",
    weight="count",
)


def sql(rule: MappingRule) -> str:
    return formats.sql("mapping:shop", Settings(mappings={"shop": rule}))


def test_a_mapping_names_the_field_of_each_column(conform: Conform) -> None:
    row = accepted(conform, sql(RULE), LINE)
    assert shown(row) == {
        "ts": naive("2026-03-01T10:00:00"),
        "level": "warn",
        "raw_level": "WARNING",
        "message": "it's slow",
        "source": "web-1",
        "response_ms": 1500,
        "status": 404,
        "method": "GET",
        "path": "/left-pad",
        "client_ip": "192.0.2.1",
        "bytes": 12,
        "weight": 20,
    }
    assert json.loads(row["metadata"]) == LINE


@pytest.mark.parametrize(
    ("unit", "written", "at"),
    [
        ("s", 1772359200.25, "2026-03-01T10:00:00.25"),
        ("ms", 1772359200250, "2026-03-01T10:00:00.25"),
        ("us", 1772359200250000, "2026-03-01T10:00:00.25"),
        ("ns", 1772359200250000000, "2026-03-01T10:00:00.25"),
        ("auto", "2026-03-01T11:00:00.25+01:00", "2026-03-01T10:00:00.25"),
        ("auto", 1772359200250, "2026-03-01T10:00:00.25"),
    ],
)
def test_the_unit_of_the_time_is_set_or_told(conform: Conform, unit: Any, written: Any, at: str) -> None:
    row = accepted(conform, sql(MappingRule(ts="t", time_unit=unit)), {"t": written})
    assert row["ts"] == naive(at)


def test_the_time_alone_is_enough_and_the_status_gives_the_level_where_none_is_mapped(
    conform: Conform,
) -> None:
    assert accepted(conform, sql(MappingRule(ts="t")), {"t": 1772359200})["level"] == "info"
    assert (
        accepted(conform, sql(MappingRule(ts="t", status="s")), {"t": 1772359200, "s": 500})["level"]
        == "error"
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"meta": {}}, "meta/when is missing"),
        ({"meta": 5}, "meta/when is missing"),
        ({"meta": {"when": 1772359200000}}, "meta/when is no time from 1973 to 5138: 1772359200000"),
        ("{", "not valid JSON"),
        ('{"meta":{"when":1772359200},"x":NaN}', "not valid JSON: NaN or Infinity"),
    ],
)
def test_lines_that_do_not_fit_say_why(conform: Conform, line: Any, reason: str) -> None:
    (row,) = conform(sql(RULE), line)
    assert row["reason"] == reason


@pytest.mark.parametrize(
    "path", ["it's", "a'; DROP TABLE x; --", 'a"b', "a/b", "a~b", "a\\b", "$mapping", "é"]
)
def test_a_path_is_a_value_and_never_sql(conform: Conform, path: str) -> None:
    row = accepted(conform, sql(MappingRule(ts="t", message=path)), {"t": 1772359200, path: "found"})
    assert row["message"] == "found"


def test_a_mapping_that_there_is_not_is_refused_with_what_there_is() -> None:
    with pytest.raises(BadRequestError, match=r"no format 'mapping:other' .*mapping:shop"):
        formats.sql("mapping:other", Settings(mappings={"shop": RULE}))
    with pytest.raises(BadRequestError, match="no format 'mapping'"):
        formats.sql("mapping", Settings())

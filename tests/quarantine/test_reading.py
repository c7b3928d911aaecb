"""What is in quarantine and why: endpoints/quarantine, endpoints/quarantine_line and their like.

Queries: endpoints/quarantine_reasons, endpoints/quarantine_objects, macros/quarantine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from api.app import create_app
from tests.warehouse_builder import Builder, log, utc
from warehouse.cli.group import cli
from warehouse.errors import BadRequestError
from warehouse.quarantine import QuarantineFilter, damage
from warehouse.service import Warehouse

GOOD = log("2026-03-01T10:00:00")
API = "/_dashboard/api/r2/quarantine"


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Two syncs: three bad lines of logs/a, then two of logs/b and two of other/c."""
    made = Builder(tmp_path_factory.mktemp("data"))
    made.put([GOOD, "{", '{"timestamp":5}', b"ab\xff"], "logs/a")
    made.sync()
    made.put(["[1", '{"timestamp":6}', GOOD], "logs/b")
    made.put(["{" + "x" * 5_000], "logs/c/d")
    made.sync()
    return made


@pytest.fixture(scope="module")
def warehouse(builder: Builder) -> Iterator[Warehouse]:
    with closing(builder.open()) as opened:
        yield opened


def places(page: dict[str, Any]) -> list[tuple[str, int]]:
    return [(line["objectKey"], line["line"]) for line in page["lines"]]


def test_lines_are_newest_first_and_counted_by_kind_of_reason(warehouse: Warehouse) -> None:
    page = warehouse.quarantine(QuarantineFilter())
    assert places(page)[-3:] == [("logs/a", 2), ("logs/a", 3), ("logs/a", 4)]
    assert sorted(places(page)[:-3]) == [("logs/b", 1), ("logs/b", 2), ("logs/c/d", 1)]
    assert (page["totalCount"], page["nextCursor"]) == (6, None)
    assert [(row["reason"], row["lines"], row["objects"]) for row in page["reasons"]] == [
        ("not valid JSON", 3, 3),
        ("timestamp is out of range", 2, 2),
        ("not valid UTF-8", 1, 1),
    ]
    newest = {line["quarantinedAt"] for line in page["lines"] if line["reason"] == "not valid JSON"}
    assert page["reasons"][0]["newest"] == max(newest)


def test_a_long_line_is_listed_by_its_beginning_and_shown_whole(warehouse: Warehouse) -> None:
    (listed,) = warehouse.quarantine(QuarantineFilter(object="logs/c"))["lines"]
    assert (len(listed["raw"]), listed["rawLength"]) == (1_000, 5_001)
    assert warehouse.quarantine_line("logs/c/d", 1)["raw"] == "{" + "x" * 5_000


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6])
def test_pages_follow_each_other_without_gap_or_repetition(warehouse: Warehouse, limit: int) -> None:
    whole = places(warehouse.quarantine(QuarantineFilter()))
    walked: list[tuple[str, int]] = []
    cursor = None
    while True:
        page = warehouse.quarantine(QuarantineFilter(limit=limit, cursor=cursor))
        assert page["totalCount"] == 6
        walked += places(page)
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert walked == whole


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"reason": "TIMESTAMP is out"}, {("logs/a", 3), ("logs/b", 2)}),
        ({"object": "logs/a"}, {("logs/a", 2), ("logs/a", 3), ("logs/a", 4)}),
        ({"object": "logs/b", "reason": "not valid"}, {("logs/b", 1)}),
        ({"since": utc("2199-01-01T00:00:00")}, set()),
        ({"reason": "valid"}, set()),
    ],
)
def test_filters_match_the_beginning_of_reason_and_key_and_the_time(
    warehouse: Warehouse, wanted: dict[str, Any], expected: set[tuple[str, int]]
) -> None:
    page = warehouse.quarantine(QuarantineFilter(**wanted))
    assert set(places(page)) == expected
    assert page["totalCount"] == len(expected)
    counted = warehouse.quarantine_objects(QuarantineFilter(**wanted))
    assert sum(row["lines"] for row in counted) == len(expected)
    assert {row["objectKey"] for row in counted} == {key for key, _ in expected}


def test_objects_are_those_with_most_lines_first(warehouse: Warehouse) -> None:
    rows = warehouse.quarantine_objects(QuarantineFilter(limit=2))
    assert [(row["bucket"], row["objectKey"], row["lines"]) for row in rows] == [
        ("memory", "logs/a", 3),
        ("memory", "logs/b", 2),
    ]


@pytest.mark.parametrize(
    ("raw", "reason", "column"),
    [
        ("{", "not valid JSON", 2),
        ('{"a":1,"b"', "not valid JSON", 11),
        ('{"é":}', "not valid JSON", 6),
        ("\\xff", "not valid UTF-8 at byte 1", 1),
        ("aé\\xff", "not valid UTF-8 at byte 4", 3),
        ('{"a":NaN}', "not valid JSON: NaN or Infinity", 6),
        ('{"NaN":-Infinity}', "not valid JSON: NaN or Infinity", 8),
    ],
)
def test_the_first_odd_character_of_damaged_text_is_named(raw: str, reason: str, column: int) -> None:
    found = damage(raw, reason)
    assert found is not None
    assert found["column"] == column


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("{}", "timestamp is missing"), ("[" * 1_000, "not valid JSON"), ("", "the gzip data end early")],
)
def test_what_has_no_place_has_none(raw: str, reason: str) -> None:
    assert damage(raw, reason) is None


def test_a_line_that_is_not_there_and_a_wrong_cursor_are_told(warehouse: Warehouse) -> None:
    with pytest.raises(BadRequestError, match="line 1 of logs/a is not in quarantine"):
        warehouse.quarantine_line("logs/a", 1)
    for cursor in ("nonsense", "W10", "WzEsMiwzLDRd"):
        with pytest.raises(BadRequestError, match="cursor is not one"):
            warehouse.quarantine(QuarantineFilter(cursor=cursor))


def test_the_api_gives_the_same_page_and_names_a_wrong_parameter(
    builder: Builder, warehouse: Warehouse
) -> None:
    with TestClient(create_app(builder.settings, warehouse), base_url="http://127.0.0.1:4873") as client:
        answer = client.get(API, params={"limit": 2, "reason": "not valid JSON", "object": "logs/"})
        assert answer.status_code == 200
        wanted = QuarantineFilter(limit=2, reason="not valid JSON", object="logs/")
        assert answer.json() == warehouse.quarantine(wanted)
        following = client.get(
            API, params={"cursor": answer.json()["nextCursor"], "reason": "not valid JSON"}
        )
        assert len(following.json()["lines"]) == 1
        assert client.get(API, params={"since": "2199-01-01"}).json()["totalCount"] == 0
        for name, value in {"since": "soon", "limit": "0", "cursor": "x"}.items():
            refused = client.get(API, params={name: value})
            assert (refused.status_code, refused.json()["parameter"]) == (400, name)


def run(builder: Builder, *arguments: str) -> Any:
    result = CliRunner().invoke(
        cli, ["--data-dir", str(builder.settings.data_dir), "quarantine", *arguments], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_the_command_line_lists_and_shows(builder: Builder) -> None:
    listed = run(builder, "list", "--object", "logs/a", "--limit", "1", "--json")
    assert (listed["totalCount"], len(listed["lines"]), listed["objects"][0]["lines"]) == (3, 1, 3)
    assert run(builder, "list", "--since", "2199-01-01")["totalCount"] == 0
    shown = run(builder, "show", "logs/a", "4")
    assert (shown["raw"], shown["reason"], shown["damage"]["column"]) == (
        "ab\\xff", "not valid UTF-8 at byte 3", 3,
    )  # fmt: skip


def test_a_terminal_is_shown_tables_and_the_marked_place(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    folder = ["--data-dir", str(builder.settings.data_dir), "quarantine"]
    cli.main([*folder, "list", "--limit", "2"], standalone_mode=False)
    listed = capsys.readouterr().out
    assert "not valid JSON" in listed
    assert "4 more; --limit shows more of them." in listed
    cli.main([*folder, "show", "logs/b", "1"], standalone_mode=False)
    assert "[1⟦⟧" in capsys.readouterr().out


def test_an_empty_quarantine_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    cli.main(["--data-dir", str(tmp_path), "quarantine", "list"], standalone_mode=False)
    assert capsys.readouterr().out == "Quarantine is empty.\n"


def test_the_command_line_retries(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    builder.put(["{", b"\xff", GOOD], "logs/a")
    builder.sync()
    done = run(builder, "retry")
    assert {name: done[name] for name in ("lines", "entries", "stillRejected", "damaged", "objects")} == {
        "lines": 1, "entries": 0, "stillRejected": 1, "damaged": 1, "objects": 0,
    }  # fmt: skip

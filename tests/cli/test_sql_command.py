"""`warehouse sql`: formats, parameters, where an error is, and that it only reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

Rows = Callable[..., list[dict[str, Any]]]
BY_LEVEL = "SELECT level, count(*) AS entries FROM logs GROUP BY level ORDER BY level"


def test_into_a_pipe_the_rows_are_csv(synced: Cli) -> None:
    done = synced("sql", BY_LEVEL)
    assert done.returncode == 0
    assert done.stdout == "level,entries\nerror,2\ninfo,2\nwarn,1\n"
    assert done.stderr == ""


def test_csv_survives_quotes_commas_line_ends_and_nulls(synced: Cli) -> None:
    done = synced("sql", """SELECT 'a "b", c' AS x, E'two\\nlines' AS y, NULL AS z, true AS t, [1, 2] AS l""")
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["x", "y", "z", "t", "l"],
        ['a "b", c', "two\nlines", "", "true", "[1,2]"],
    ]


def test_on_a_terminal_the_rows_are_a_table(synced: Cli) -> None:
    code, shown = synced.on_terminal("sql", BY_LEVEL)
    assert code == 0
    assert shown.startswith(
        "level  entries\n-----  -------\nerror        2\ninfo         2\nwarn         1\n"
    )
    assert shown.endswith("3 rows\n")


def test_a_table_that_is_too_wide_becomes_a_block_per_row(synced: Cli) -> None:
    _, shown = synced.on_terminal("sql", "SELECT * FROM logs ORDER BY ts LIMIT 2", columns=80)
    assert "-- row 1 --\n" in shown
    assert "\nmessage          GET /left-pad\n" in shown


def test_a_log_line_cannot_steer_the_terminal(synced: Cli) -> None:
    _, shown = synced.on_terminal("sql", "SELECT message FROM logs WHERE status = 502")
    assert "upstream\\x1b[31m timed out" in shown
    assert "\x1b[31m" not in shown


def test_a_long_table_says_how_much_it_leaves_out(synced: Cli) -> None:
    done = synced("sql", "--format", "table", "--max-rows", "3", "SELECT * FROM range(10)")
    assert done.stdout.split() == ["range", "-----", "0", "1", "2"]
    assert done.stderr == "10 rows, 7 of them not shown (--max-rows 0 shows all)\n"


def test_json_is_one_array_with_times_in_utc(synced: Cli) -> None:
    done = synced("sql", "--json", "SELECT ts, message, response_ms FROM logs ORDER BY ts LIMIT 1")
    assert json.loads(done.stdout) == [
        {"ts": "2026-01-01T12:00:00.000000Z", "message": "GET /left-pad", "response_ms": 10.0}
    ]


def test_no_rows_are_an_empty_array_and_a_lonely_head(synced: Cli) -> None:
    nothing = "SELECT level FROM logs WHERE false"
    assert json.loads(synced("sql", "--json", nothing).stdout) == []
    assert synced("sql", "--format", "ndjson", nothing).stdout == ""
    assert synced("sql", nothing).stdout == "level\n"


def test_ndjson_is_one_object_a_line(synced: Cli) -> None:
    lines = synced("sql", "--format", "ndjson", BY_LEVEL).stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"level": "error", "entries": 2},
        {"level": "info", "entries": 2},
        {"level": "warn", "entries": 1},
    ]


def test_json_holds_what_json_has_no_word_for(rows: Rows) -> None:
    query = """SELECT CAST('NaN' AS DOUBLE) AS nan, 1.50 AS d, DATE '2026-01-02' AS day, 'ab'::BLOB AS b,
        {'k': [1, NULL]} AS s, 170141183460469231731687303715884105727::HUGEINT AS big, '漢字' AS u"""
    assert rows(query) == [
        {
            "nan": None,
            "d": 1.5,
            "day": "2026-01-02",
            "b": "YWI=",
            "s": {"k": [1, None]},
            "big": 2**127 - 1,
            "u": "漢字",
        }
    ]


def test_columns_of_one_name_are_both_kept_in_json(rows: Rows) -> None:
    assert rows("SELECT 1 AS a, 2 AS a, 3 AS a") == [{"a": 1, "a_2": 2, "a_3": 3}]


def test_a_query_comes_from_stdin_or_a_file(synced: Cli, tmp_path: Path) -> None:
    path = tmp_path / "query.sql"
    path.write_text(BY_LEVEL)
    assert synced("sql", "-", stdin=BY_LEVEL).stdout == synced("sql", BY_LEVEL).stdout
    assert synced("sql", "--file", str(path)).stdout == synced("sql", BY_LEVEL).stdout


def test_parameters_fill_in_values_and_cannot_break_out(rows: Rows) -> None:
    query = "SELECT count(*) AS n FROM logs WHERE level = $level"
    assert rows(query, "--param", "level=error") == [{"n": 2}]
    assert rows(query, "--param", "level=error' OR 'a'='a") == [{"n": 0}]
    assert rows("SELECT $a AS a, $b AS b", "--param", "a=x=y", "--param", "b=") == [{"a": "x=y", "b": ""}]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT level, nope FROM logs", "line 1, column 15: "),
        ("SELECT level\nFROM lgos", "line 2, column 6: "),
        ("SELEC 1", "line 1, column 1: "),
        (
            "SELECT 'a long text that is here for DuckDB to show a part of the line only' AS a, nope,"
            " 'and another one that makes it longer still' AS b FROM logs",
            "line 1, column 84: ",
        ),
    ],
)
def test_an_error_names_line_and_column(synced: Cli, query: str, place: str) -> None:
    done = synced("sql", query)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: The query cannot be run: {place}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM logs",
        "DROP VIEW logs",
        "CREATE TABLE t AS SELECT 1",
        "COPY (SELECT 1) TO 'stolen.csv'",
        "INSTALL httpfs",
        "ATTACH 'other.db'",
        "SET threads = 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW logs",
    ],
)
def test_anything_but_reading_is_refused(synced: Cli, query: str) -> None:
    done = synced("sql", query)
    assert (done.returncode, done.stdout) == (2, "")
    assert "read-only" in done.stderr
    assert not (synced.cwd / "stolen.csv").exists()
    assert not (synced.cwd / "other.db").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "give the query"),
        ([""], "the query is empty"),
        (["-"], "the query is empty"),
        (["--param", "level", "SELECT 1"], "--param takes NAME=VALUE"),
        (["--json", "--format", "csv", "SELECT 1"], "contradict"),
        (["--format", "xml", "SELECT 1"], "xml"),
        (["--file", "not-there.sql"], "not-there.sql"),
    ],
)
def test_wrong_usage_says_what_is_missing(synced: Cli, arguments: list[str], complaint: str) -> None:
    done = synced("sql", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr

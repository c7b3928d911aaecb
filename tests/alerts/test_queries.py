"""What a rule's query may read: the warehouse, and nothing else of the machine."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from tests.warehouse_builder import Builder, log, utc
from warehouse.alerts import evaluate, queries
from warehouse.alerts.machine import Reading
from warehouse.alerts.rules import AlertRule
from warehouse.errors import BadRequestError, QueryError
from warehouse.sqltext import reproduced

GOOD = [
    "SELECT count(*) AS value FROM logs",
    "WITH e AS (SELECT * FROM activity WHERE grain = 30) SELECT sum(error) AS value FROM e",
    "SELECT d.package AS name, sum(d.failed) AS value FROM downloads AS d GROUP BY d.package -- by package",
    "SELECT f.errors AS value FROM metrics($window_start, $window_end, 1, 30, 300, 500, 'activity', NULL,"
    " NULL, NULL, NULL) AS f",
    "SELECT count(*) AS value FROM runs UNION ALL SELECT 1 AS value FROM range(3)",
    "WITH a AS (SELECT 1 AS x), b AS (FROM a) SELECT (SELECT max(x) FROM b) AS value FROM Logs, (FROM A)",
    "WITH RECURSIVE n AS (SELECT 1 AS value UNION ALL SELECT value + 1 FROM n WHERE value < 9) FROM n",
    "WITH logs AS (FROM logs WHERE level = 'error') SELECT count(*) AS value FROM logs",
]
BAD = [
    "SELECT count(*) AS value FROM read_csv('/etc/passwd')",
    "SELECT content AS name, 1 AS value FROM read_text('/etc/hostname')",
    "SELECT 1 AS value FROM '/etc/passwd'",
    'SELECT 1 AS value FROM "/tmp/x.parquet"',
    "SELECT 1 AS value FROM glob('/*')",
    "SELECT 1 AS value, getenv('HOME') AS name",
    "SELECT getvariable('logs_files')[1] AS name, 1 AS value",
    "SELECT 1 AS value FROM duckdb_settings()",
    "SELECT 1 AS value FROM information_schema.tables",
    "SELECT * FROM query('SELECT 1 AS value')",
    "SELECT 1 AS value WHERE EXISTS (FROM parquet_metadata('/x'))",
    "COPY logs TO '/tmp/x'",
    "SELECT 1 AS value; DROP TABLE logs",
    "ATTACH '/tmp/x'",
    "INSTALL httpfs",
    "SELECT FROM WHERE",
    "",
    # A WITH is known where it stands, and a name that is not known is a file's.
    "SELECT 1 AS value FROM '/x/config.json' AS a, (WITH \"/x/config.json\" AS (SELECT 1) FROM runs)",
    "SELECT 1 AS value FROM away AS a, (WITH away AS (SELECT 1) FROM away)",
    "(WITH away AS (SELECT 1) FROM away) UNION ALL FROM away",
    "WITH away AS (FROM away) SELECT 1 AS value FROM away",
    "WITH b AS (FROM away), away AS (SELECT 1) SELECT 1 AS value FROM b",
    'WITH "/x/a.csv" AS (SELECT 1 AS value) FROM "/x/a.csv"',
    "WITH a AS (FROM 'x.csv') SELECT 1 AS value",
    # In every clause.
    "SELECT (SELECT 1 FROM 'x.csv') AS value",
    "SELECT 1 AS value FROM logs WHERE ts IN (SELECT ts FROM 'x.csv')",
    "SELECT 1 AS value FROM logs GROUP BY (SELECT 1 FROM 'x.csv')",
    "SELECT 1 AS value FROM logs GROUP BY 1 HAVING EXISTS (FROM 'x.csv')",
    "SELECT 1 AS value FROM logs QUALIFY EXISTS (FROM 'x.csv')",
    "SELECT 1 AS value FROM logs ORDER BY (SELECT 1 FROM 'x.csv')",
    "SELECT 1 AS value FROM logs LIMIT (SELECT 1 FROM 'x.csv')",
    "SELECT 1 AS value FROM logs JOIN 'x.csv' ON EXISTS (FROM 'y.csv')",
    "SELECT 1 AS value FROM logs, LATERAL (SELECT ts FROM 'x.csv')",
    "SELECT 1 AS value FROM range((SELECT 1 FROM 'x.csv'))",
    "SELECT sum(1) FILTER (EXISTS (FROM 'x.csv')) OVER (ORDER BY (SELECT 1 FROM 'y.csv')) AS value",
    "SELECT list_transform([1], lambda x: (SELECT 1 FROM 'x.csv')) AS value",
    "VALUES ((SELECT 1 FROM 'x.csv'))",
    "FROM (PIVOT 'x.csv' ON a IN (1) USING sum(b))",
    "FROM (UNPIVOT 'x.csv' ON a)",
    # By every function.
    "FROM read_csv_auto('x')",
    "FROM READ_TEXT('x')",
    "FROM sniff_csv('x')",
    "FROM duckdb_secrets()",
    "FROM which_secret('x', 's3')",
    "FROM pragma_table_info('logs')",
    "FROM query_table('/x/a.csv')",
    "FROM json_execute_serialized_sql('{}')",
    "FROM main.read_csv('x')",
    "SELECT current_setting('home_directory') AS name, 1 AS value",
    "SELECT sleep_ms(1000) AS value",
    # And what is no SELECT.
    "DESCRIBE logs",
    "SELECT 1 AS value FROM (SHOW ALL TABLES)",
    "SUMMARIZE 'x.csv'",
    "EXPLAIN SELECT 1 AS value",
    "CALL duckdb_settings()",
    "SET VARIABLE logs_files = ['/x']",
    "COPY (SELECT 1) TO '/tmp/x'",
    "FROM system.main.logs",
    # Names of parameters that there are not would be null.
    "SELECT $threshold AS value",
    "SELECT count(*) AS value FROM logs WHERE ts >= $windowstart",
    "SELECT ? AS value",
    "SELECT $1 AS value",
]


@pytest.mark.parametrize("query", GOOD)
def test_queries_over_the_warehouse_are_taken(query: str) -> None:
    queries.check(query)


@pytest.mark.parametrize("query", BAD)
def test_queries_over_anything_else_are_refused(query: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        queries.check(query)
    assert refused.value.field == "query"


def test_a_parameter_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadRequestError, match=r"no \$foo, but \$window_start, \$window_end, \$hours"):
        queries.check("SELECT count(*) AS value FROM logs WHERE ts >= $foo")


@pytest.mark.parametrize(
    "query",
    [
        "FROM '{file}'",
        "FROM read_csv('{file}')",
        "FROM query_table('{file}')",
        "SELECT content FROM read_text('{file}')",
        "FROM glob('{folder}/*')",
        "FROM read_csv('{lake}/../../secret.csv')",
        "FROM read_csv('{lake}2/secret.csv')",
        "FROM local",
    ],
)
def test_behind_the_checks_no_other_file_can_be_opened(tmp_path: Path, query: str) -> None:
    builder = Builder(tmp_path / "data")
    builder.put([log(utc("2026-03-01T12:00:00"))])
    builder.sync()
    local = pa.table({"a": [1]})
    lake = tmp_path / "data" / "lake"
    for file in (tmp_path / "secret.csv", tmp_path / "data" / "lake2" / "secret.csv"):
        file.parent.mkdir(exist_ok=True)
        file.write_text("a,b\n1,2\n")
    with closing(builder.open()) as warehouse:
        engine = warehouse._engine
        assert engine.walled_sql("SELECT count(*) FROM logs", {}, 30).rows == [(1,)]
        with pytest.raises(QueryError):
            engine.walled_sql(query.format(file=tmp_path / "secret.csv", folder=tmp_path, lake=lake), {}, 30)
        # A commit is seen there as everywhere.
        builder.put([log(utc("2026-03-01T12:00:01"))])
        builder.sync()
        assert engine.walled_sql("SELECT count(*) FROM logs", {}, 30).rows == [(2,)]
    assert local.num_rows == 1


#: A minute of work, so that without a limit the tests fail and do not hang.
ENDLESS = "SELECT count(*) AS value FROM range(20000000000) AS a (i) WHERE a.i % 7 = 9"


def test_a_query_without_end_is_stopped_and_the_next_one_runs(tmp_path: Path) -> None:
    with closing(Builder(tmp_path).open()) as warehouse:
        engine = warehouse._engine
        for _ in range(2):
            with pytest.raises(QueryError, match=r"it takes longer than 0\.2 seconds"):
                engine.walled_sql(ENDLESS, {}, 0.2)
            assert engine.walled_sql("SELECT 1 AS value", {}, 30).rows == [(1,)]
        with pytest.raises(QueryError, match="nothing"):
            engine.walled_sql("SELECT nothing", {}, 30)


def tried(tmp_path: Path, query: str) -> evaluate.Tested:
    with closing(Builder(tmp_path).open()) as warehouse:
        rule = AlertRule(id="own", query=query, threshold=0)
        return evaluate.test(warehouse._engine, rule, utc("2026-03-01T12:00:00").replace(tzinfo=None), 500)


@pytest.mark.parametrize("columns", ["1 AS Value, 'a' AS Name", '1 AS "VALUE", \'a\' AS "NAME"'])
def test_columns_are_named_in_any_case(tmp_path: Path, columns: str) -> None:
    assert tried(tmp_path, f"SELECT {columns}").readings == [Reading("a", 1, True)]


def test_columns_of_other_names_are_left_alone(tmp_path: Path) -> None:
    assert tried(tmp_path, "SELECT 1 AS value, 5 AS found, 7 AS breached").readings == [Reading("", 1, True)]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT 1 AS value UNION ALL SELECT 2", "no column `name`"),
        ("SELECT 'a' AS name, 1 AS value UNION ALL SELECT 'a', 2", "several rows of the name 'a'"),
        ("SELECT 'a' AS name, 1 AS value UNION ALL SELECT NULL, 2", "one without a name"),
        ("SELECT 1 AS figure", "value"),
        ("SELECT r.range AS name, 1 AS value FROM range(100000000) AS r", "more than 1,000 rows"),
        ("SELECT 'much' AS value", "much"),
    ],
)
def test_rows_that_cannot_be_told_apart_or_read_are_refused_with_a_reason(
    tmp_path: Path, query: str, reason: str
) -> None:
    found = tried(tmp_path, query)
    assert found.readings == []
    assert found.error is not None
    assert reason in found.error


def test_a_reproduced_query_runs_by_itself(tmp_path: Path) -> None:
    values = {"a": "it's", "b": None, "c": 1.5, "d": True}
    text = reproduced("-- a comment\nSELECT $a AS a, $b AS b, $c AS c, $d AS d", values)
    assert text == "SELECT 'it''s' AS a, NULL AS b, 1.5 AS c, True AS d"
    with closing(Builder(tmp_path).open()) as warehouse:
        assert [str(cell) for cell in warehouse.sql(text).rows[0]] == ["it's", "None", "1.5", "True"]

"""What a rule's query may read: the warehouse, and nothing else of the machine."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.warehouse_builder import Builder
from warehouse.alerts import queries
from warehouse.errors import BadRequestError
from warehouse.sqltext import reproduced

GOOD = [
    "SELECT count(*) AS value FROM logs",
    "WITH e AS (SELECT * FROM activity WHERE grain = 30) SELECT sum(error) AS value FROM e",
    "SELECT d.package AS name, sum(d.failed) AS value FROM downloads AS d GROUP BY d.package -- by package",
    "SELECT f.errors AS value FROM metrics($window_start, $window_end, 1, 30, 300, 500, 'activity', NULL,"
    " NULL, NULL, NULL) AS f",
    "SELECT count(*) AS value FROM runs UNION ALL SELECT 1 AS value FROM range(3)",
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
]


@pytest.mark.parametrize("query", GOOD)
def test_queries_over_the_warehouse_are_taken(query: str) -> None:
    queries.check(query)


@pytest.mark.parametrize("query", BAD)
def test_queries_over_anything_else_are_refused(query: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        queries.check(query)
    assert refused.value.field == "query"


def test_a_reproduced_query_runs_by_itself(tmp_path: Path) -> None:
    values = {"a": "it's", "b": None, "c": 1.5, "d": True}
    text = reproduced("-- a comment\nSELECT $a AS a, $b AS b, $c AS c, $d AS d", values)
    assert text == "SELECT 'it''s' AS a, NULL AS b, 1.5 AS c, True AS d"
    with closing(Builder(tmp_path).open()) as warehouse:
        assert [str(cell) for cell in warehouse.sql(text).rows[0]] == ["it's", "None", "1.5", "True"]

"""The queries keep to SQL that other engines run too, as far as parsing can tell."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from warehouse import sqlfiles

FILES = [(folder, name) for folder in ("views", "endpoints") for name in sqlfiles.names(folder)]

#: Results of these depend on the engine or on the order of rows.
UNSTEADY = {
    "approx_quantile",
    "approx_count_distinct",
    "hash",
    "mode",
    "first",
    "last",
    "any_value",
    "list",
    "log",
}


@pytest.mark.parametrize(("folder", "name"), FILES)
def test_a_query_parses_and_translates_to_spark(folder: str, name: str) -> None:
    text = sqlfiles.read(folder, name)
    statements = sqlglot.parse(text, read="duckdb")
    assert len([statement for statement in statements if statement]) == 1
    assert sqlglot.transpile(text, read="duckdb", write="spark")[0]


@pytest.mark.parametrize(("folder", "name"), FILES)
def test_a_query_uses_no_construct_that_only_duckdb_has(folder: str, name: str) -> None:
    tree = sqlglot.parse_one(sqlfiles.read(folder, name), read="duckdb")
    assert not list(tree.find_all(exp.Pivot))
    assert not [join for join in tree.find_all(exp.Join) if join.args.get("method") == "ASOF"]
    assert not [
        star for star in tree.find_all(exp.Star) if star.args.get("except_") or star.args.get("replace")
    ]
    assert not [part for part in tree.find_all(exp.With) if part.args.get("recursive")]
    for subquery in tree.find_all(exp.Subquery):
        if isinstance(subquery.parent, exp.From | exp.Join):
            assert subquery.alias, f"a subquery without a name: {subquery.sql()}"
    called = {call.name.lower() for call in tree.find_all(exp.Anonymous)}
    called |= {
        call.sql_name().lower() for call in tree.find_all(exp.Func) if not isinstance(call, exp.Anonymous)
    }
    assert not called & UNSTEADY


@pytest.mark.parametrize(("folder", "name"), FILES)
def test_a_query_groups_by_real_expressions(folder: str, name: str) -> None:
    tree = sqlglot.parse_one(sqlfiles.read(folder, name), read="duckdb")
    for group in tree.find_all(exp.Group):
        assert not [part for part in group.expressions if isinstance(part, exp.Literal)]
        assert not group.args.get("all")

"""A rule's own SQL: one SELECT over the warehouse's own tables, views and table functions; and its rows.

Rules come over the network too, so a query may not reach files or the machine, which DuckDB's readers could.
There are two walls: the query's tree, as DuckDB itself parses it, names nothing else; and it runs where no
other file can be opened (`Engine.walled_sql`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from warehouse import duck, sqlfiles
from warehouse.engine import Engine
from warehouse.errors import BadRequestError

#: Groups of one rule: more are a mistake in the rule, and would be as many messages.
MOST_GROUPS = 1_000
#: So long a query may take: while it runs, the rules after it wait.
SECONDS = 30.0
#: What a query may name with a dollar sign.
PARAMETERS = ("window_start", "window_end", "hours")
_TABLE_FUNCTIONS = {"metrics", "range", "generate_series", "unnest"}
#: Functions that read files, settings or the network, or that wait, wherever they stand.
_FORBIDDEN = re.compile(
    r"read_|.*_scan$|glob$|getenv$|query$|query_table$|sniff_|parquet_|pragma_|duckdb_|getvariable$"
    r"|current_setting$|current_query$|which_secret$|write_log$|json_execute_|json_serialize_plan$|.*sleep"
)
#: A table or a WITH of another name could be a file's: DuckDB opens what it knows by no other name.
_NAME = re.compile(r"[\w $-]+")

Node = dict[str, Any]


@lru_cache(maxsize=256)
def check(query: str) -> frozenset[str]:
    """The parameters that a query names.

    Raises BadRequestError (field query) unless it reads nothing but the warehouse and names only PARAMETERS.
    """
    tree = duck.syntax(query)
    if tree.get("error_type") == "parser":
        raise _refused(f"it is no SQL: {str(tree.get('error_message')).splitlines()[0][:200]}")
    if tree.get("error") or len(tree["statements"]) != 1:
        raise _refused("it has to be one SELECT")
    known = {*sqlfiles.names("tables"), *sqlfiles.names("views")}
    named = set()
    for node, ctes in _nodes(tree["statements"][0]):
        kind = node.get("type")
        if kind == "BASE_TABLE":
            _check_table(node, known | ctes)
        elif kind == "TABLE_FUNCTION":
            name = str(node["function"].get("function_name"))
            if name.lower() not in _TABLE_FUNCTIONS:
                raise _refused(f"it may not call {name[:80]} as a table")
        elif kind == "SHOW_REF":
            raise _refused("it may not describe or show anything")
        elif kind == "VALUE_PARAMETER":
            named.add(str(node["identifier"]))
        if "function_name" in node and _FORBIDDEN.match(str(node["function_name"]).lower()):
            raise _refused(f"it may not call {str(node['function_name'])[:80]}")
    if unknown := sorted(named.difference(PARAMETERS)):
        known_ones = ", ".join(f"${name}" for name in PARAMETERS)
        raise _refused(f"there is no ${unknown[0][:80]}, but {known_ones}")
    return frozenset(named)


def rows(engine: Engine, query: str, values: Mapping[str, Any]) -> list[Node]:
    """What a query finds: name, value and breached of each row. Raises WarehouseError.

    `values` hold the parameters, the operator and the threshold.
    """
    named = check(query)
    text = (
        "SELECT q.*, CAST(q.value AS DOUBLE) AS found,"
        " breaches(CAST(q.value AS DOUBLE), $operator, CAST($threshold AS DOUBLE)) AS breached"
        f" FROM (\n{query.strip().rstrip(';')}\n) AS q LIMIT {MOST_GROUPS + 1}"
    )
    given = {name: values[name] for name in (*named, "operator", "threshold")}
    answer = engine.walled_sql(text, given, SECONDS)
    if len(answer.rows) > MOST_GROUPS:
        raise BadRequestError(f"it gives more than {MOST_GROUPS:,} rows")
    # As SQL does: NAME is name too. The last two columns are not the query's own.
    columns = [column.lower() for column in answer.columns[:-2]]
    at = columns.index("name") if "name" in columns else None
    found = [
        {"name": None if at is None else row[at], "value": row[-2], "breached": row[-1]}
        for row in answer.rows
    ]
    if len(found) > 1:
        _check_names(found, at is not None)
    return found


def _check_names(found: list[Node], has_names: bool) -> None:
    """Several rows are told apart by their names, or a firing of one would be the recovery of another."""
    if not has_names:
        raise BadRequestError("it gives several rows and no column `name` to tell them apart")
    seen: set[str] = set()
    for row in found:
        if row["name"] is None or str(row["name"]) == "":
            raise BadRequestError("it gives several rows, and one without a name")
        if str(row["name"]) in seen:
            raise BadRequestError(f"it gives several rows of the name {str(row['name'])[:80]!r}")
        seen.add(str(row["name"]))


def _check_table(node: Node, known: set[str]) -> None:
    name = str(node.get("table_name"))
    if node.get("schema_name") or node.get("catalog_name") or not _NAME.fullmatch(name):
        raise _refused(f"there is no table {name[:80]}")
    if name.lower() not in known:
        raise _refused(f"there is no table {name[:80]}")


def _nodes(tree: Any) -> Iterator[tuple[Node, frozenset[str]]]:
    """Every node of a syntax tree, with the names of WITH that are known where it stands.

    A WITH is known in the query that it belongs to and in those that come after it in the same list, nowhere
    else: elsewhere its name would be a file's.
    """
    waiting: list[tuple[Any, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, list):
            waiting += [(each, scope) for each in node]
        if not isinstance(node, dict):
            continue
        if node.get("type") == "RECURSIVE_CTE_NODE":
            scope |= {str(node["cte_name"]).lower()}
        for cte in (node.get("cte_map") or {}).get("map", ()):
            waiting.append((cte["value"], scope))
            scope |= {str(cte["key"]).lower()}
        yield node, scope
        waiting += [(value, scope) for key, value in node.items() if key != "cte_map"]


def _refused(reason: str) -> BadRequestError:
    return BadRequestError(
        reason,
        hint="a SELECT over the tables of docs/data-model.md that gives a column value",
        field="query",
    )

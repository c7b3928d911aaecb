"""What a rule's SQL may be: one SELECT over the warehouse's own tables, views and table functions.

Rules come over the network too, so a query may not reach files or the machine, which DuckDB's readers could.
"""

from __future__ import annotations

import re
from functools import lru_cache

from warehouse import sqlfiles
from warehouse.errors import BadRequestError

_FUNCTIONS = {"metrics", "range", "generate_series", "unnest"}
#: Functions that read files, settings or the network, wherever they stand.
_FORBIDDEN = re.compile(
    r"read_|.*_scan$|glob$|getenv$|query$|query_table$|sniff_|parquet_|pragma_|duckdb_|getvariable$"
)


@lru_cache(maxsize=256)
def check(query: str) -> None:
    """Raise BadRequestError (field query) unless a query reads nothing but the warehouse."""
    import sqlglot  # takes a moment to load, and few have rules with queries
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = [each for each in sqlglot.parse(query, read="duckdb") if each is not None]
    except SqlglotError as error:
        raise _refused(f"it is no SQL: {str(error).splitlines()[0][:200]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise _refused("it has to be one SELECT")
    tree = statements[0]
    known = {*sqlfiles.names("tables"), *sqlfiles.names("views")}
    known |= {each.alias_or_name for each in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            name = table.this.name if isinstance(table.this, exp.Anonymous) else table.this.sql_name()
            if name.lower() not in _FUNCTIONS:
                raise _refused(f"it may not call {name} as a table")
        elif table.name not in known or table.args.get("db"):
            raise _refused(f"there is no table {table.name[:80]}")
    for call in tree.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if _FORBIDDEN.match(name):
            raise _refused(f"it may not call {name}")


def _refused(reason: str) -> BadRequestError:
    return BadRequestError(
        f"query: {reason}",
        hint="a SELECT over the tables of docs/data-model.md that gives a column value",
        field="query",
    )

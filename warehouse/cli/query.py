"""Runs a user's query and says where it is wrong by line and column."""

from __future__ import annotations

import re
from collections.abc import Mapping

from warehouse.engine import SqlResult
from warehouse.errors import QueryError
from warehouse.settings import Settings
from warehouse.status import reading

# DuckDB ends a message with the line in question and a caret below the place:
#     LINE 2: FROM lgos
#                  ^
_PLACE = re.compile(r"\n+LINE (?P<line>\d+): (?P<text>[^\n]*)\n(?P<gap> *)\^[\s\S]*\Z")


def run(settings: Settings, text: str, parameters: Mapping[str, str]) -> SqlResult:
    """The rows of a query. Raises QueryError with "line L, column C" where DuckDB tells the place."""
    with reading(settings) as warehouse:
        try:
            return warehouse.sql(text, parameters)
        except QueryError as error:
            raise QueryError(_placed(error.detail, text), hint=error.hint, field=error.field) from error


def _placed(message: str, text: str) -> str:
    found = _PLACE.search(message)
    if found is None:
        return message
    line, excerpt = int(found["line"]), found["text"]
    at = len(found["gap"]) - len(f"LINE {line}: ")
    lines = text.split("\n")
    if not 1 <= line <= len(lines) or at < 0:
        return message
    # Of a long line DuckDB shows an excerpt between dots.
    if excerpt != lines[line - 1]:
        core = excerpt.removeprefix("...").removesuffix("...")
        start = lines[line - 1].find(core)
        if start < 0:
            return f"line {line}: {message[: found.start()]}"
        at += start - (3 if excerpt.startswith("...") else 0)
    return f"line {line}, column {at + 1}: {message[: found.start()]}"

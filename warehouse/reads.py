"""What a query reads of what is bound to a connection: the lists of files, and the manifest's own tables.

To bind everything takes milliseconds for each connection after each commit, and grows with the files.
"""

from __future__ import annotations

import re
from functools import cache

from warehouse import sqlfiles

#: Views over the manifest's tables, each of which reads the variable of its name.
OF_MANIFEST = ("files", "ledger", "run_months", "runs")
_WORD = re.compile(r"\w+")
_MACRO = re.compile(r"\bMACRO (\w+)\(")


@cache
def variables(text: str) -> frozenset[str]:
    """The variables that a text can read, in itself or through views and macros; rather more than less."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [text]
    while waiting:
        words = set(_WORD.findall(re.sub(r"--[^\n]*", "", waiting.pop())))
        found |= words.intersection(OF_MANIFEST)
        found |= {f"{table}_files" for table in words.intersection(sqlfiles.names("tables"))}
        named = words.intersection(_definitions()) - seen
        seen |= named
        waiting += [_definitions()[name] for name in named]
    return frozenset(found)


@cache
def every() -> frozenset[str]:
    """All variables, for texts that are not the project's own."""
    return frozenset([*OF_MANIFEST, *(f"{table}_files" for table in sqlfiles.names("tables"))])


@cache
def _definitions() -> dict[str, str]:
    """The texts behind the names of views and macros."""
    views = {name: sqlfiles.read("views", name) for name in sqlfiles.names("views")}
    macros = {
        name: text
        for folder in ("macros", "functions")
        for text in (sqlfiles.read(folder, file) for file in sqlfiles.names(folder))
        for name in _MACRO.findall(text)
    }
    return views | macros

"""Finds and reads the .sql files, in a checkout (`sql/`) and in an installed wheel (`warehouse/sql/`)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from warehouse.errors import UnavailableError


@cache
def root() -> Path:
    """The folder that holds tables/, formats/, rollups/, views/ and endpoints/."""
    package = Path(__file__).resolve().parent
    for candidate in (package / "sql", package.parent / "sql"):
        if (candidate / "tables").is_dir():
            return candidate
    raise UnavailableError("the .sql files are not there", hint="install the package again")


@cache
def read(folder: str, name: str) -> str:
    """The text of one file, by folder and name without its ending."""
    return (root() / folder / f"{name}.sql").read_text(encoding="utf-8")


@cache
def names(folder: str) -> tuple[str, ...]:
    """The names of a folder's files, sorted."""
    return tuple(sorted(path.stem for path in (root() / folder).glob("*.sql")))


@cache
def parameters(text: str) -> frozenset[str]:
    """The named parameters ($name) of a query, comments aside."""
    code = re.sub(r"--[^\n]*", "", text)
    return frozenset(re.findall(r"\$([a-z_0-9]+)", code))

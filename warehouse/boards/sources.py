"""What panels can be made from: the warehouse's tables and views, with their columns."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal

from msgspec import Struct

from warehouse import sqlfiles
from warehouse.boards.board import refused
from warehouse.engine import Engine

ColumnKind = Literal["number", "text", "time", "boolean", "other"]
_NUMBER = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL.*)")
_TIME = re.compile(r"TIMESTAMP.*|DATE")
#: Tables whose `date` is the day of this column, so that a window in time skips files.
_DATED = {
    "logs": "ts", "activity": "slot", "activity_by": "slot", "latency": "slot", "errors": "slot",
    "error_templates": "slot", "anomalies": "slot", "forecasts": "issued", "forecast_models": "issued",
    "facets": "slot", "hourly": "slot", "downloads": "day", "installers": "day",
}  # fmt: skip


class Column(Struct, frozen=True):
    """A column: `kind` is number, text, time, boolean or other; `type` DuckDB's own."""

    name: str
    type: str

    @property
    def kind(self) -> ColumnKind:
        """Which operators and aggregates it takes."""
        if _NUMBER.fullmatch(self.type):
            return "number"
        if _TIME.fullmatch(self.type):
            return "time"
        if self.type == "VARCHAR":
            return "text"
        return "boolean" if self.type == "BOOLEAN" else "other"


class Source(Struct, frozen=True, dict=True):
    """A table or view."""

    name: str
    about: str
    columns: dict[str, Column]

    @cached_property
    def time(self) -> str | None:
        """The column that a window is of: the first moment, else the first day."""
        if self.name in _DATED:
            return _DATED[self.name]
        times = [column for column in self.columns.values() if column.kind == "time"]
        times.sort(key=lambda column: column.type == "DATE")
        return times[0].name if times else None

    @property
    def dated(self) -> str | None:
        """The column of which `date` is the day."""
        return _DATED.get(self.name) if "date" in self.columns else None

    def column(self, name: str, field: str, *kinds: str) -> Column:
        """A column of this name, and of one of these kinds. Raises BadRequestError for `field`."""
        found = self.columns.get(name)
        if found is None:
            raise refused(field, f"{self.name} has no column {name[:80]!r}, but {', '.join(self.columns)}")
        if kinds and found.kind not in kinds:
            raise refused(field, f"{name} is {found.type}, and has to be a {' or '.join(kinds)}")
        return found


def published(engine: Engine) -> dict[str, Source]:
    """Every source by name, with the first sentence of its file."""
    columns: dict[str, dict[str, Column]] = {}
    for row in engine.run("sources", folder="boards"):
        columns.setdefault(row["source"], {})[row["name"]] = Column(row["name"], row["type"])
    found = {}
    for folder in ("tables", "views"):
        for name in sqlfiles.names(folder):
            if name in columns:
                found[name] = Source(name, _about(sqlfiles.read(folder, name)), columns[name])
    return dict(sorted(found.items()))


def _about(text: str) -> str:
    comment = re.match(r"(--[^\n]*\n)*", text)
    words = re.sub(r"\s*\n?--\s*", " ", comment[0] if comment else "").strip()
    return re.split(r"(?<=\.)\s", words)[0].rstrip(".")

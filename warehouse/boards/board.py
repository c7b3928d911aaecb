"""What a board is: panels with a place, a source and a figure; its JSON is stored, sent and exported."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from warehouse.errors import BadRequestError

Kind = Literal["timeSeries", "category", "stat", "percentage", "topN", "table", "markdown"]
Aggregate = Literal["count", "sum", "avg", "min", "max", "median", "p95", "p99", "distinct", "ratio"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "empty", "present"]
Scalar = str | int | float | bool

#: Columns of the grid that panels lie on.
GRID = 12
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
#: Ids that are addresses of something else.
_TAKEN = {"sources", "preview"}
_Name = Annotated[str, Meta(min_length=1, max_length=200)]


def _about(text: str) -> Meta:
    return Meta(description=text)


class Filter(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A condition on a column."""

    column: Annotated[_Name, _about("A column of the source.")]
    operator: Annotated[Operator, _about("How the column is compared; contains takes no notice of case.")] = (
        "="
    )
    value: Annotated[
        Scalar | list[Scalar] | None,
        _about("With what: a list for in, nothing for empty and present; times as 2026-03-01T12:00:00, UTC."),
    ] = None


class Measure(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A figure over rows. A sampled log line counts as often as its weight says, except in quantiles."""

    aggregate: Annotated[Aggregate, _about("ratio is the sum of column over the sum of per.")] = "count"
    column: Annotated[_Name | None, _about("What it is of; count takes none.")] = None
    per: Annotated[_Name | None, _about("The lower part of a ratio.")] = None


class Panel(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One panel: where it lies on the grid, and what it asks."""

    id: Annotated[_Name, _about("Its name within the board.")]
    kind: Annotated[Kind, _about("How it is drawn.")]
    title: Annotated[str, Meta(max_length=200, description="What people call it.")] = ""
    x: Annotated[int, Meta(ge=0, lt=GRID, description="Column of the grid, from 0.")] = 0
    y: Annotated[int, Meta(ge=0, lt=1_000, description="Row of the grid, from 0.")] = 0
    width: Annotated[int, Meta(ge=1, le=GRID, description="Columns that it takes, of 12.")] = 4
    height: Annotated[int, Meta(ge=1, le=20, description="Rows that it takes.")] = 4
    source: Annotated[_Name | None, _about("A table or view; markdown has none.")] = None
    measure: Annotated[Measure, _about("The figure that is drawn.")] = Measure()
    by: Annotated[_Name | None, _about("A column: each of its values by itself.")] = None
    filters: Annotated[
        list[Filter], Meta(max_length=20, description="Which rows count; all of them hold.")
    ] = []
    part: Annotated[list[Filter], Meta(max_length=20, description="Which rows a percentage is of.")] = []
    time: Annotated[_Name | None, _about("The column that the window is of; null for the source's own.")] = (
        None
    )
    columns: Annotated[list[_Name], Meta(max_length=40, description="Of a table; all when empty.")] = []
    order_by: Annotated[_Name | None, _about("By what a table is sorted; null for the time.")] = None
    descending: Annotated[bool, _about("Is a table sorted from the largest down?")] = True
    limit: Annotated[int, Meta(ge=1, le=1_000, description="Rows, categories or lines at most.")] = 10
    unit: Annotated[
        str, Meta(max_length=16, description="Shown after figures; bytes, ns and ms are known.")
    ] = ""
    text: Annotated[str, Meta(max_length=10_000, description="Of a markdown panel.")] = ""


class Board(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A board: its name in addresses, what people call it, its panels."""

    id: Annotated[str, _about("Its name in addresses: lower-case letters, digits and hyphens.")]
    title: Annotated[_Name, _about("What people call it.")]
    about: Annotated[str, Meta(max_length=1_000, description="What it is for.")] = ""
    panels: Annotated[list[Panel], Meta(max_length=60, description="In any order.")] = []

    def check(self) -> None:
        """Raise BadRequestError for what no type tells: ids, places, parts that a kind needs."""
        if not _ID.fullmatch(self.id) or self.id in _TAKEN:
            raise BadRequestError(
                f"id: {self.id[:80]!r} is no name for a board",
                hint="lower-case letters, digits and hyphens; not sources or preview",
                field="id",
            )
        seen: set[str] = set()
        for number, panel in enumerate(self.panels):
            where = f"panels[{number}]"
            if panel.id in seen:
                raise refused(f"{where}.id", f"there is another panel {panel.id[:80]!r}")
            seen.add(panel.id)
            if panel.x + panel.width > GRID:
                raise refused(f"{where}.width", f"the panel reaches beyond the {GRID} columns of the grid")
            panel_of(panel, where)

    def to_json(self) -> bytes:
        """The board as it is stored and exported."""
        return msgspec.json.encode(self)

    @property
    def etag(self) -> str:
        """What changes with the board, as an HTTP entity tag."""
        return f'"{hashlib.sha256(self.to_json()).hexdigest()[:20]}"'


def from_json(text: bytes | str) -> Board:
    """A board from JSON that people sent. Raises BadRequestError, which names the field."""
    try:
        board = msgspec.json.decode(text, type=Board)
    except msgspec.ValidationError as error:
        field = str(error).partition("$.")[2].rstrip("`") or "body"
        raise refused(field, str(error).partition(" - at")[0]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refused("body", "it is not JSON") from error
    board.check()
    return board


def panel_of(panel: Panel, where: str = "panel") -> Panel:
    """The panel, when it has what its kind takes. Raises BadRequestError."""
    if panel.kind == "markdown":
        if not panel.text.strip():
            raise refused(f"{where}.text", "a markdown panel needs one")
        return panel
    if panel.source is None:
        raise refused(f"{where}.source", "the panel needs a table or view")
    if panel.kind in ("category", "topN") and panel.by is None:
        raise refused(f"{where}.by", "the panel needs a column by which it counts")
    measure = panel.measure
    if panel.kind == "table":
        return panel
    if measure.aggregate != "count" and measure.column is None:
        raise refused(f"{where}.measure.column", f"{measure.aggregate} is of a column")
    if (measure.aggregate == "ratio") != (measure.per is not None):
        raise refused(f"{where}.measure.per", "a ratio needs it, and nothing else takes it")
    if panel.kind == "percentage":
        if measure.aggregate not in ("count", "sum", "ratio"):
            raise refused(f"{where}.measure.aggregate", "a percentage is of count, sum or ratio")
        if (measure.aggregate == "ratio") == bool(panel.part):
            raise refused(
                f"{where}.part", "count and sum need filters that tell the part; a ratio takes none"
            )
    return panel


def refused(field: str, reason: str) -> BadRequestError:
    """A field of a board that cannot be used, by its path."""
    return BadRequestError(f"{field}: {reason}", field=field)

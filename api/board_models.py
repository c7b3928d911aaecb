"""The shapes of boards, as in `api.models`."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from api.models import Answer, MaybeEpochMs
from warehouse.boards.board import Kind, Panel
from warehouse.boards.book import Origin
from warehouse.boards.sources import ColumnKind


def _about(text: str) -> Meta:
    return Meta(description=text)


WhereFrom = Annotated[Origin, _about("shipped with the warehouse, changed since, or made by somebody: own.")]


class BoardListed(Answer):
    """A board in the list of all."""

    id: Annotated[str, _about("Its name in addresses.")]
    title: Annotated[str, _about("What people call it.")]
    about: Annotated[str, _about("What it is for.")]
    panels: Annotated[int, _about("How many panels it has.")]
    origin: WhereFrom
    changed_at: MaybeEpochMs


class Boards(Answer):
    """Every board."""

    boards: Annotated[list[BoardListed], _about("By title.")]
    count: Annotated[int, _about("Length of `boards`.")]


class BoardShown(Answer):
    """A board; without `origin` and `changedAt` it is what POST and PUT take."""

    id: Annotated[str, _about("Its name in addresses.")]
    title: Annotated[str, _about("What people call it.")]
    about: Annotated[str, _about("What it is for.")]
    panels: Annotated[list[Panel], _about("In any order.")]
    origin: WhereFrom
    changed_at: MaybeEpochMs


class SourceColumn(Answer):
    """A column that panels can ask of."""

    name: Annotated[str, _about("Its name.")]
    type: Annotated[str, _about("DuckDB's own.")]
    kind: Annotated[ColumnKind, _about("What can be asked of it.")]


class BoardSource(Answer):
    """A table or view that panels can be made from."""

    name: Annotated[str, _about("Its name in SQL.")]
    about: Annotated[str, _about("What it holds.")]
    time: Annotated[str | None, _about("The column that a window is of; null where it has none.")]
    columns: Annotated[list[SourceColumn], _about("In their order.")]


class BoardSources(Answer):
    """What panels can be made from."""

    sources: Annotated[list[BoardSource], _about("By name.")]
    count: Annotated[int, _about("Length of `sources`.")]


class PanelRows(Answer):
    """What a panel shows."""

    kind: Annotated[Kind, _about("Of the panel.")]
    columns: Annotated[list[str], _about("The names in `rows`, in order.")]
    times: Annotated[list[str], _about("Those that are moments, in epoch ms.")]
    rows: Annotated[
        list[dict[str, Any]],
        _about(
            "timeSeries: time, name, value; category and topN: name, value, share (percent); stat and"
            " percentage: value, previous, difference, change (percent); table: its columns."
        ),
    ]
    sql: Annotated[str, _about("The query that gives them, for `warehouse sql`.")]
    window_start: MaybeEpochMs
    window_end: MaybeEpochMs


class PreviewBody(Struct, forbid_unknown_fields=True):
    """A panel that is not kept yet."""

    panel: Annotated[Panel, _about("As in a board.")]

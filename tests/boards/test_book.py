"""Boards are kept: made, changed by who read them last, put back; those that are shipped work."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import msgspec
import pytest

from tests.warehouse_builder import Builder
from warehouse.boards.board import Board, from_json
from warehouse.boards.book import shipped
from warehouse.errors import BadRequestError, ConflictError, NotFoundError, OutdatedError

PANEL: dict[str, Any] = {"id": "a", "kind": "stat", "source": "logs"}


def board(board_id: str = "mine", title: str = "Mine", **panel: Any) -> Board:
    return from_json(msgspec.json.encode({"id": board_id, "title": title, "panels": [PANEL | panel]}))


@pytest.fixture
def builder(tmp_path: Any) -> Builder:
    made = Builder(tmp_path)
    made.sync()
    return made


def test_a_board_outlives_the_process(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        assert warehouse.board_book.create(board()).origin == "own"
    with closing(builder.open()) as warehouse:
        assert warehouse.board_book.board("mine").board == board()


def test_who_changes_what_somebody_changed_is_told(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        book = warehouse.board_book
        read = book.create(board()).board.etag
        book.change(board(title="Yours"), read)
        with pytest.raises(OutdatedError):
            book.change(board(title="Mine again"), read)
        with pytest.raises(OutdatedError):
            book.delete("mine", read)
        assert book.board("mine").board.title == "Yours"
        book.change(board(title="Whatever it was"), "*")
        book.delete("mine", book.board("mine").board.etag)
        with pytest.raises(NotFoundError):
            book.board("mine")


def test_an_id_is_taken_once(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        warehouse.board_book.create(board())
        for board_id in ("mine", "registry"):
            with pytest.raises(ConflictError):
                warehouse.board_book.create(board(board_id))


def test_a_shipped_board_can_be_changed_and_put_back(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        book = warehouse.board_book
        was = book.board("registry")
        changed = book.change(board("registry", "My registry"), was.board.etag)
        assert (was.origin, changed.origin, changed.board.title) == ("shipped", "changed", "My registry")
        assert len(book.boards()) == len(shipped())
        book.delete("registry", changed.board.etag)
        assert book.board("registry") == was
        with pytest.raises(BadRequestError, match="as it was shipped"):
            book.delete("registry", was.board.etag)


def test_every_panel_that_is_shipped_can_be_asked_of_an_empty_warehouse(builder: Builder) -> None:
    assert set(shipped()) == {"registry", "installs", "faults"}
    with closing(builder.open()) as warehouse:
        for each in shipped().values():
            assert len({panel.kind for panel in each.panels}) >= 5 or each.id == "registry"
            for panel in each.panels:
                assert warehouse.board_book.data(panel)["kind"] == panel.kind


def test_a_panel_of_a_kept_board_is_named_by_its_place(builder: Builder) -> None:
    with closing(builder.open()) as warehouse, pytest.raises(BadRequestError) as caught:
        warehouse.board_book.create(board(source="nothing"))
    assert caught.value.field == "panels[0].source"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"id": "Not an id"}, "id"),
        ({"id": "sources"}, "id"),
        ({"title": ""}, "title"),
        ({"colour": 1}, "body"),
        ({"panels": [PANEL, PANEL]}, "panels[1].id"),
        ({"panels": [PANEL | {"x": 6, "width": 7}]}, "panels[0].width"),
        ({"panels": [PANEL | {"x": 12}]}, "panels[0].x"),
        ({"panels": [PANEL | {"kind": "pie"}]}, "panels[0].kind"),
        ({"panels": [{"id": "a", "kind": "stat"}]}, "panels[0].source"),
        ({"panels": [PANEL | {"kind": "topN"}]}, "panels[0].by"),
        ({"panels": [PANEL | {"kind": "markdown"}]}, "panels[0].text"),
        ({"panels": [PANEL | {"measure": {"aggregate": "sum"}}]}, "panels[0].measure.column"),
        ({"panels": [PANEL | {"measure": {"aggregate": "ratio", "column": "a"}}]}, "panels[0].measure.per"),
        ({"panels": [PANEL | {"kind": "percentage"}]}, "panels[0].part"),
        (
            {"panels": [PANEL | {"kind": "percentage", "measure": {"aggregate": "avg", "column": "a"}}]},
            "panels[0].measure.aggregate",
        ),
    ],
)
def test_what_is_no_board_is_refused_by_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        from_json(msgspec.json.encode({"id": "mine", "title": "Mine", "panels": []} | given))
    assert caught.value.field == field


def test_what_is_no_json_is_refused() -> None:
    for text in (b"{", b"\xff", b""):
        with pytest.raises(BadRequestError, match="not JSON"):
            from_json(text)


def test_a_board_is_the_same_after_json() -> None:
    for each in shipped().values():
        assert from_json(each.to_json()) == each

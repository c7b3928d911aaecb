"""/boards: dashboards that people put together, and what their panels show."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, PathParameter, RawBody

from api.board_models import (
    BoardListed,
    Boards,
    BoardShown,
    BoardSource,
    BoardSources,
    PanelRows,
    PreviewBody,
    SourceColumn,
)
from api.bodies import decoded
from api.common import ADMIN, BAD_PARAMETER, NOT_FOUND, SERVER_ERROR, TheWarehouse
from api.guards import require_admin
from api.openapi import operation_with_body
from api.params import Hours
from api.problems import MEDIA_TYPE, Problem
from warehouse.boards.board import Board, from_json
from warehouse.boards.book import Kept
from warehouse.errors import BadRequestError, NotFoundError

_CHANGE: dict[str, Any] = {"sync_to_thread": True, "guards": [require_admin]}
_OUTDATED = {
    412: ResponseSpec(
        Problem, description="Somebody changed it meanwhile.", generate_examples=False, media_type=MEDIA_TYPE
    )
}
_CHANGED = BAD_PARAMETER | ADMIN | NOT_FOUND | _OUTDATED | SERVER_ERROR

BoardId = Annotated[str, PathParameter(description="Id of a board.")]
IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", description="The ETag of the board as it was read.")
]


class BoardsController(Controller):
    """Boards and their panels."""

    path = "/boards"
    tags = ("Boards",)

    @get("/", sync_to_thread=True, summary="Every board", responses=SERVER_ERROR)
    def boards(self, warehouse: TheWarehouse) -> Boards:
        """Those that come with the warehouse and those that people made."""
        listed = [
            BoardListed(**msgspec.structs.asdict(kept.listed())) for kept in warehouse.board_book.boards()
        ]
        return Boards(boards=listed, count=len(listed))

    @post(
        "/",
        **_CHANGE,
        operation_class=operation_with_body(Board),
        summary="Make a board",
        responses=BAD_PARAMETER | ADMIN | SERVER_ERROR,
    )
    def create(self, warehouse: TheWarehouse, body: RawBody) -> Response[BoardShown]:
        """409 for an id that is taken. A panel that asks for what is not there is refused."""
        return _shown(warehouse.board_book.create(from_json(body)), 201)

    @get("/sources", sync_to_thread=True, summary="What panels can be made from", responses=SERVER_ERROR)
    def sources(self, warehouse: TheWarehouse) -> BoardSources:
        """Every table and view, with its columns."""
        found = [
            BoardSource(
                name=source.name,
                about=source.about,
                time=source.time,
                columns=[
                    SourceColumn(name=column.name, type=column.type, kind=column.kind)
                    for column in source.columns.values()
                ],
            )
            for source in warehouse.board_book.sources().values()
        ]
        return BoardSources(sources=found, count=len(found))

    @post(
        "/preview",
        **_CHANGE,
        status_code=200,
        operation_class=operation_with_body(PreviewBody),
        summary="What a panel would show",
        responses=BAD_PARAMETER | ADMIN | SERVER_ERROR,
    )
    def preview(self, warehouse: TheWarehouse, body: RawBody, hours: Hours = 24) -> PanelRows:
        """Of a panel that is in no board yet. Nothing is kept."""
        panel = decoded(body, PreviewBody).panel
        return PanelRows(**warehouse.board_book.data(panel, hours))

    @get(
        "/{board_id:str}",
        sync_to_thread=True,
        summary="A board",
        responses=BAD_PARAMETER | NOT_FOUND | SERVER_ERROR,
    )
    def board(self, warehouse: TheWarehouse, board_id: BoardId) -> Response[BoardShown]:
        """Its ETag is what PUT and DELETE want as If-Match."""
        return _shown(warehouse.board_book.board(board_id))

    @put(
        "/{board_id:str}",
        **_CHANGE,
        operation_class=operation_with_body(Board),
        summary="Change a board",
        responses=_CHANGED,
    )
    def change(
        self, warehouse: TheWarehouse, board_id: BoardId, body: RawBody, if_match: IfMatch = None
    ) -> Response[BoardShown]:
        """Replaces it whole. 412 when somebody changed it since it was read."""
        board = from_json(body)
        if board.id != board_id:
            raise BadRequestError(f"id: the address says {board_id[:80]}", field="id")
        return _shown(warehouse.board_book.change(board, _tag(if_match)))

    @delete(
        "/{board_id:str}",
        **_CHANGE,
        operation_class=operation_with_body(None),
        summary="Forget a board",
        responses=_CHANGED,
    )
    def forget(self, warehouse: TheWarehouse, board_id: BoardId, if_match: IfMatch = None) -> None:
        """One that comes with the warehouse is again as it was shipped; 400 when it is that already."""
        warehouse.board_book.delete(board_id, _tag(if_match))

    @get(
        "/{board_id:str}/panels/{panel_id:str}",
        sync_to_thread=True,
        summary="What a panel shows",
        responses=BAD_PARAMETER | NOT_FOUND | SERVER_ERROR,
    )
    def panel(
        self,
        warehouse: TheWarehouse,
        board_id: BoardId,
        panel_id: Annotated[str, PathParameter(description="Id of a panel of it.")],
        hours: Hours = 24,
    ) -> PanelRows:
        """The rows, and the SQL that gives them."""
        board = warehouse.board_book.board(board_id).board
        panel = next((each for each in board.panels if each.id == panel_id), None)
        if panel is None:
            raise NotFoundError(f"the board {board_id} has no panel {panel_id[:80]!r}")
        return PanelRows(**warehouse.board_book.data(panel, hours))


def _shown(kept: Kept, status: int = 200) -> Response[BoardShown]:
    shown = BoardShown(
        **msgspec.structs.asdict(kept.board),
        origin=kept.origin,
        changed_at=kept.changed_at,
    )
    return Response(shown, status_code=status, headers={"etag": kept.board.etag})


def _tag(if_match: str | None) -> str:
    if not if_match:
        raise BadRequestError("If-Match: send the ETag of the board as it was read", field="If-Match")
    return if_match.strip()

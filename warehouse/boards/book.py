"""The boards of one warehouse, those that come with it and those that people made, and their panels' rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from warehouse.answers import KeptAnswers
from warehouse.boards import queries, sources
from warehouse.boards.board import Board, Panel, from_json
from warehouse.engine import Engine, SqlResult
from warehouse.errors import BadRequestError, ConflictError, NotFoundError, OutdatedError
from warehouse.manifest import Manifest, now_us
from warehouse.moments import millis, naive
from warehouse.sqltext import reproduced

Row = dict[str, Any]
Origin = Literal["shipped", "changed", "own"]

_SHIPPED = Path(__file__).parent / "shipped"
#: Windows end at such seconds, so that several viewers ask the same question.
_STEP = 30


class Listed(Struct, frozen=True):
    """A board in a list of all: without its panels, but how many there are."""

    id: str
    title: str
    about: str
    panels: int
    origin: Origin
    changed_at: int | None
    """Epoch milliseconds."""


class Kept(Struct, frozen=True):
    """A board, where it comes from, and when it was kept (epoch microseconds; none as it was shipped)."""

    board: Board
    origin: Origin
    changed_us: int | None

    @property
    def changed_at(self) -> int | None:
        """When it was kept, in epoch milliseconds."""
        return self.changed_us // 1000 if self.changed_us else None

    def listed(self) -> Listed:
        """The board in a list of all."""
        board = self.board
        return Listed(board.id, board.title, board.about, len(board.panels), self.origin, self.changed_at)


class BoardBook:
    """Reads and writes boards, and runs their panels' queries. Safe for use from several threads."""

    def __init__(self, manifest: Manifest, engine: Engine, answers: KeptAnswers) -> None:
        self._manifest = manifest
        self._engine = engine
        self._answers = answers

    def boards(self) -> list[Kept]:
        """Every board, by title."""
        rows = self._manifest.query("SELECT id, board, changed_us FROM boards")
        found = {board.id: Kept(board, "shipped", None) for board in shipped().values()}
        for row in rows:
            origin: Origin = "changed" if row["id"] in shipped() else "own"
            found[row["id"]] = Kept(from_json(row["board"]), origin, row["changed_us"])
        return sorted(found.values(), key=lambda kept: (kept.board.title.lower(), kept.board.id))

    def board(self, board_id: str) -> Kept:
        """One board. Raises NotFoundError."""
        found = next((kept for kept in self.boards() if kept.board.id == board_id), None)
        if found is None:
            raise NotFoundError(f"there is no board {board_id[:80]!r}")
        return found

    def create(self, board: Board) -> Kept:
        """Keep a new board. Raises ConflictError for an id that is taken, BadRequestError as `check` does."""
        self._check(board)
        with self._manifest.transaction() as db:
            taken = board.id in shipped() or not self._insert(db, board, "INSERT OR IGNORE")
        if taken:
            raise ConflictError(
                f"there is a board {board.id} already", hint="take another id, or replace it", field="id"
            )
        return self.board(board.id)

    def change(self, board: Board, etag: str) -> Kept:
        """Replace a board that still is what `etag` names. Raises OutdatedError when somebody changed it."""
        self._check(board)
        with self._manifest.transaction() as db:
            self._require(db, board.id, etag)
            self._insert(db, board, "INSERT OR REPLACE")
        return self.board(board.id)

    def delete(self, board_id: str, etag: str) -> None:
        """Forget a board that still is what `etag` names; one that was shipped is again as it was."""
        with self._manifest.transaction() as db:
            self._require(db, board_id, etag)
            if not db.execute("DELETE FROM boards WHERE id = ?", [board_id]).rowcount:
                raise BadRequestError(f"the board {board_id} is as it was shipped, and stays", field="board")

    def sources(self) -> dict[str, sources.Source]:
        """What panels can be made from."""
        found: dict[str, sources.Source] = self._answers.get(
            "sources", {}, lambda _: sources.published(self._engine)
        )
        return found

    def data(self, panel: Panel, hours: float = 24, now: datetime | None = None) -> Row:
        """What a panel shows of the last `hours`: rows, and the SQL that gives them.

        Raises BadRequestError for a panel that asks for what is not there.
        """
        moment = naive(now or datetime.now(UTC))
        ends = moment + timedelta(seconds=-moment.timestamp() % _STEP)
        if panel.kind == "markdown":
            return {
                "kind": panel.kind,
                "columns": [],
                "times": [],
                "rows": [],
                "sql": "",
                "window_start": None,
                "window_end": None,
            }
        asked = {"panel": panel, "hours": hours, "ends": ends}
        return dict(self._answers.get("panel", asked, self._data))

    def _data(self, asked: Mapping[str, Any]) -> Row:
        query = queries.ask(asked["panel"], self.sources(), asked["ends"], asked["hours"])
        found = self._engine.sql(query.text, query.parameters)
        starts, ends = query.window or (None, None)
        return {
            "kind": asked["panel"].kind,
            "columns": found.columns,
            "times": _times(found),
            "rows": [dict(zip(found.columns, map(_plain, row), strict=True)) for row in found.rows],
            "sql": reproduced(query.text, query.parameters),
            "window_start": millis(starts) if starts else None,
            "window_end": millis(ends) if ends else None,
        }

    def _check(self, board: Board) -> None:
        """Each panel has to make a query of the tables that are there."""
        board.check()
        for number, panel in enumerate(board.panels):
            if panel.kind != "markdown":
                queries.ask(panel, self.sources(), naive(datetime.now(UTC)), 24, f"panels[{number}]")

    def _require(self, db: Any, board_id: str, etag: str) -> None:
        row = db.execute("SELECT board FROM boards WHERE id = ?", [board_id]).fetchone()
        now = from_json(row["board"]) if row else shipped().get(board_id)
        if now is None:
            raise NotFoundError(f"there is no board {board_id[:80]!r}")
        if etag not in ("*", now.etag):
            raise OutdatedError(
                f"the board {board_id} was changed since it was read",
                hint="read it again and make the change anew",
                field="If-Match",
            )

    def _insert(self, db: Any, board: Board, how: str) -> bool:
        values = [board.id, board.to_json().decode(), now_us()]
        return bool(db.execute(f"{how} INTO boards VALUES (?, ?, ?)", values).rowcount)


@cache
def shipped() -> dict[str, Board]:
    """The boards that come with the warehouse, by id."""
    boards = (from_json(path.read_bytes()) for path in sorted(_SHIPPED.glob("*.json")))
    return {board.id: board for board in boards}


def _times(found: SqlResult) -> list[str]:
    return [
        name
        for name, kind in zip(found.columns, found.types, strict=True)
        if kind.upper().startswith(("TIMESTAMP", "DATETIME"))
    ]


def _plain(value: Any) -> Any:
    """A value of DuckDB as JSON has it: moments as epoch milliseconds, days as text."""
    if isinstance(value, datetime):
        return millis(value)
    if isinstance(value, date):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)

"""`warehouse boards`: dashboards as JSON, out of the warehouse and into it."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.cli import output
from warehouse.cli.state import State, pass_state


@click.group(
    epilog="""\b
Examples:
  warehouse boards list
  warehouse boards export registry > registry.json
  warehouse boards import registry.json --replace
  warehouse boards delete my-own-board
"""
)
def boards() -> None:
    """Dashboards that people put together from panels. More: docs/boards.md."""


@boards.command(
    "list",
    epilog="""\b
Examples:
  warehouse boards list
  warehouse boards list --json | jq -r '.boards[].id'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def list_boards(state: State, as_json: bool) -> None:
    """Show every board."""
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.board_book.boards()
    if as_json:
        listed = [output.camel(kept.listed()) for kept in found]
        output.write(output.to_json({"boards": listed, "count": len(listed)}))
        return
    rows = [
        (
            kept.board.id,
            kept.board.title,
            output.count(len(kept.board.panels)),
            kept.origin,
            output.moment(kept.changed_at),
        )
        for kept in found
    ]
    output.write(output.table(["Board", "Title", "Panels", "From", "Changed"], rows, right={2}))


@boards.command(
    epilog="""\b
Examples:
  warehouse boards export registry > registry.json
  warehouse boards export registry | jq '.panels[].title'
"""
)
@click.argument("board")
@pass_state
def export(state: State, board: str) -> None:
    """Print BOARD as JSON, which `import` and POST /boards take."""
    import msgspec

    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        found = warehouse.board_book.board(board).board
    output.write(msgspec.json.format(found.to_json(), indent=2).decode())


@boards.command(
    "import",
    epilog="""\b
Examples:
  warehouse boards import registry.json
  warehouse boards import registry.json --replace
""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Take the place of a board with the same id.")
@pass_state
def import_board(state: State, file: Path, replace: bool) -> None:
    """Keep the board in FILE. A panel that asks for what is not there is refused."""
    from warehouse.boards.board import from_json
    from warehouse.status import reading

    board = from_json(file.read_bytes())
    with reading(state.settings) as warehouse:
        book = warehouse.board_book
        now = next((kept.board for kept in book.boards() if kept.board.id == board.id), None)
        if replace and now is not None:
            book.change(board, now.etag)
        else:
            book.create(board)
    output.write(f"Kept {board.id} with {len(board.panels)} panels.")


@boards.command(
    epilog="""\b
Examples:
  warehouse boards delete my-own-board
"""
)
@click.argument("board")
@pass_state
def delete(state: State, board: str) -> None:
    """Forget BOARD; one that comes with the warehouse is again as it was shipped."""
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        warehouse.board_book.delete(board, warehouse.board_book.board(board).board.etag)
    output.write(f"Forgot {board}.")

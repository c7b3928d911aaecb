"""/boards: made, read with their tag, changed, forgotten; what panels show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api import board_models
from api.app import create_app
from tests.api.conftest import BASE, PREFIX, problem
from tests.api.shapes import is_exactly
from tests.boards.conftest import entries
from tests.warehouse_builder import Builder

BOARDS = f"{PREFIX}/boards"
BOARD: dict[str, Any] = {
    "id": "mine",
    "title": "Mine",
    "panels": [
        {"id": "all", "kind": "stat", "source": "logs"},
        {"id": "note", "kind": "markdown", "text": "# Read me"},
    ],
}
Client = TestClient[Litestar]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    builder = Builder(tmp_path)
    builder.put(entries())
    builder.sync()
    with TestClient(create_app(builder.settings), base_url=BASE) as opened:
        yield opened


def test_boards_are_listed(client: Client) -> None:
    answer = client.get(BOARDS).json()
    is_exactly(answer, board_models.Boards)
    assert [(board["id"], board["origin"], board["changedAt"]) for board in answer["boards"]] == [
        ("registry", "shipped", None),
        ("faults", "shipped", None),
        ("installs", "shipped", None),
    ]


def test_sources_tell_what_can_be_asked(client: Client) -> None:
    answer = client.get(f"{BOARDS}/sources").json()
    is_exactly(answer, board_models.BoardSources)
    assert answer["count"] == len(answer["sources"]) > 15


def test_a_board_is_made_read_changed_and_forgotten(client: Client) -> None:
    made = client.post(BOARDS, json=BOARD)
    assert made.status_code == 201
    is_exactly(made.json(), board_models.BoardShown)
    tag = client.get(f"{BOARDS}/mine").headers["etag"]
    assert tag == made.headers["etag"]
    changed = client.put(f"{BOARDS}/mine", json=BOARD | {"title": "Ours"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["title"], changed.json()["origin"]) == (200, "Ours", "own")
    assert changed.headers["etag"] != tag
    body = problem(client.put(f"{BOARDS}/mine", json=BOARD, headers={"If-Match": tag}), 412)
    assert body["title"] == "Somebody changed it meanwhile"
    assert problem(client.delete(f"{BOARDS}/mine", headers={"If-Match": tag}), 412)
    gone = client.delete(f"{BOARDS}/mine", headers={"If-Match": changed.headers["etag"]})
    assert (gone.status_code, gone.content) == (204, b"")
    assert problem(client.get(f"{BOARDS}/mine"), 404)["detail"] == "there is no board 'mine'"


def test_what_a_board_answers_can_be_sent_back(client: Client) -> None:
    """Export and import: an answer without `origin` and `changedAt` is a board."""
    answer = client.get(f"{BOARDS}/faults").json()
    board = {name: value for name, value in answer.items() if name not in ("origin", "changedAt")}
    assert client.post(BOARDS, json=board | {"id": "copy"}).json()["panels"] == answer["panels"]


def test_without_a_tag_nothing_is_changed(client: Client) -> None:
    for answer in (client.put(f"{BOARDS}/registry", json=BOARD | {"id": "registry"}),
                   client.delete(f"{BOARDS}/registry")):  # fmt: skip
        assert problem(answer, 400)["parameter"] == "If-Match"


def test_the_address_and_the_board_have_one_id(client: Client) -> None:
    answer = client.put(f"{BOARDS}/registry", json=BOARD, headers={"If-Match": '"x"'})
    assert problem(answer, 400)["parameter"] == "id"


def test_a_taken_id_is_a_conflict(client: Client) -> None:
    assert problem(client.post(BOARDS, json=BOARD | {"id": "registry"}), 409)["status"] == 409


def test_a_panel_shows_rows_and_their_sql(client: Client) -> None:
    client.post(BOARDS, json=BOARD)
    answer = client.get(f"{BOARDS}/mine/panels/all", params={"hours": 8760}).json()
    is_exactly(answer, board_models.PanelRows)
    assert answer["rows"][0]["value"] == 7
    assert answer["sql"].startswith("SELECT")
    assert client.get(f"{BOARDS}/mine/panels/note").json()["rows"] == []
    assert problem(client.get(f"{BOARDS}/mine/panels/other"), 404)
    assert problem(client.get(f"{BOARDS}/other/panels/all"), 404)


def test_a_panel_is_tried_before_it_is_kept(client: Client) -> None:
    sent = {"panel": {"id": "p", "kind": "topN", "source": "logs", "by": "level"}}
    answer = client.post(f"{BOARDS}/preview", params={"hours": 8760}, json=sent)
    assert (answer.status_code, answer.json()["rows"][0]) == (
        200,
        {"name": "info", "value": 4, "share": pytest.approx(400 / 7)},
    )
    sent["panel"]["by"] = "nothing"
    assert problem(client.post(f"{BOARDS}/preview", json=sent), 400)["parameter"] == "panel.by"


@pytest.mark.parametrize("path", ["", "/preview"])
def test_pages_of_another_origin_may_not_write(client: Client, path: str) -> None:
    answer = client.post(f"{BOARDS}{path}", json=BOARD, headers={"Origin": "http://evil.example"})
    assert problem(answer, 403)

"""/settings without secrets, /verify with what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.app import create_app
from api.system import SettingsShown, Verified
from tests.api.conftest import BASE, PREFIX, problem
from tests.api.shapes import is_exactly
from tests.boards.conftest import entries
from tests.warehouse_builder import Builder
from warehouse.settings import table

SECRET = "s3cr3t-of-the-house"
Client = TestClient[Litestar]


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    made = Builder(tmp_path / "data")
    made.put(entries())
    made.sync()
    return made


@pytest.fixture
def client(builder: Builder) -> Iterator[Client]:
    secrets = {info.name: SECRET for info in table() if info.secret and info.name != "admin_token"}
    settings = msgspec.structs.replace(builder.settings, **secrets)
    with TestClient(create_app(settings), base_url=BASE) as opened:
        yield opened


def test_settings_are_shown_without_secrets(client: Client) -> None:
    answer = client.get(f"{PREFIX}/settings")
    is_exactly(answer.json(), SettingsShown)
    assert SECRET not in answer.text
    rows = {row["name"]: row for row in answer.json()["settings"]}
    hidden = {name for name, row in rows.items() if row["value"] == "***"}
    assert hidden == {info.name for info in table() if info.secret and info.name != "admin_token"}
    assert len(hidden) > 3
    assert rows["apdex_ms"]["value"] == "500"


def test_all_is_well_in_a_fresh_warehouse(client: Client) -> None:
    answer = client.post(f"{PREFIX}/verify").json()
    is_exactly(answer, Verified)
    assert answer["findings"] == []
    assert answer["dates"] == 1


def test_a_damaged_file_is_a_finding(client: Client, builder: Builder) -> None:
    file = next((builder.settings.data_dir / "lake" / "logs").rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-100])
    [finding] = client.post(f"{PREFIX}/verify", json={"quick": True}).json()["findings"]
    assert (finding["check"], finding["where"].endswith(file.name)) == ("files", True)
    assert "bytes, not" in finding["what"]


def test_verify_takes_nothing_else(client: Client) -> None:
    assert problem(client.post(f"{PREFIX}/verify", json={"fast": True}), 400)["parameter"] == "fast"


def test_pages_of_another_origin_may_not_verify(client: Client) -> None:
    assert problem(client.post(f"{PREFIX}/verify", headers={"Origin": "http://evil.example"}), 403)


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        ("trends", "-- GET /analytics/trends"),
        ("alert_history?folder=manifest", "-- GET /analytics/alerts/history"),
        ("gaps?folder=audits", "--"),
        ("retry_storm?folder=recommendations", "--"),
    ],
)
def test_the_sql_behind_an_answer_is_told_by_folder(client: Client, query: str, begins: str) -> None:
    answer = client.get(f"{PREFIX}/queries/{query}")
    assert answer.status_code == 200
    assert answer.text.startswith(begins)


def test_a_query_of_another_folder_is_none(client: Client) -> None:
    problem(client.get(f"{PREFIX}/queries/alert_history"), 404)
    assert client.get(f"{PREFIX}/queries/trends?folder=../warehouse").status_code == 400

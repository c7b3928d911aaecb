"""Who may change something: the admin token, pages of other origins, foreign host names."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from api.app import create_app
from api.guards import check_bind, is_loopback
from tests.api.conftest import BASE, PREFIX, problem
from warehouse.errors import SettingError
from warehouse.settings import Settings

TOKEN = "right-token-ü"
WRITING = (f"{PREFIX}/sync", f"{PREFIX}/logs/cleanup")


def post(settings: Settings, warehouse: Any, path: str, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value.encode() for name, value in headers.items()}
    with TestClient(create_app(settings, warehouse), base_url=BASE) as opened:
        return opened.post(path, headers=sent)


@pytest.fixture
def protected(filled: Settings) -> Settings:
    return msgspec.structs.replace(filled, admin_token=TOKEN)


@pytest.fixture
def open_to_others(filled: Settings) -> Settings:
    return msgspec.structs.replace(filled, host="0.0.0.0")


@pytest.mark.parametrize("path", WRITING)
def test_with_a_token_configured_the_right_one_is_let_in(
    protected: Settings, warehouse: Any, path: str
) -> None:
    assert post(protected, warehouse, path, authorization=f"Bearer {TOKEN}").status_code == 200
    assert post(protected, warehouse, path, authorization=f"bearer  {TOKEN} ").status_code == 200


@pytest.mark.parametrize("path", WRITING)
@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"]
)
def test_with_a_token_configured_anything_else_is_401(
    protected: Settings, warehouse: Any, path: str, sent: str | None
) -> None:
    answer = post(protected, warehouse, path, **({} if sent is None else {"authorization": sent}))
    body = problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN not in str(body)


def test_reading_needs_no_token(protected: Settings, warehouse: Any) -> None:
    with TestClient(create_app(protected, warehouse), base_url=BASE) as opened:
        assert opened.get(f"{PREFIX}/analytics").status_code == 200


@pytest.mark.parametrize("path", WRITING)
def test_a_server_open_to_others_without_a_token_refuses_and_names_the_setting(
    open_to_others: Settings, warehouse: Any, path: str
) -> None:
    body = problem(post(open_to_others, warehouse, path), 403)
    assert "WAREHOUSE_ADMIN_TOKEN" in body["detail"]


@pytest.mark.parametrize("path", WRITING)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1:4873.evil.example"},
        {"origin": "file://127.0.0.1:4873"},
        {"origin": "http://[::1"},
        {"origin": "127.0.0.1:4873"},
        {"origin": "http://127.0.0.1:4873/"},
        {"sec_fetch_site": "cross-site"},
    ],
)
def test_pages_of_other_origins_cannot_change_anything(
    filled: Settings, warehouse: Any, path: str, headers: dict[str, str]
) -> None:
    problem(post(filled, warehouse, path, **headers), 403)


@pytest.mark.parametrize("headers", [{}, {"origin": BASE}, {"sec_fetch_site": "same-origin", "origin": BASE}])
def test_our_own_pages_and_programs_can(filled: Settings, warehouse: Any, headers: dict[str, str]) -> None:
    assert post(filled, warehouse, f"{PREFIX}/sync", **headers).status_code == 200


def test_no_other_origin_is_allowed_to_read(filled: Settings, warehouse: Any) -> None:
    with TestClient(create_app(filled, warehouse), base_url=BASE) as opened:
        answer = opened.get(f"{PREFIX}/analytics", headers={"origin": "https://evil.example"})
        asked_before = opened.options(
            f"{PREFIX}/sync",
            headers={"origin": "https://evil.example", "access-control-request-method": "POST"},
        )
    for each in (answer, asked_before):
        assert not [name for name in each.headers if name.startswith("access-control-")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:4873", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:4873"]
)
def test_a_loopback_server_answers_to_loopback_names(filled: Settings, warehouse: Any, host: str) -> None:
    with TestClient(create_app(filled, warehouse), base_url=BASE) as opened:
        assert opened.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/health", "/_dashboard", "/_dashboard/static/app.js", f"{PREFIX}/logs", "/nothing"]
)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4873",
        "localhost.evil.example",
        "10.0.0.1",
        "[::",
        "",
        "127.0.0.1:80\tx",
        "127.0.0.1:x",
    ],
)
def test_a_loopback_server_refuses_rebound_names(
    filled: Settings, warehouse: Any, path: str, host: str
) -> None:
    with TestClient(create_app(filled, warehouse), base_url=BASE) as opened:
        answer = opened.get(path, headers={"host": host})
    assert problem(answer, 403)["type"] == f"{PREFIX}/problems/access-denied"


def test_a_server_open_to_others_answers_to_any_name(open_to_others: Settings, warehouse: Any) -> None:
    with TestClient(create_app(open_to_others, warehouse), base_url=BASE) as opened:
        assert opened.get("/health", headers={"host": "warehouse.example"}).status_code == 200


def test_loopback_is_told_from_the_rest() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LocalHost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "example"]))


def test_an_open_bind_without_a_token_is_refused_before_binding() -> None:
    with pytest.raises(SettingError) as caught:
        check_bind(Settings(host="0.0.0.0"))
    assert caught.value.field == "WAREHOUSE_ADMIN_TOKEN"
    check_bind(Settings(host="0.0.0.0", admin_token=TOKEN))
    check_bind(Settings())


def test_a_server_open_to_others_refuses_a_host_that_is_no_name(
    open_to_others: Settings, warehouse: Any
) -> None:
    with TestClient(create_app(open_to_others, warehouse), base_url=BASE) as opened:
        for path in ("/nothing", "/health", f"{PREFIX}/logs?limit=0"):
            problem(opened.get(path, headers={"host": "127.0.0.1:80\tx"}), 400)


def test_an_empty_address_is_no_address_to_bind() -> None:
    for host in ("", "[]", " "):
        with pytest.raises(SettingError) as caught:
            check_bind(Settings(host=host, admin_token=TOKEN))
        assert caught.value.field == "WAREHOUSE_HOST"

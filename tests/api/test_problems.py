"""Errors as problems: unknown paths, wrong methods, a busy warehouse, an absent bucket, our own faults."""

from __future__ import annotations

import json
import logging
from typing import Any, NoReturn

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.app import create_app
from api.errorlog import JsonLines
from tests.api.conftest import BASE, PREFIX, problem
from warehouse import lock
from warehouse.errors import UnavailableError
from warehouse.settings import Settings

SECRET = "token-that-must-not-show"


class Broken:
    """A warehouse that fails in the way that a test asks for."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def analytics(self, *_: Any) -> NoReturn:
        raise self._error

    def health(self, *_: Any) -> NoReturn:
        raise self._error


def answer_of(error: Exception, settings: Settings, path: str) -> Any:
    broken: Any = Broken(error)
    with TestClient(create_app(settings, broken), base_url=BASE, raise_server_exceptions=False) as opened:
        return opened.get(path)


@pytest.mark.parametrize(
    "path", ["/nothing", PREFIX, f"{PREFIX}/nothing", f"{PREFIX}/logs/1", "/_dashboard/static/no.js"]
)
def test_an_unknown_path_is_404(client: TestClient[Litestar], path: str) -> None:
    assert problem(client.get(path), 404)["detail"] == f"there is nothing at {path}"


@pytest.mark.parametrize(
    "path",
    [
        "/_dashboard/static/../app.py",
        "/_dashboard/static/%2e%2e/%2e%2e/app.py",
        "/_dashboard/static/..%2f..%2fapp.py",
    ],
)
def test_static_files_end_at_their_folder(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["%00", "a%00.js", "x" * 300, "vendor/%00", "app.js/x", "%ff"])
def test_a_name_that_no_file_can_have_is_404(client: TestClient[Litestar], name: str) -> None:
    problem(client.get(f"/_dashboard/static/{name}"), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/logs", "GET"),
        ("DELETE", "/analytics", "GET"),
        ("PUT", "/packages", "GET"),
        ("GET", "/sync", "POST"),
        ("GET", "/logs/cleanup", "POST"),
        ("PATCH", "/stats", "GET"),
    ],
)
def test_a_wrong_method_is_405_and_told_the_right_one(
    client: TestClient[Litestar], method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, PREFIX + path)
    problem(answer, 405)
    assert allowed in answer.headers["allow"].split(", ")
    assert method not in answer.headers["allow"].split(", ")


def test_a_sync_while_another_writer_runs_is_409(client: TestClient[Litestar], filled: Settings) -> None:
    with lock.writer(filled.data_dir):
        body = problem(client.post(f"{PREFIX}/sync"), 409)
        assert problem(client.post(f"{PREFIX}/logs/cleanup"), 409)["type"] == body["type"]
    assert body["type"] == f"{PREFIX}/problems/busy"


def test_a_bucket_that_does_not_answer_is_502(filled: Settings, warehouse: Any) -> None:
    away = msgspec.structs.replace(filled, endpoint="http://127.0.0.1:9", secret_access_key=SECRET)
    with TestClient(create_app(away, warehouse), base_url=BASE) as opened:
        answer = opened.post(f"{PREFIX}/sync")
    body = problem(answer, 502)
    assert body["requestId"] == answer.headers["x-request-id"]
    assert SECRET not in answer.text


def test_a_sync_without_any_bucket_says_which_setting_is_missing(warehouse: Any, tmp_path: Any) -> None:
    with TestClient(create_app(Settings(data_dir=tmp_path), warehouse), base_url=BASE) as opened:
        answer = opened.post(f"{PREFIX}/sync")
    assert "R2_BUCKET_NAME" in problem(answer, 503)["detail"]


def test_a_fault_of_ours_shows_a_request_id_and_nothing_of_our_insides(
    filled: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answer_of(RuntimeError("inside /srv/data.parquet"), filled, f"{PREFIX}/analytics")
    body = problem(answer, 500)
    assert body["requestId"] == answer.headers["x-request-id"]
    for inside in ("inside", "parquet", "Traceback", "RuntimeError"):
        assert inside not in answer.text
    [record] = [each for each in caplog.records if each.name == "api"]
    line = json.loads(JsonLines(filled).format(record))
    assert line["requestId"] == body["requestId"]
    assert line["path"] == f"{PREFIX}/analytics"
    assert "RuntimeError: inside /srv/data.parquet" in line["traceback"]


def test_health_is_503_when_the_warehouse_cannot_be_read(filled: Settings) -> None:
    body = problem(answer_of(UnavailableError("the disk is gone"), filled, "/health"), 503)
    assert body["detail"] == "the disk is gone"


def test_the_log_masks_every_secret_of_the_settings(filled: Settings) -> None:
    settings = msgspec.structs.replace(filled, admin_token=SECRET, secret_access_key='with "quotes" in it')
    record = logging.LogRecord(
        "api", logging.ERROR, __file__, 1, 'said %s and with "quotes" in it', (SECRET,), None
    )
    line = JsonLines(settings).format(record)
    assert json.loads(line)["message"] == "said *** and ***"


def test_the_log_masks_each_of_several_addresses_and_the_tokens_in_them(filled: Settings) -> None:
    settings = msgspec.structs.replace(
        filled,
        alert_notify="slack://AAA/BBB slack://AAA/BBB/CCC tgram://123456789:AbCdEf-012345/42",
        alert_webhook="https://hooks.example/services/T0123456789ABC?key=x",
    )

    def logged(text: str) -> Any:
        record = logging.LogRecord("urllib3", logging.WARNING, __file__, 1, text, (), None)
        return json.loads(JsonLines(settings).format(record))["message"]

    assert logged("no slack://AAA/BBB/CCC and no slack://AAA/BBB") == "no *** and no ***"
    assert logged("Retrying /bot123456789:AbCdEf-012345/send") == "Retrying /bot123456789:***/send"
    assert logged("https://hooks.example:443/services/T0123456789ABC") == "https://***:443/services/***"
    assert logged("services and keys of 42 hooks") == "services and keys of 42 hooks"


def test_a_body_that_is_too_large_is_refused(client: TestClient[Litestar]) -> None:
    problem(client.post(f"{PREFIX}/logs/cleanup", content=b" " * 100_000), 413)


def test_a_request_id_of_the_client_is_kept_when_it_is_harmless(client: TestClient[Litestar]) -> None:
    assert client.get("/health", headers={"x-request-id": "abc-123"}).headers["x-request-id"] == "abc-123"
    assert client.get("/health", headers={"x-request-id": "<b>" * 9}).headers["x-request-id"] != "<b>" * 9


@pytest.mark.parametrize(
    "path",
    [
        "/health",
        f"{PREFIX}/stats",
        f"{PREFIX}/logs?limit=2",
        f"{PREFIX}/logs?format=csv",
        f"{PREFIX}/logs?limit=0",
        f"{PREFIX}/openapi.json",
        "/_dashboard",
        "/_dashboard/static/app.js",
        "/nothing",
    ],
)
def test_head_answers_as_get_without_a_body(client: TestClient[Litestar], path: str) -> None:
    whole, head = client.get(path), client.head(path)
    assert head.status_code == whole.status_code
    assert head.content == b""
    assert whole.content != b""
    for name in ("content-type", "content-length", "etag", "x-total-count"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_head_starts_no_sync_and_no_cleanup(client: TestClient[Litestar], get: Any) -> None:
    before = get("/logs/stats")["lastSync"]
    for path in (f"{PREFIX}/sync", f"{PREFIX}/logs/cleanup"):
        answer = client.head(path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "OPTIONS, POST"
    assert get("/logs/stats")["lastSync"] == before


def test_allow_names_head_wherever_get_is(client: TestClient[Litestar]) -> None:
    for answer in (client.put("/health"), client.options("/health")):
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_the_type_of_each_problem_leads_to_its_description(client: TestClient[Litestar]) -> None:
    problems = [
        client.get(f"{PREFIX}/logs?limit=0"),
        client.get("/nothing"),
        client.put(f"{PREFIX}/logs"),
        client.get("/health", headers={"host": "evil.example"}),
        client.post(f"{PREFIX}/logs/cleanup", content=b" " * 100_000),
    ]
    assert {answer.status_code for answer in problems} == {400, 403, 404, 405, 413}
    for body in (answer.json() for answer in problems):
        about = client.get(body["type"])
        assert about.status_code == 200
        for name in ("type", "title", "status"):
            assert about.json()[name] == body[name]
        assert about.json()["description"]


@pytest.mark.parametrize(
    ("slug", "status", "says"),
    [
        ("setting", 503, "A setting is wrong or missing."),
        ("busy", 409, "Another writer (a sync or a cleanup) holds the warehouse."),
        ("warehouse-error", 500, "Anything that went wrong and that its reader can act on."),
        ("internal-error", 500, "The server's log tells why, under the requestId."),
    ],
)
def test_a_kind_of_problem_is_described(
    client: TestClient[Litestar], slug: str, status: int, says: str
) -> None:
    about = client.get(f"{PREFIX}/problems/{slug}").json()
    assert (about["status"], about["description"]) == (status, says)


@pytest.mark.parametrize("slug", ["nothing", "Busy", "%00", "busy/x"])
def test_a_kind_of_problem_that_does_not_exist_is_404(client: TestClient[Litestar], slug: str) -> None:
    problem(client.get(f"{PREFIX}/problems/{slug}"), 404)

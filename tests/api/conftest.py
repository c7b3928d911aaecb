"""A warehouse that a real sync filled from a real bucket, and clients of the application over it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.app import create_app
from warehouse import demo, sync
from warehouse.bucket import Bucket
from warehouse.embedded import EmbeddedS3
from warehouse.service import Warehouse
from warehouse.settings import Settings

PREFIX = "/_dashboard/api/r2"
BASE = "http://127.0.0.1:4873"


@pytest.fixture(scope="session")
def filled(s3: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a bucket with three days of logs, 3,000 entries, that was synced once."""
    settings = msgspec.structs.replace(
        s3.settings(Settings(), f"api-{uuid.uuid4().hex[:16]}"), data_dir=tmp_path_factory.mktemp("api-data")
    )
    bucket = Bucket(settings)
    bucket.create()
    demo.fill(bucket, days=3, entries=3_000, flush_seconds=3_600, malformed=3)
    bucket.close()
    assert sync.run(settings).entries == 3_000
    return settings


@pytest.fixture(scope="session")
def warehouse(filled: Settings) -> Iterator[Warehouse]:
    opened = Warehouse(filled)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def app(filled: Settings, warehouse: Warehouse) -> Litestar:
    return create_app(filled, warehouse)


@pytest.fixture(scope="session")
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def get(client: TestClient[Litestar]) -> Callable[..., Any]:
    """The JSON of a GET that must answer 200."""

    def fetch(path: str, **parameters: Any) -> Any:
        answer = client.get(PREFIX + path, params=parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    return fetch


def problem(answer: httpx.Response, status: int) -> Any:
    """The body of an answer that must be an RFC 9457 problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith(f"{PREFIX}/problems/")
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == answer.request.url.path
    return body

"""GET /logs/facets, /histogram, /context and /export over a warehouse that a real sync filled."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet
from litestar import Litestar
from litestar.testing import TestClient

from api import log_models
from tests.api.conftest import PREFIX, problem
from tests.api.shapes import is_exactly

Get = Callable[..., Any]
Client = TestClient[Litestar]


def test_facets_and_histogram_count_what_the_page_counts(get: Get) -> None:
    filters: dict[str, Any] = {"level": "error,warn", "source": "registry-api"}
    total = get("/logs", **filters)["totalCount"]
    facets = get("/logs/facets", **filters)
    is_exactly(facets, log_models.LogFacets)
    assert sum(each["count"] for each in facets["facets"]["level"]["values"]) == total > 0
    assert [each["value"] for each in facets["facets"]["source"]["values"]] == ["registry-api"]
    histogram = get("/logs/histogram", points=10, **filters)
    is_exactly(histogram, log_models.LogHistogram)
    assert sum(point["count"] for point in histogram["histogram"]) == total
    assert sum(point["warn"] + point["error"] for point in histogram["histogram"]) == total


def test_a_search_narrows_the_page(get: Get) -> None:
    word = get("/logs", limit=1)["logs"][0]["message"].split()[0]
    found = get("/logs", search=word, limit=100)
    assert 0 < found["totalCount"] < 3_000
    assert all(word.lower() in entry["message"].lower() for entry in found["logs"])
    assert get("/logs", search=f"{word} -{word}")["totalCount"] == 0


def test_the_lines_around_an_entry_are_of_its_object(client: Client, get: Get) -> None:
    entry = get("/logs", limit=1)["logs"][0]
    asked = {"objectKey": entry["objectKey"], "line": entry["line"], "around": 3}
    answer = get("/logs/context", **asked)
    is_exactly(answer, log_models.LogContext)
    assert entry in answer["logs"]
    assert {each["objectKey"] for each in answer["logs"]} == {entry["objectKey"]}
    assert all(abs(each["line"] - entry["line"]) <= 3 for each in answer["logs"])
    problem(client.get(f"{PREFIX}/logs/context", params=asked | {"objectKey": "logs/none"}), 404)
    problem(client.get(f"{PREFIX}/logs/context", params=asked | {"line": 10**9}), 404)
    assert problem(client.get(f"{PREFIX}/logs/context", params={"line": 1}), 400)["parameter"] == "objectKey"


def test_an_export_has_every_match_without_a_cap(client: Client) -> None:
    def export(form: str) -> Any:
        answer = client.get(f"{PREFIX}/logs/export", params={"format": form})
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == f'attachment; filename="logs.{form}"'
        return answer

    ndjson = export("ndjson")
    assert ndjson.headers["content-type"].startswith("application/x-ndjson")
    entries = [json.loads(line) for line in ndjson.text.splitlines()]
    assert len(entries) == 3_000
    assert [entry["timestamp"] for entry in entries] == sorted(entry["timestamp"] for entry in entries)
    assert entries[0].keys() == client.get(f"{PREFIX}/logs").json()["logs"][0].keys()

    rows = list(csv.DictReader(io.StringIO(export("csv").text, newline="")))
    assert [int(row["timestamp"]) for row in rows] == [entry["timestamp"] for entry in entries]
    assert pyarrow.parquet.read_table(io.BytesIO(export("parquet").content)).num_rows == 3_000
    assert pa.ipc.open_stream(export("arrow").content).read_all().num_rows == 3_000

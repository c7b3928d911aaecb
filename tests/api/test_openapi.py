"""The API's description: complete, consistent, served without any other host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.api.conftest import PREFIX
from tests.api.test_contract import FIGURES, POINT

ENDPOINTS = {
    ("get", "/health"),
    ("get", f"{PREFIX}/logs"),
    ("get", f"{PREFIX}/logs/facets"),
    ("get", f"{PREFIX}/logs/histogram"),
    ("get", f"{PREFIX}/logs/context"),
    ("get", f"{PREFIX}/logs/export"),
    ("get", f"{PREFIX}/logs/stats"),
    ("post", f"{PREFIX}/logs/cleanup"),
    ("get", f"{PREFIX}/gaps"),
    ("get", f"{PREFIX}/quarantine"),
    ("get", f"{PREFIX}/stats"),
    ("post", f"{PREFIX}/sync"),
    ("get", f"{PREFIX}/inventory"),
    ("get", f"{PREFIX}/inventory/packages"),
    ("get", f"{PREFIX}/inventory/packages/growth"),
    ("get", f"{PREFIX}/costs"),
    ("get", f"{PREFIX}/packages"),
    ("get", f"{PREFIX}/runs"),
    ("get", f"{PREFIX}/analytics"),
    ("get", f"{PREFIX}/analytics/history"),
    ("get", f"{PREFIX}/analytics/uptime"),
    ("get", f"{PREFIX}/analytics/errors"),
    ("get", f"{PREFIX}/analytics/trends"),
    ("get", f"{PREFIX}/analytics/alerts"),
    ("get", f"{PREFIX}/analytics/alerts/rules"),
    ("post", f"{PREFIX}/analytics/alerts/rules"),
    ("put", f"{PREFIX}/analytics/alerts/rules/{{rule_id}}"),
    ("delete", f"{PREFIX}/analytics/alerts/rules/{{rule_id}}"),
    ("get", f"{PREFIX}/analytics/alerts/rules/{{rule_id}}/test"),
    ("get", f"{PREFIX}/analytics/alerts/history"),
    ("post", f"{PREFIX}/analytics/alerts/{{rule_id}}/ack"),
    ("post", f"{PREFIX}/analytics/alerts/{{rule_id}}/silence"),
    ("post", f"{PREFIX}/analytics/alerts/test"),
    ("get", f"{PREFIX}/analytics/report"),
    ("get", f"{PREFIX}/boards"),
    ("post", f"{PREFIX}/boards"),
    ("get", f"{PREFIX}/boards/sources"),
    ("post", f"{PREFIX}/boards/preview"),
    ("get", f"{PREFIX}/boards/{{board_id}}"),
    ("put", f"{PREFIX}/boards/{{board_id}}"),
    ("delete", f"{PREFIX}/boards/{{board_id}}"),
    ("get", f"{PREFIX}/boards/{{board_id}}/panels/{{panel_id}}"),
    ("get", f"{PREFIX}/live"),
    ("get", f"{PREFIX}/settings"),
    ("post", f"{PREFIX}/verify"),
    ("get", f"{PREFIX}/queries/{{name}}"),
    ("get", f"{PREFIX}/analytics/predict"),
    ("get", f"{PREFIX}/analytics/predict/accuracy"),
    ("get", f"{PREFIX}/analytics/anomalies"),
    ("get", f"{PREFIX}/downloads"),
    ("get", f"{PREFIX}/downloads/unused"),
    ("get", f"{PREFIX}/downloads/point/{{period}}"),
    ("get", f"{PREFIX}/downloads/point/{{period}}/{{package}}"),
    ("get", f"{PREFIX}/downloads/range/{{period}}"),
    ("get", f"{PREFIX}/downloads/range/{{period}}/{{package}}"),
}
SEARCH = {
    "level", "startDate", "endDate", "source", "configHash", "q", "search", "status", "method", "package",
    "minResponseMs",
}  # fmt: skip
FILTERS = {"source", "package", "status", "configHash"}
PARAMETERS = {
    f"{PREFIX}/logs": {
        *SEARCH, "limit", "order", "cursor", "group", "format",
    },
    f"{PREFIX}/logs/facets": {*SEARCH, "values"},
    f"{PREFIX}/logs/histogram": {*SEARCH, "points"},
    f"{PREFIX}/logs/export": {*SEARCH, "format"},
    f"{PREFIX}/quarantine": {"reason", "object", "since", "limit", "cursor"},
    f"{PREFIX}/packages": {"configHash", "packageName", "limit", "continuationToken"},
    f"{PREFIX}/runs": {"limit", "freeTier"},
    f"{PREFIX}/costs": {"freeTier"},
    f"{PREFIX}/inventory/packages": {"limit"},
    f"{PREFIX}/inventory/packages/growth": {"days", "package"},
    f"{PREFIX}/gaps": {"hours"},
    f"{PREFIX}/analytics": {"hours", "endDate", *FILTERS},
    f"{PREFIX}/analytics/history": {"hours", "points", "endDate", *FILTERS},
    f"{PREFIX}/analytics/trends": {"hours", "points", "endDate", "timezone", "compare", "empty", *FILTERS},
    f"{PREFIX}/analytics/uptime": {"hours"},
    f"{PREFIX}/analytics/errors": {"hours", "endDate", "limit", "points", *FILTERS},
    f"{PREFIX}/analytics/alerts/history": {"rule", "limit", "before"},
    f"{PREFIX}/analytics/predict": {"hours", "model"},
    f"{PREFIX}/analytics/predict/accuracy": {"hours", "model"},
    f"{PREFIX}/analytics/anomalies": {"hours", "metric", "subject", "every", "limit"},
    f"{PREFIX}/downloads": {"days", "by", "package", "version", "agent", "limit"},
    f"{PREFIX}/downloads/unused": {"days", "limit"},
}  # fmt: skip
FIELDS = {
    "/logs": {"logs", "totalCount", "hasMore", "nextCursor", "groups"},
    "/logs/facets": {"facets"},
    "/logs/histogram": {"histogram", "points"},
    "/logs/context": {"logs", "objectKey", "line"},
    "/logs/stats": {
        "totalEntries", "totalSize", "oldestEntry", "newestEntry", "configDistribution", "levelDistribution",
        "sourceDistribution", "objects", "warehouseSize", "compressionRatio", "rejectedLines", "lastSync",
    },
    "/logs/cleanup": {"deletedCount", "freedSpace", "dryRun", "scope", "deletedObjects", "cutoff"},
    "/quarantine": {"lines", "totalCount", "nextCursor", "reasons"},
    "/stats": {"r2"},
    "/sync": {
        "synced", "syncUrl", "entriesCount", "compressedSize", "runId", "objects", "rejectedLines",
        "durationMs",
    },
    "/packages": {"packages", "totalCount", "nextContinuationToken"},
    "/costs": {"months", "growthPerDay", "cleanup", "prices", "freeTier"},
    "/inventory/packages": {"packages", "count", "bytes"},
    "/inventory/packages/growth": {"package", "days"},
    "/runs": {"runs", "months", "freeTier"},
    "/gaps": {"gaps", "count", "hours", "resolutionSeconds", "windowStart", "windowEnd", "lastSync"},
    "/analytics": {*FIGURES, "timestamp", "topErrorMessages", "hours", "previous", "healthFactors", "asOf"},
    "/analytics/history": {"history", "hours", "points", "periodSeconds", "filters", "apdexMs"},
    "/analytics/errors": {"errors", "totalErrors", "totalTemplates", "hours", "windowStart", "windowEnd"},
    "/analytics/uptime": {"uptime", "availability", "heartbeat", "missing", "missingSlots", "unknownSlots"},
    "/analytics/trends": {"trends", "hours", "points", "timezone", "anomalies"},
    "/analytics/alerts": {"alerts", "count"},
    "/analytics/alerts/history": {"history", "nextBefore"},
    "/boards/sources": {"sources", "count"},
    "/boards/{board_id}/panels/{panel_id}": {"kind", "columns", "times", "rows", "sql"},
    "/analytics/report": {"summary", "trends", "recommendations", "evidence"},
    "/downloads": {"start", "end", "by", "totals", "rows"},
    "/downloads/unused": {"start", "end", "count", "packages"},
    "/downloads/point/{period}": {"downloads", "start", "end"},
    "/downloads/range/{period}": {"downloads", "start", "end"},
    "/analytics/predict": {"prediction", "horizon", "model", "reason", "series", "issuedAt", "stored"},
    "/analytics/predict/accuracy": {"accuracy", "days", "ahead", "model", "hours"},
    "/analytics/anomalies": {"anomalies", "count", "total", "hours"},
}  # fmt: skip


@pytest.fixture(scope="module")
def document(client: TestClient[Litestar]) -> Any:
    answer = client.get(f"{PREFIX}/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [(method, path, one) for path, item in document["paths"].items() for method, one in item.items()]


def schema_of(document: Any, path: str) -> Any:
    [operation] = document["paths"][path].values()
    reference = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    return document["components"]["schemas"][reference.rpartition("/")[2]]


def test_it_lists_each_endpoint_of_the_contract_and_no_other(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert {(method, path) for method, path, _ in operations(document)} == ENDPOINTS


@pytest.mark.parametrize("path", PARAMETERS)
def test_it_names_each_parameter_as_the_contract_does(document: Any, path: str) -> None:
    parameters = document["paths"][path]["get"]["parameters"]
    assert {parameter["name"] for parameter in parameters} == PARAMETERS[path]
    assert all(parameter["description"] and parameter["in"] == "query" for parameter in parameters)
    assert not any(parameter["required"] for parameter in parameters)


@pytest.mark.parametrize("path", FIELDS)
def test_it_names_each_field_of_the_contract(document: Any, path: str) -> None:
    assert FIELDS[path] <= set(schema_of(document, PREFIX + path)["properties"])


def test_it_names_each_field_of_a_trend_point(document: Any) -> None:
    assert set(document["components"]["schemas"]["TrendPoint"]["properties"]) == set(POINT)


def test_every_field_of_an_answer_is_described(document: Any) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field, about in schema["properties"].items():
            assert about.get("description") or "$ref" in about, f"{name}.{field}"


def test_every_reference_leads_somewhere(document: Any) -> None:
    references = set(
        re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', msgspec.json.encode(document).decode())
    )
    assert references
    assert references <= set(document["components"]["schemas"])


def test_operations_have_ids_of_their_own_and_tell_their_problems(document: Any) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations(document):
        assert "500" in operation["responses"]
        assert operation["summary"], path
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)
        if method != "get":
            assert {"401", "403", "409"} <= set(operation["responses"])
            assert {"adminToken": []} in operation["security"]


def test_the_cleanup_describes_its_body(document: Any) -> None:
    body = document["paths"][f"{PREFIX}/logs/cleanup"]["post"]["requestBody"]
    assert body["required"] is False
    properties = body["content"]["application/json"]["schema"]["properties"]
    assert set(properties) == {"retentionDays", "dryRun", "scope"}
    assert (properties["retentionDays"]["minimum"], properties["retentionDays"]["default"]) == (1, 30)


def test_the_yaml_says_the_same(client: TestClient[Litestar], document: Any) -> None:
    answer = client.get(f"{PREFIX}/openapi.yaml")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert msgspec.yaml.decode(answer.content) == document


def test_the_handbook_has_every_endpoint_with_its_parameters_and_an_example(document: Any) -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    chapters = dict(
        re.findall(r"^## ((?:GET|POST|PUT|DELETE) \S+)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    )
    for method, path, operation in operations(document):
        chapter = chapters.pop(f"{method.upper()} {path.removeprefix(PREFIX)}")
        assert "$ curl" in chapter, path
        for parameter in operation.get("parameters", []):
            assert f"`{parameter['name']}`" in chapter, f"{path}: {parameter['name']}"
    assert chapters == {}

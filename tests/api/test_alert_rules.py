"""/analytics/alerts: rules made, changed, forgotten; history, acknowledgements, silences, test messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api import alert_models, analytics_models
from api.app import create_app
from tests.api.conftest import BASE, PREFIX, problem
from tests.api.shapes import is_exactly
from tests.warehouse_builder import Builder, log
from warehouse.alerts.rules import AlertRule
from warehouse.service import Warehouse

ALERTS = f"{PREFIX}/analytics/alerts"
RULES = f"{ALERTS}/rules"
Client = TestClient[Litestar]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Half of the last hour's entries are errors; one rule stands in the settings file."""
    builder = Builder(tmp_path)
    at = datetime.now(UTC) - timedelta(minutes=10)
    builder.put([log(at, level, source="api", responseTime=300) for level in ("error", "info")])
    builder.sync()
    rule = AlertRule(id="slow-api", metric="p95ResponseTime", threshold=100, hours=1, group_by="source")
    settings = msgspec.structs.replace(builder.settings, alerts=(rule,))
    warehouse = Warehouse(settings)
    with TestClient(create_app(settings, warehouse), base_url=BASE) as opened:
        yield opened
    warehouse.close()


@pytest.fixture
def checked(client: Client) -> Client:
    """The same, after a round of tests."""
    client.app.state.warehouse.alert_book.check()
    return client


def rule_of(client: Client, rule_id: str) -> Any:
    return {rule["id"]: rule for rule in client.get(RULES).json()["rules"]}.get(rule_id)


def test_every_rule_is_listed_with_where_it_comes_from(client: Client) -> None:
    answer = client.get(RULES).json()
    is_exactly(answer, alert_models.Rules)
    assert [(rule["id"], rule["origin"]) for rule in answer["rules"]] == [
        ("high-error-rate", "built-in"),
        ("storage-growth", "built-in"),
        ("slow-response", "built-in"),
        ("system-health", "built-in"),
        ("slow-api", "file"),
    ]
    assert answer["count"] == 5


def test_a_rule_is_made_changed_and_forgotten(client: Client) -> None:
    made = client.post(RULES, json={"id": "many", "metric": "totalLogs", "threshold": 1, "hours": 2})
    assert made.status_code == 201
    is_exactly(made.json(), alert_models.Rule)
    assert (made.json()["operator"], made.json()["severity"], made.json()["origin"]) == (
        ">",
        "warning",
        "api",
    )

    changed = client.put(
        f"{RULES}/many", json={"metric": "totalLogs", "threshold": 5, "severity": "critical"}
    )
    assert (changed.status_code, changed.json()["threshold"], changed.json()["hours"]) == (200, 5, 24)

    assert client.delete(f"{RULES}/many").status_code == 204
    assert rule_of(client, "many") is None
    problem(client.delete(f"{RULES}/many"), 404)
    problem(client.put(f"{RULES}/many", json={"metric": "totalLogs", "threshold": 5}), 404)


def test_a_built_in_rule_can_be_limited_otherwise_and_gets_its_limits_back(client: Client) -> None:
    changed = client.put(f"{RULES}/high-error-rate", json={"threshold": 60, "forMinutes": 5})
    assert (changed.json()["threshold"], changed.json()["metric"]) == (60, "errorRate")
    assert [alert["id"] for alert in client.get(ALERTS).json()["alerts"]] == ["system-health"]
    assert (
        problem(client.put(f"{RULES}/high-error-rate", json={"threshold": 60, "metric": "warnRate"}), 400)[
            "parameter"
        ]
        == "metric"
    )
    assert client.delete(f"{RULES}/high-error-rate").status_code == 204
    assert rule_of(client, "high-error-rate")["threshold"] == 10
    problem(client.delete(f"{RULES}/high-error-rate"), 400)
    off = client.put(f"{RULES}/system-health", json={"threshold": 1, "enabled": False})
    assert off.json()["enabled"] is False
    assert [alert["id"] for alert in client.get(ALERTS).json()["alerts"]] == ["high-error-rate"]


def test_a_rule_of_the_settings_file_is_changed_there(client: Client) -> None:
    body = {"metric": "p95ResponseTime", "threshold": 5}
    assert "settings file" in problem(client.put(f"{RULES}/slow-api", json=body), 400)["detail"]
    assert "settings file" in problem(client.delete(f"{RULES}/slow-api"), 400)["detail"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"id": "x", "metric": "errorRate"}, 400, "threshold"),
        ({"metric": "errorRate", "threshold": 1}, 400, "id"),
        ({"id": "No Good", "metric": "errorRate", "threshold": 1}, 400, "id"),
        ({"id": "x", "threshold": 1}, 400, "metric"),
        ({"id": "x", "metric": "errorRate", "query": "SELECT 1 AS value", "threshold": 1}, 400, "metric"),
        ({"id": "x", "metric": "luck", "threshold": 1}, 400, "metric"),
        ({"id": "x", "metric": "errorRate", "threshold": 1, "operator": "~"}, 400, "operator"),
        ({"id": "x", "metric": "errorRate", "threshold": "high"}, 400, "threshold"),
        ({"id": "x", "metric": "errorRate", "threshold": 1, "hours": 0}, 400, "hours"),
        ({"id": "x", "metric": "errorRate", "threshold": 1, "colour": "red"}, 400, "colour"),
        ({"id": "x", "metric": "errorRate", "threshold": 1, "groupBy": "source", "source": "a"}, 400,
         "groupBy"),
        ({"id": "x", "metric": "errorRate", "threshold": 1, "forMinutes": -1}, 400, "forMinutes"),
        ({"id": "x", "metric": "errorRate", "threshold": 1, "forMinutes": 10**30}, 400, "forMinutes"),
        ({"id": "x", "metric": "errorRate", "threshold": 1, "noData": "panic"}, 400, "noData"),
        ({"id": "x", "query": "SELECT 1 AS value", "threshold": 1, "configHash": "1"}, 400, "configHash"),
        ({"id": "x", "query": "SELECT 1 AS value FROM read_text('/etc/x')", "threshold": 1}, 400, "query"),
        ({"id": "x", "query": "SELECT nothing AS value FROM logs", "threshold": 1}, 400, "query"),
        ({"id": "slow-api", "metric": "errorRate", "threshold": 1}, 409, "id"),
        ({"id": "high-error-rate", "metric": "errorRate", "threshold": 1}, 409, "id"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_by_field(
    client: Client, body: dict[str, Any], status: int, field: str
) -> None:
    found = problem(client.post(RULES, json=body), status)
    assert found.get("parameter", "id") == field
    assert field == "id" or field in found["detail"]
    assert client.get(RULES).json()["count"] == 5


def test_the_keys_of_a_built_in_rule_are_named_as_a_body_has_them(client: Client) -> None:
    found = problem(client.put(f"{RULES}/high-error-rate", json={"threshold": 1, "groupBy": "source"}), 400)
    assert found["parameter"] == "groupBy"
    assert "groupBy: of a built-in rule only threshold, hours, forMinutes," in found["detail"]


def test_what_fires_is_told_with_its_group_and_evidence(checked: Client) -> None:
    answer = checked.get(ALERTS).json()
    is_exactly(answer, analytics_models.Alerts)
    assert [(each["id"], each["group"]) for each in answer["alerts"]] == [
        ("high-error-rate", None), ("system-health", None), ("slow-api", "api"),
    ]  # fmt: skip
    slow = answer["alerts"][2]
    assert slow["value"] == pytest.approx(300, rel=0.0101)
    assert "metrics(" in slow["evidence"]["query"]
    states = rule_of(checked, "slow-api")["states"]
    assert [(each["group"], each["state"]) for each in states] == [("api", "firing")]


def test_the_history_is_told_page_by_page(checked: Client) -> None:
    page = checked.get(f"{ALERTS}/history", params={"limit": 2}).json()
    is_exactly(page, alert_models.AlertHistory)
    assert [each["rule"] for each in page["history"]] == ["slow-api", "system-health"]
    rest = checked.get(f"{ALERTS}/history", params={"limit": 2, "before": page["nextBefore"]}).json()
    assert ([each["rule"] for each in rest["history"]], rest["nextBefore"]) == (["high-error-rate"], None)
    only = checked.get(f"{ALERTS}/history", params={"rule": "slow-api"}).json()
    assert [each["event"] for each in only["history"]] == ["firing"]


def test_what_fires_can_be_acknowledged_and_silenced(checked: Client) -> None:
    answer = checked.post(f"{ALERTS}/slow-api/ack", json={"group": "api"})
    assert answer.json() == {"id": "slow-api", "acknowledged": 1}
    assert checked.post(f"{ALERTS}/high-error-rate/ack").json()["acknowledged"] == 1
    problem(checked.post(f"{ALERTS}/storage-growth/ack"), 404)
    problem(checked.post(f"{ALERTS}/nobody/ack"), 404)

    silenced = checked.post(f"{ALERTS}/slow-api/silence", json={"minutes": 30, "comment": "we know"}).json()
    assert abs(silenced["silencedUntil"] / 1000 - time.time() - 1800) < 120
    slow = checked.get(ALERTS).json()["alerts"][2]
    assert slow["silencedUntil"] == silenced["silencedUntil"]
    assert slow["acknowledgedAt"] is not None
    assert checked.post(f"{ALERTS}/slow-api/silence", json={"minutes": 0}).json()["silencedUntil"] is None
    assert (
        problem(checked.post(f"{ALERTS}/slow-api/silence", json={"minutes": -1}), 400)["parameter"]
        == "minutes"
    )
    problem(checked.post(f"{ALERTS}/nobody/silence"), 404)


def test_a_test_message_tells_what_became_of_it(client: Client) -> None:
    assert client.post(f"{ALERTS}/test").json() == {"channels": {}, "count": 0}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/rules"), ("PUT", "/rules/high-error-rate"), ("DELETE", "/rules/high-error-rate"),
        ("POST", "/high-error-rate/ack"), ("POST", "/high-error-rate/silence"), ("POST", "/test"),
    ],
)  # fmt: skip
def test_changes_need_the_admin_token_and_no_foreign_page_makes_them(
    tmp_path: Path, method: str, path: str
) -> None:
    builder = Builder(tmp_path)
    builder.sync()
    settings = msgspec.structs.replace(builder.settings, admin_token="secret-token")
    with TestClient(create_app(settings), base_url=BASE) as client:
        problem(client.request(method, ALERTS + path), 401)
        problem(client.request(method, ALERTS + path, headers={"origin": "https://elsewhere.example"}), 403)


def test_a_rule_is_tried_and_nobody_is_told(client: Client) -> None:
    answer = client.get(f"{RULES}/slow-api/test").json()
    is_exactly(answer, alert_models.RuleTried)
    assert (answer["rule"], answer["error"]) == ("slow-api", None)
    [reading] = answer["readings"]
    assert (reading["group"], reading["breached"]) == ("api", True)
    assert reading["value"] == pytest.approx(300, rel=0.01)
    assert answer["query"].startswith("SELECT")
    assert client.get(f"{ALERTS}/history").json()["history"] == []
    assert problem(client.get(f"{RULES}/nothing/test"), 404)


def test_a_built_in_rule_keeps_what_a_change_does_not_give(client: Client) -> None:
    first = client.put(f"{RULES}/high-error-rate", json={"threshold": 3, "forMinutes": 10}).json()
    assert (first["threshold"], first["forMinutes"], first["severity"]) == (3, 10, "critical")
    again = client.put(f"{RULES}/high-error-rate", json={"threshold": 3, "severity": "info"}).json()
    assert (again["threshold"], again["forMinutes"], again["severity"]) == (3, 10, "info")


def firing(client: Client, hours: float = 24) -> set[str]:
    return {row["id"] for row in client.get(ALERTS, params={"hours": hours}).json()["alerts"]}


def test_a_built_in_rule_that_has_to_hold_is_listed_when_it_held(client: Client) -> None:
    client.put(f"{RULES}/high-error-rate", json={"threshold": 10, "forMinutes": 10})
    book = client.app.state.warehouse.alert_book
    book.check()
    assert "high-error-rate" not in firing(client)
    assert "system-health" in firing(client)
    assert rule_of(client, "high-error-rate")["states"][0]["state"] == "pending"
    book.check(datetime.now(UTC) + timedelta(minutes=11))
    [row] = [each for each in client.get(ALERTS).json()["alerts"] if each["id"] == "high-error-rate"]
    assert (row["triggered"], row["value"], row["condition"]) == (True, 50, "errorRate")
    assert "high-error-rate" in firing(client, 1)


def test_a_built_in_rule_with_a_window_of_its_own_is_listed_over_that(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    builder.put([log(datetime.now(UTC) - timedelta(hours=10), "error")])
    builder.put([log(datetime.now(UTC) - timedelta(minutes=10), "info")])
    builder.sync()
    warehouse = builder.open()
    with TestClient(create_app(builder.settings, warehouse), base_url=BASE) as client:
        assert "high-error-rate" in firing(client)
        client.put(f"{RULES}/high-error-rate", json={"threshold": 10, "hours": 1})
        warehouse.alert_book.check()
        assert "high-error-rate" not in firing(client)
    warehouse.close()


def test_a_sync_does_not_wait_for_a_channel(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    builder.put([log(datetime.now(UTC) - timedelta(minutes=10), "error")])
    warehouse, done = builder.open(), builder.sync()
    with (
        TestClient(create_app(builder.settings, warehouse), base_url=BASE) as client,
        patch("api.storage.bucket_settings", side_effect=nullcontext),
        patch("warehouse.sync.run", return_value=done),
        patch.object(warehouse.alert_book, "send_soon") as soon,
        patch("warehouse.alerts.outbox.deliver") as deliver,
    ):
        assert client.post(f"{PREFIX}/sync").status_code == 200
        assert len(warehouse.alert_book.states()) == 2
    soon.assert_called_once_with()
    deliver.assert_not_called()
    warehouse.close()


def test_a_rule_with_value_in_capitals_is_made(client: Client) -> None:
    made = client.post(RULES, json={"id": "own", "query": 'SELECT 1 AS "VALUE"', "threshold": 0})
    assert made.status_code == 201
    refused = client.post(RULES, json={"id": "two", "query": "SELECT $foo AS value", "threshold": 0})
    assert "there is no $foo, but $window_start" in problem(refused, 400)["detail"]

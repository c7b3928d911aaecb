"""/analytics/alerts: rules, history, acknowledgements, silences and test messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, delete, get, post, put
from litestar.params import PathParameter, QueryParameter, RawBody

from api.alert_models import (
    AckBody,
    Acknowledged,
    AlertEvent,
    AlertHistory,
    Firing,
    Rule,
    RuleBody,
    RuleReading,
    Rules,
    RuleTried,
    SilenceBody,
    Silenced,
    TestSent,
)
from api.bodies import decoded
from api.common import ADMIN, BAD_PARAMETER, NOT_FOUND, SERVER_ERROR, TheWarehouse
from api.guards import require_admin
from api.openapi import operation_with_body
from api.params import MAX_NUMBER
from api.problems import camel
from warehouse.alerts import rules
from warehouse.alerts.book import AlertBook
from warehouse.alerts.rules import AlertRule
from warehouse.errors import BadRequestError

_PROBLEMS = BAD_PARAMETER | SERVER_ERROR
_CHANGE: dict[str, Any] = {"sync_to_thread": True, "guards": [require_admin], "status_code": 200}
_CHANGED = BAD_PARAMETER | ADMIN | NOT_FOUND | SERVER_ERROR

#: Keys of a rule that a body spells in another way than the settings file.
_KEYS = re.compile("|".join(name for name in AlertRule.__struct_fields__ if "_" in name))

RuleId = Annotated[str, PathParameter(description="Id of a rule.")]


class AlertsController(Controller):
    """Rules and what became of them."""

    path = "/analytics/alerts"
    tags = ("Alerts",)

    @get("/rules", sync_to_thread=True, summary="Every rule, and what it is at", responses=SERVER_ERROR)
    def rules(self, warehouse: TheWarehouse) -> Rules:
        """Built-in ones, those of the settings file and those that were made here."""
        shown = _shown(warehouse.alert_book)
        return Rules(rules=shown, count=len(shown))

    @post(
        "/rules",
        **(_CHANGE | {"status_code": 201}),
        operation_class=operation_with_body(RuleBody),
        summary="Make a rule",
        responses=BAD_PARAMETER | ADMIN | SERVER_ERROR,
    )
    def create(self, warehouse: TheWarehouse, body: RawBody) -> Rule:
        """409 for an id that is taken. The rule is tried: a query that cannot run is refused."""
        book = warehouse.alert_book
        with _keys_of_bodies():
            return _one(book, book.create(_rule(decoded(body, RuleBody), None, book)).id)

    @put(
        "/rules/{rule_id:str}",
        **_CHANGE,
        operation_class=operation_with_body(RuleBody),
        summary="Change a rule",
        responses=_CHANGED,
    )
    def change(self, warehouse: TheWarehouse, rule_id: RuleId, body: RawBody) -> Rule:
        """Replaces it whole. Of a built-in rule what is given of threshold, hours, severity and the like."""
        book = warehouse.alert_book
        with _keys_of_bodies():
            return _one(book, book.change(_rule(decoded(body, RuleBody), rule_id, book)).id)

    @delete(
        "/rules/{rule_id:str}",
        sync_to_thread=True,
        guards=[require_admin],
        summary="Forget a rule",
        operation_class=operation_with_body(None),
        responses=_CHANGED,
    )
    def forget(self, warehouse: TheWarehouse, rule_id: RuleId) -> None:
        """A built-in rule that was changed gets its own limits back."""
        warehouse.alert_book.delete(rule_id)

    @get(
        "/rules/{rule_id:str}/test",
        sync_to_thread=True,
        summary="What a rule reads now",
        responses=BAD_PARAMETER | NOT_FOUND | SERVER_ERROR,
    )
    def tried(self, warehouse: TheWarehouse, rule_id: RuleId) -> RuleTried:
        """The values, whether they are beyond the limit, and the SQL. Nothing is noted, nobody is told."""
        found = warehouse.alert_book.tried(rule_id)
        readings = [
            RuleReading(group=each.group or None, value=each.value, breached=each.breached)
            for each in found.readings
        ]
        query = found.query(found.readings[0].group if found.readings else "")
        return RuleTried(rule=rule_id, error=found.error, readings=readings, query=query)

    @get("/history", sync_to_thread=True, summary="What happened", responses=_PROBLEMS)
    def history(
        self,
        warehouse: TheWarehouse,
        rule: Annotated[
            str | None, QueryParameter(name="rule", max_length=64, description="Only this rule.")
        ] = None,
        limit: Annotated[
            int, QueryParameter(name="limit", ge=1, le=1_000, description="Events of one page.")
        ] = 100,
        before: Annotated[
            int | None,
            QueryParameter(
                name="before", ge=1, le=MAX_NUMBER, description="`nextBefore` of the page before."
            ),
        ] = None,
    ) -> AlertHistory:
        """Firings and recoveries, the newest first, each with the SQL that reproduces its value."""
        rows = warehouse.alert_book.history(rule or None, limit + 1, before)
        page = [_event(row) for row in rows[:limit]]
        return AlertHistory(history=page, next_before=page[-1].id if len(rows) > limit else None)

    @post(
        "/{rule_id:str}/ack",
        **_CHANGE,
        operation_class=operation_with_body(AckBody, required=False),
        summary="People know of it",
        responses=_CHANGED,
    )
    def acknowledge(self, warehouse: TheWarehouse, rule_id: RuleId, body: RawBody) -> Acknowledged:
        """Marks what fires; it stays marked until it is over. 404 when it does not fire."""
        group = decoded(body, AckBody).group
        return Acknowledged(id=rule_id, acknowledged=warehouse.alert_book.acknowledge(rule_id, group))

    @post(
        "/{rule_id:str}/silence",
        **_CHANGE,
        operation_class=operation_with_body(SilenceBody, required=False),
        summary="Tell nobody for a while",
        responses=_CHANGED,
    )
    def silence(self, warehouse: TheWarehouse, rule_id: RuleId, body: RawBody) -> Silenced:
        """What fires when the silence ends is told then."""
        wanted = decoded(body, SilenceBody)
        until = warehouse.alert_book.silence(rule_id, wanted.minutes, wanted.comment)
        return Silenced(id=rule_id, silenced_until=until // 1000 if until else None)

    @post(
        "/test",
        **_CHANGE,
        operation_class=operation_with_body(None),
        summary="Send a test message",
        responses=ADMIN | SERVER_ERROR,
    )
    def test(self, request: Request[Any, Any, Any], warehouse: TheWarehouse) -> TestSent:
        """Through every channel that is set, at once."""
        answers = warehouse.alert_book.send_test()
        return TestSent(channels=answers, count=len(answers))


@contextmanager
def _keys_of_bodies() -> Iterator[None]:
    """Errors of rules name keys as the settings file has them: here as bodies do."""
    try:
        yield
    except BadRequestError as error:
        if error.field in (None, "query"):  # a query's error quotes the query
            raise
        detail, field = (_KEYS.sub(lambda key: camel(key[0]), text) for text in (error.detail, error.field))
        raise BadRequestError(detail, hint=error.hint, field=field) from error


def _rule(body: RuleBody, rule_id: str | None, book: AlertBook) -> AlertRule:
    """A body as a rule; what it leaves out has the default, of a built-in rule what that has now."""
    values = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not None}
    if rule_id is not None:
        if values.get("id", rule_id) != rule_id:
            raise BadRequestError(f"id: the address says {rule_id[:80]}", field="id")
        values["id"] = rule_id
        if rule_id in rules.BUILT_IN:
            known = book.rules()[rule_id]
            kept = ("metric", "operator", *rules.CHANGEABLE)
            values = {name: getattr(known, name) for name in kept} | values
    if "id" not in values:
        raise BadRequestError("id: it is missing", field="id")
    try:
        return rules.convert(values)
    except msgspec.ValidationError as error:
        field = str(error).partition("$.")[2].rstrip("`") or "body"
        raise BadRequestError(f"{field}: {str(error).partition(' - at')[0]}", field=field) from error


def _shown(book: AlertBook) -> list[Rule]:
    states, silences = book.states(), book.silences()
    shown = []
    for rule in book.rules().values():
        silence = silences.get(rule.id)
        values = msgspec.structs.asdict(rule) | {"name": rule.title}
        shown.append(
            Rule(
                **values,
                origin=book.origin(rule.id),
                states=[
                    Firing(
                        group=group or None,
                        state=state.state,
                        since=state.since_us // 1000,
                        value=state.value,
                        acknowledged_at=state.acknowledged_us // 1000 if state.acknowledged_us else None,
                    )
                    for (rule_id, group), state in sorted(states.items())
                    if rule_id == rule.id and state.state != "over"
                ],
                silenced_until=silence["until_us"] // 1000 if silence else None,
            )
        )
    return shown


def _one(book: AlertBook, rule_id: str) -> Rule:
    return next(rule for rule in _shown(book) if rule.id == rule_id)


def _event(row: dict[str, Any]) -> AlertEvent:
    return AlertEvent(
        id=row["id"],
        timestamp=row["at_us"] // 1000,
        rule=row["rule_id"],
        name=row["title"],
        group=row["name"] or None,
        event=row["event"],
        value=row["value"],
        condition=row["condition"],
        operator=row["operator"],
        threshold=row["threshold"],
        severity=row["severity"],
        window_start=row["window_start_us"] // 1000,
        window_end=row["window_end_us"] // 1000,
        query=row["query"],
        notified=bool(row["notified"]),
    )

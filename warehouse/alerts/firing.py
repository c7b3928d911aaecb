"""What GET /analytics/alerts tells: which rules fire, since when, and what shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from warehouse.alerts.machine import AlertState
from warehouse.alerts.rules import BUILT_IN, AlertRule
from warehouse.engine import Engine
from warehouse.moments import millis

Row = dict[str, Any]

#: Hours, minutes that it has to hold, and what no data means, of a built-in rule that nobody changed.
_OF_THE_CONTRACT = (24, 0, "ok")


def told_by_state(rule: AlertRule) -> bool:
    """Does it fire when its state says so? Else it is looked at over the window that is asked for.

    The latter is so for built-in rules as the contract has them. With a window of their own, or one that has
    to hold, the list would tell something else than the messages.
    """
    own = (rule.hours, rule.for_minutes, rule.no_data) != _OF_THE_CONTRACT
    return rule.id not in BUILT_IN or own


def built_in_parameters(rules: Iterable[AlertRule]) -> Row:
    """The enabled built-in rules that no state tells of, as the lists that sql/endpoints/alerts.sql takes."""
    tested = [rule for rule in rules if rule.enabled and not told_by_state(rule)]
    return {
        "ids": [rule.id for rule in tested],
        "names": [rule.title for rule in tested],
        "conditions": [rule.condition for rule in tested],
        "thresholds": [rule.threshold for rule in tested],
        "inclusive": [rule.operator == ">=" for rule in tested],
        "severities": [rule.severity for rule in tested],
    }


def built_in_alerts(engine: Engine, window: Row) -> list[Row]:
    """Each built-in rule over a window, firing or not."""
    evidence = {
        "window": {
            "hours": window["hours"],
            "start": millis(window["window_start"]),
            "end": millis(window["window_end"]),
        },
        "view": "activity",
        "query": "sql/endpoints/alerts.sql",
    }
    rows = engine.run("alerts", window, since=window["previous_start"])
    return [row | {"evidence": evidence} for row in rows]


def of_state(rule: AlertRule, group: str, state: AlertState, event: Mapping[str, Any] | None) -> Row:
    """A rule that fires by its state, and the event of its firing."""
    seen = state.seen_us // 1000
    return {
        "id": rule.id,
        "name": rule.title,
        "condition": rule.condition,
        "threshold": rule.threshold,
        "enabled": rule.enabled,
        "triggered": True,
        "lastTriggered": seen,
        "value": state.value,
        "since": state.since_us // 1000,
        "severity": rule.severity,
        "evidence": {
            "window": {
                "hours": rule.hours,
                "start": event["window_start_us"] // 1000 if event else seen,
                "end": event["window_end_us"] // 1000 if event else seen,
            },
            "view": "activity_by" if rule.group_by else "query" if rule.query else "activity",
            "query": event["query"] if event else "",
        },
        "group": group or None,
    }

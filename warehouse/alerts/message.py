"""What people and programs are told: one message per firing and one per recovery."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from warehouse.alerts.rules import UNITS
from warehouse.alerts.store import Happened


def message(happened: Happened, since_us: int) -> dict[str, Any]:
    """A message about an event: for programs the fields, for people `title` and `text`. Times: epoch ms."""
    rule = happened.rule
    unit = UNITS.get(rule.condition, "")
    value = "no value" if happened.value is None else f"{happened.value:,.6g} {unit}".strip()
    limit = f"{rule.threshold:,.6g} {unit}".strip()
    about = f"{rule.title}: {happened.group}" if happened.group else rule.title
    state = "is firing" if happened.event == "firing" else "is over"
    return {
        "type": f"alert.{happened.event}",
        "event": happened.event,
        "title": f"{about} {state} ({rule.severity})",
        "text": (
            f"{rule.condition} is {value}; the rule fires at {rule.operator} {limit}"
            f" over {rule.hours:g} hours. Since {_shown(since_us)}.\n\n{happened.query}"
        ),
        "rule": rule.id,
        "name": rule.title,
        "group": happened.group or None,
        "severity": rule.severity,
        "condition": rule.condition,
        "operator": rule.operator,
        "threshold": rule.threshold,
        "value": happened.value,
        "since": since_us // 1000,
        "timestamp": happened.at_us // 1000,
        "window": {
            "hours": rule.hours,
            "start": happened.window_start_us // 1000,
            "end": happened.window_end_us // 1000,
        },
        "query": happened.query,
    }


def test_message() -> tuple[str, dict[str, Any]]:
    """An id and a message that says that it is a test."""
    return uuid.uuid4().hex, {
        "type": "alert.test",
        "event": "test",
        "title": "Test of the log warehouse's alerts",
        "text": "This is a test: alerts of the log warehouse arrive here.",
        "timestamp": int(datetime.now(UTC).timestamp() * 1000),
    }


def _shown(us: int) -> str:
    return f"{datetime.fromtimestamp(us / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC"

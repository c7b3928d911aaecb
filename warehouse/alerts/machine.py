"""What becomes of a rule when it is tested: pending, firing, resolved.

Pure: the state before, what was found and the time make the state after and, at most, one event.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from warehouse.alerts.rules import AlertRule

Happening = Literal["firing", "resolved", "removed"]


class Reading(Struct, frozen=True):
    """What a test of a rule found: the value of a group ('' without groups); None where there is none."""

    group: str
    value: float | None
    breached: bool | None


class AlertState(Struct, frozen=True):
    """A rule (and group) that is not well; times are epoch microseconds.

    `notified`: its firing was told, or is about to be; false while it is held back. `over`: it is well again,
    and that is told as soon as somebody can be told.
    """

    state: Literal["pending", "firing", "over"]
    since_us: int
    value: float | None
    fired_us: int | None = None
    notified: bool = False
    acknowledged_us: int | None = None
    seen_us: int = 0


class Step(Struct, frozen=True):
    """The state after a test (None: all is well), what happened, and whether people are to be told.

    `late`: a firing or a recovery that was held back is told now; it happened before.
    """

    state: AlertState | None
    event: Happening | None = None
    tell: bool = False
    late: bool = False


def step(rule: AlertRule, before: AlertState | None, found: Reading, now_us: int, *, mute: bool) -> Step:
    """One test of one rule and group. `mute`: nobody can be told now (a silence, no channel)."""
    breached = found.breached
    if breached is None:
        if rule.no_data == "keep" and (before is None or before.state != "over"):
            return Step(before)
        breached = rule.no_data == "alert"
    if not breached:
        return _well(before, found, now_us, mute)
    # Of what fires anew before people heard that it was over, they know already.
    told = before is not None and before.notified
    # A clock that was put back must not keep a rule pending until it has caught up.
    since = now_us if before is None or before.state == "over" else min(before.since_us, now_us)
    if before is not None and before.state == "firing":
        late = not told and not mute
        after = msgspec.structs.replace(
            before, since_us=since, value=found.value, seen_us=now_us, notified=told or late
        )
        return Step(after, tell=late, late=late)
    if now_us - since < rule.for_minutes * 60_000_000:
        return Step(AlertState("pending", since, found.value, notified=told, seen_us=now_us))
    fired = AlertState("firing", since, found.value, now_us, notified=told or not mute, seen_us=now_us)
    return Step(fired, "firing", tell=not told and not mute)


def _well(before: AlertState | None, found: Reading, now_us: int, mute: bool) -> Step:
    """A rule is not beyond its threshold."""
    event: Happening | None = "resolved" if before is not None and before.state == "firing" else None
    # Who was not told of the firing need not hear that it is over.
    if before is None or not before.notified:
        return Step(None, event)
    if mute:
        return Step(msgspec.structs.replace(before, state="over", value=found.value, seen_us=now_us), event)
    return Step(None, event, tell=True, late=event is None)

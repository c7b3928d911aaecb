"""Rounds of tests: what each rule is at, noted together with what has to be told of it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from warehouse.alerts import evaluate, machine
from warehouse.alerts.evaluate import Tested
from warehouse.alerts.machine import AlertState, Reading, Step
from warehouse.alerts.message import message
from warehouse.alerts.rules import AlertRule
from warehouse.alerts.store import AlertStore, Happened
from warehouse.engine import Engine
from warehouse.manifest import now_us
from warehouse.moments import naive

log = logging.getLogger("warehouse.alerts")


class Checked(Struct):
    """What one round of tests found and did; `errors`: why rules could not be tested, by id."""

    rules: int
    firing: int
    fired: int
    resolved: int
    sent: int
    failed: int
    errors: dict[str, str]


class Rounds:
    """Tests rules and notes what comes of it; messages go into the outbox. Times are epoch microseconds."""

    def __init__(self, engine: Engine, store: AlertStore, apdex_ms: int) -> None:
        self._engine = engine
        self._store = store
        self._apdex_ms = apdex_ms

    def test(self, rules: Mapping[str, AlertRule], at: int, ways: Collection[str]) -> Checked:
        """Test every rule that is enabled. `ways` are the channels: without one nobody is told for now."""
        silences = self._store.silences(at)
        troubled = {rule_id for rule_id, _ in self._store.states()}
        done = Checked(0, 0, 0, 0, 0, 0, {})
        for rule in rules.values():
            if not rule.enabled:
                continue
            done.rules += 1
            mute = rule.id in silences or not ways
            try:
                self._take(rule, at, mute, rule.id in troubled, ways, done)
            except Exception as error:  # whatever it is: the rules after this one have to be tested
                log.exception("what the test of the alert rule %s found cannot be noted", rule.id)
                done.errors[rule.id] = f"{type(error).__name__}: {error}"
        self._forget({rule.id for rule in rules.values() if rule.enabled}, at)
        done.firing = sum(state.state == "firing" for state in self._store.states().values())
        return done

    def tried(self, rule: AlertRule, now: datetime | None = None) -> Tested:
        """What a test of a rule finds now; nothing is noted and nobody is told."""
        return evaluate.test(self._engine, rule, naive(now or datetime.now(UTC)), self._apdex_ms)

    def end(self, db: Any, rule: AlertRule, at: int, ways: Collection[str]) -> None:
        """A rule is going to watch something else: what it was at is over, inside a transaction.

        Who was told of a firing is told so, unless the rule is silenced.
        """
        mute = rule.id in self._store.silences(at) or not ways
        for group in self._store.groups(db, rule.id):
            before = self._store.state(db, rule.id, group)
            taken = machine.step(rule, before, Reading(group, None, False), at, mute=mute)
            # Nothing is left that could be told later.
            taken = Step(None, taken.event, taken.tell, taken.late)
            self._note(db, _event(rule, group, taken, at), before, taken, ways)

    def drop(self, db: Any, rule_id: str, at: int) -> None:
        """A rule went away or was switched off: it is not the matter any more, inside a transaction.

        Nobody is told.
        """
        for group in self._store.groups(db, rule_id):
            self._remove(db, AlertRule(id=rule_id, threshold=0), group, at)

    def _take(
        self, rule: AlertRule, at: int, mute: bool, troubled: bool, ways: Collection[str], done: Checked
    ) -> None:
        """Test one rule and note what comes of it, in one transaction."""
        tested = self.tried(rule, datetime.fromtimestamp(at / 1e6, UTC))
        if tested.error is not None:
            done.errors[rule.id] = tested.error
            return
        if not troubled and not any(_matters(rule, reading) for reading in tested.readings):
            return  # All is well, and was: nothing to write, which a warehouse that is only read could not.
        with self._store.transaction() as db:
            readings = {reading.group: reading for reading in tested.readings}
            for group in self._store.groups(db, rule.id):
                if group not in readings and rule.group_by and group:
                    # It had no entry for so long that it is not looked for any more (alert_groups.sql).
                    self._remove(db, rule, group, at)
                else:
                    readings.setdefault(group, _absent(rule, group))
            for group, reading in readings.items():
                before = self._store.state(db, rule.id, group)
                taken = machine.step(rule, before, reading, at, mute=mute)
                if before is None and taken.state is None:
                    continue
                done.fired += taken.event == "firing"
                done.resolved += taken.event == "resolved"
                self._note(db, _event(rule, group, taken, at, reading, tested), before, taken, ways)

    def _note(
        self, db: Any, happened: Happened, before: AlertState | None, taken: Step, ways: Collection[str]
    ) -> None:
        """Keep a state, and what happened with it, inside a transaction."""
        self._store.set_state(db, happened.rule.id, happened.group, taken.state)
        if taken.late:
            self._store.mark_told(db, happened.rule.id, happened.group, happened.event)
        elif taken.event is not None:
            self._store.add_event(db, happened, told=taken.tell)
        if taken.tell:
            since = (taken.state or before or AlertState("firing", happened.at_us, None)).since_us
            self._store.enqueue(db, ways, message(happened, since), now_us())

    def _forget(self, enabled: Collection[str], at: int) -> None:
        for rule_id in {rule_id for rule_id, _ in self._store.states() if rule_id not in enabled}:
            with self._store.transaction() as db:
                self.drop(db, rule_id, at)

    def _remove(self, db: Any, rule: AlertRule, group: str, at: int) -> None:
        before = self._store.state(db, rule.id, group)
        self._store.set_state(db, rule.id, group, None)
        if before is not None and before.state != "over":
            self._store.add_event(db, Happened(rule, group, "removed", at, None, at, at, ""), told=False)


def _matters(rule: AlertRule, reading: Reading) -> bool:
    """Could it make or change a state?"""
    return rule.no_data == "alert" if reading.breached is None else reading.breached


def _absent(rule: AlertRule, group: str) -> Reading:
    """What it means that a test tells nothing of a group that has a state."""
    named = rule.query is not None or rule.metric == "anomaly"
    # A rule over one figure that had groups before (or the other way round) was changed in the settings file.
    ended = not named and bool(group) != bool(rule.group_by)
    return Reading(group, None, False if ended else None)


def _event(
    rule: AlertRule,
    group: str,
    taken: Step,
    at: int,
    reading: Reading | None = None,
    tested: Tested | None = None,
) -> Happened:
    """What a step tells of; late ones of what happened before."""
    return Happened(
        rule,
        group,
        taken.event or ("resolved" if taken.state is None else "firing"),
        at,
        reading.value if reading else None,
        _us(tested.window_start) if tested else at,
        _us(tested.window_end) if tested else at,
        tested.query(group) if tested and (taken.event or taken.tell) else "",
    )


def _us(moment: datetime) -> int:
    return round(moment.replace(tzinfo=UTC).timestamp() * 1e6)

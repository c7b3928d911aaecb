"""The book of alerts of one warehouse: its rules, tests, states, history and messages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct

from warehouse.alerts import evaluate, machine, outbox, rules
from warehouse.alerts.channels import Channel, channels, reason_of
from warehouse.alerts.firing import built_in_parameters, of_state
from warehouse.alerts.machine import AlertState, Reading
from warehouse.alerts.message import message, test_message
from warehouse.alerts.rules import BUILT_IN, AlertRule, BuiltIn
from warehouse.alerts.store import AlertStore, Happened
from warehouse.engine import Engine
from warehouse.errors import BadRequestError, ConflictError, NotFoundError
from warehouse.manifest import Manifest, now_us
from warehouse.moments import naive
from warehouse.settings import Settings

log = logging.getLogger("warehouse.alerts")

Row = dict[str, Any]


class Checked(Struct):
    """What one round of tests found and did; `errors`: why rules could not be tested, by id."""

    rules: int
    firing: int
    fired: int
    resolved: int
    sent: int
    failed: int
    errors: dict[str, str]


class AlertBook:
    """Everything about alerts. Safe for use from several threads and processes."""

    def __init__(self, settings: Settings, manifest: Manifest, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._store = AlertStore(manifest)

    # -- rules ---------------------------------------------------------------------------------

    def rules(self) -> dict[str, AlertRule]:
        """Every rule by its id: built-in ones (as changed), those of the settings file, those of the API."""
        kept = self._store.rules()
        found = {rule.id: rule for rule in rules.built_in(self._limits())}
        found |= {rule.id: rule for rule in self._settings.alerts}
        for rule in kept.values():
            if rule.id in BUILT_IN:
                found[rule.id] = rules.changed(found[rule.id], rule)
            else:
                # A rule of the settings file wins over one of the API that was there before it.
                found.setdefault(rule.id, rule)
        return found

    def origin(self, rule_id: str) -> Literal["built-in", "file", "api"]:
        """Where a rule comes from: built-in, file or api."""
        if rule_id in BUILT_IN:
            return "built-in"
        return "file" if rule_id in {rule.id for rule in self._settings.alerts} else "api"

    def create(self, rule: AlertRule) -> AlertRule:
        """Keep a new rule. Raises ConflictError for an id that is taken, BadRequestError as `check` does."""
        self._usable(rule)
        if rule.id in self.rules() or not self._store.put_rule(rule, now_us(), fresh=True):
            raise ConflictError(f"there is a rule {rule.id} already", hint="change it with PUT", field="id")
        return rule

    def change(self, rule: AlertRule) -> AlertRule:
        """Replace a rule; of a built-in one only the limits. Raises NotFoundError, BadRequestError."""
        before = self._changeable(rule.id)
        if rule.id in BUILT_IN:
            for name in (
                "metric",
                "query",
                "operator",
                "group_by",
                "source",
                "package",
                "status",
                "config_hash",
            ):
                if getattr(rule, name) not in (None, getattr(before, name)):
                    raise BadRequestError(
                        f"{name}: of a built-in rule only {', '.join(rules.CHANGEABLE)} can be changed",
                        field=name,
                    )
            rule = rules.changed(before, rule)
        self._usable(rule)
        self._store.put_rule(rule, now_us())
        return rule

    def delete(self, rule_id: str) -> None:
        """Forget a rule; a built-in one gets its limits back. Raises NotFoundError, BadRequestError."""
        self._changeable(rule_id)
        if not self._store.delete_rule(rule_id) and rule_id in BUILT_IN:
            raise BadRequestError(
                f"{rule_id} is built in", hint="PUT it with enabled: false to switch it off", field="id"
            )

    def _changeable(self, rule_id: str) -> AlertRule:
        rule = self._known(rule_id)
        if self.origin(rule_id) == "file":
            raise BadRequestError(
                f"{rule_id} stands in the settings file", hint="change it there, and start again", field="id"
            )
        return rule

    def _known(self, rule_id: str) -> AlertRule:
        found = self.rules().get(rule_id)
        if found is None:
            raise NotFoundError(f"there is no rule {rule_id[:80]}")
        return found

    def _usable(self, rule: AlertRule) -> None:
        rule.check()
        tested = evaluate.test(self._engine, rule, naive(datetime.now(UTC)), self._settings.apdex_ms)
        if tested.error is not None:
            field = "query" if rule.query is not None else "metric"
            raise BadRequestError(f"{field}: {tested.error}", field=field)

    def _limits(self) -> BuiltIn:
        given = self._settings
        return BuiltIn(
            given.alert_error_rate, given.alert_storage_growth, given.alert_response_ms, given.alert_health
        )

    def built_in(self) -> Row:
        """The built-in rules that are enabled, as parameters of sql/endpoints/alerts.sql."""
        return built_in_parameters(self.rules().values())

    # -- what is the matter --------------------------------------------------------------------

    def states(self) -> dict[tuple[str, str], AlertState]:
        """What is pending or firing, by rule and group."""
        return self._store.states()

    def firing(self, built_in: list[Row]) -> list[Row]:
        """The built-in rules that fire, and what else does, with acknowledgements and silences."""
        found, states, silences = self.rules(), self.states(), self.silences()
        rows = [row | {"group": None} for row in built_in]
        for (rule_id, group), state in sorted(states.items()):
            rule = found.get(rule_id)
            if rule is not None and rule.enabled and state.state == "firing" and rule_id not in BUILT_IN:
                rows.append(of_state(rule, group, state, self._store.latest_firing(rule_id, group)))
        for row in rows:
            known = states.get((row["id"], row["group"] or ""))
            silence = silences.get(row["id"])
            row["acknowledgedAt"] = known.acknowledged_us // 1000 if known and known.acknowledged_us else None
            row["silencedUntil"] = silence["until_us"] // 1000 if silence else None
        return rows

    def silences(self) -> dict[str, Row]:
        """The silences that hold, by rule."""
        return self._store.silences(now_us())

    def history(self, rule_id: str | None = None, limit: int = 100, before: int | None = None) -> list[Row]:
        """What happened, the newest first."""
        return self._store.history(rule_id, limit, before)

    def outbox(self) -> Sequence[Row]:
        """Messages and what became of them, the newest first."""
        return self._store.outbox()

    def acknowledge(self, rule_id: str, group: str | None = None) -> int:
        """People know of it: how many states were meant. Raises NotFoundError when nothing fires."""
        self._known(rule_id)
        found = self._store.acknowledge(rule_id, group, now_us())
        if not found:
            raise NotFoundError(f"{rule_id} does not fire{f' for {group[:80]}' if group else ''}")
        return found

    def silence(self, rule_id: str, minutes: float, comment: str | None = None) -> int | None:
        """Tell nobody about a rule for so long (0: tell again); until when, in epoch microseconds."""
        self._known(rule_id)
        until = now_us() + round(minutes * 60e6) if minutes else None
        self._store.silence(rule_id, until, comment)
        return until

    # -- tests and messages --------------------------------------------------------------------

    def check(self, now: datetime | None = None, *, stopped: Callable[[], bool] = lambda: False) -> Checked:
        """Test every rule that is enabled, note what happened, and send what is due.

        `stopped` is asked before each message: one that does not arrive takes up to 15 seconds.
        """
        ways = channels(self._settings)
        at = now_us() if now is None else round(now.timestamp() * 1e6)
        silences = self._store.silences(at)
        found = self.rules()
        troubled = {rule_id for rule_id, _ in self._store.states()}
        done = Checked(0, 0, 0, 0, 0, 0, {})
        for rule in found.values():
            if rule.enabled:
                done.rules += 1
                try:
                    self._take(rule, at, rule.id in silences, troubled, ways, done)
                except Exception as error:  # whatever it is: the rules after this one have to be tested
                    log.exception("what the test of the alert rule %s found cannot be noted", rule.id)
                    done.errors[rule.id] = f"{type(error).__name__}: {error}"
        self._forget([rule_id for rule_id, rule in found.items() if rule.enabled], at)
        done.firing = sum(state.state == "firing" for state in self._store.states().values())
        sent = outbox.deliver(self._store, ways, stopped)
        done.sent, done.failed = sent.sent, sent.failed
        return done

    def tried(self, rule_id: str, now: datetime | None = None) -> evaluate.Tested:
        """What a test of a rule finds now; nothing is noted and nobody is told."""
        return evaluate.test(
            self._engine, self._known(rule_id), naive(now or datetime.now(UTC)), self._settings.apdex_ms
        )

    def send_test(self) -> dict[str, str | None]:
        """Send a test message through every channel, at once: None for each that took it, else why not."""
        answers: dict[str, str | None] = {}
        for name, channel in channels(self._settings).items():
            answers[name] = _failure(channel)
        return answers

    def _take(
        self,
        rule: AlertRule,
        at: int,
        silenced: bool,
        troubled: set[str],
        ways: Mapping[str, Channel],
        done: Checked,
    ) -> None:
        """Test one rule and note what comes of it, in one transaction."""
        tested = evaluate.test(
            self._engine, rule, naive(datetime.fromtimestamp(at / 1e6, UTC)), self._settings.apdex_ms
        )
        if tested.error is not None:
            done.errors[rule.id] = tested.error
            return
        if rule.id not in troubled and not any(_matters(rule, reading) for reading in tested.readings):
            return  # All is well, and was: nothing to write, which a warehouse that is only read could not.
        with self._store.transaction() as db:
            readings = {reading.group: reading for reading in tested.readings}
            for group in self._store.groups(db, rule.id):
                readings.setdefault(group, Reading(group, None, None))
            for group, reading in readings.items():
                before = self._store.state(db, rule.id, group)
                taken = machine.step(rule, before, reading, at, silenced=silenced)
                self._store.set_state(db, rule.id, group, taken.state)
                if taken.event is None and not taken.tell:
                    continue
                happened = Happened(
                    rule, group, taken.event or "firing", at, reading.value,
                    _us(tested.window_start), _us(tested.window_end), tested.query(group),
                )  # fmt: skip
                done.fired += taken.event == "firing"
                done.resolved += taken.event == "resolved"
                if taken.late:
                    self._store.mark_told(db, rule.id, group)
                else:
                    self._store.add_event(db, happened, told=taken.tell)
                if taken.tell:
                    since = (taken.state or before or AlertState("firing", at, None)).since_us
                    self._store.enqueue(db, ways, message(happened, since), at)

    def _forget(self, enabled: list[str], at: int) -> None:
        """Rules that went away or were switched off are not the matter any more; nobody is told."""
        gone = {rule_id for rule_id, _ in self._store.states() if rule_id not in enabled}
        for rule_id in gone:
            with self._store.transaction() as db:
                for group in self._store.groups(db, rule_id):
                    self._store.set_state(db, rule_id, group, None)
                    self._store.add_event(
                        db,
                        Happened(
                            AlertRule(id=rule_id, threshold=0), group, "removed", at, None, at, at, ""
                        ),
                        told=False,
                    )  # fmt: skip


def _matters(rule: AlertRule, reading: Reading) -> bool:
    """Could it make or change a state?"""
    return rule.no_data == "alert" if reading.breached is None else reading.breached


def _failure(channel: Channel) -> str | None:
    try:
        channel.send(*test_message())
    except Exception as error:  # noqa: BLE001 - the other channels have their turn, whatever this one does
        return reason_of(error)
    return None


def _us(moment: datetime) -> int:
    return round(moment.replace(tzinfo=UTC).timestamp() * 1e6)

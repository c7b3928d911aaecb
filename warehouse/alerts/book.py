"""The book of alerts of one warehouse: its rules, tests, states, history and messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from warehouse.alerts import outbox, queries, rules
from warehouse.alerts.channels import Channel, channels, reason_of
from warehouse.alerts.courier import Courier
from warehouse.alerts.evaluate import Tested
from warehouse.alerts.firing import built_in_parameters, of_state, told_by_state
from warehouse.alerts.machine import AlertState
from warehouse.alerts.message import test_message
from warehouse.alerts.rounds import Checked, Rounds
from warehouse.alerts.rules import BUILT_IN, AlertRule, BuiltIn
from warehouse.alerts.store import AlertStore
from warehouse.engine import Engine
from warehouse.errors import BadRequestError, ConflictError, NotFoundError
from warehouse.manifest import Manifest, now_us
from warehouse.settings import Settings

Row = dict[str, Any]


class AlertBook:
    """Everything about alerts. Safe for use from several threads and processes."""

    def __init__(self, settings: Settings, manifest: Manifest, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._store = AlertStore(manifest)
        self._rounds = Rounds(engine, self._store, settings.apdex_ms)
        self._courier = Courier(
            lambda stopped: outbox.deliver(self._store, channels(self._settings), stopped)
        )

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
        taken = rule.id in self.rules()
        if not taken:
            with self._store.transaction() as db:
                taken = not self._store.put_rule(db, rule, now_us(), fresh=True)
        if taken:
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
        with self._store.transaction() as db:
            self._store.put_rule(db, rule, now_us())
            if rules.watched(rule) != rules.watched(before):
                self._rounds.end(db, before, now_us(), channels(self._settings))
        return rule

    def delete(self, rule_id: str) -> None:
        """Forget a rule; a built-in one gets its limits back. Raises NotFoundError, BadRequestError."""
        self._changeable(rule_id)
        with self._store.transaction() as db:
            found = self._store.delete_rule(db, rule_id)
            if rule_id not in BUILT_IN:
                # Another rule of this id may follow at once: it has nothing to do with this one.
                self._store.end_silence(db, rule_id)
                self._rounds.drop(db, rule_id, now_us())
        if not found and rule_id in BUILT_IN:
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
        tested = self._rounds.tried(rule)
        if tested.error is not None:
            field = "query" if rule.query is not None else "metric"
            raise BadRequestError(f"{field}: {tested.error}", field=field)

    def _limits(self) -> BuiltIn:
        given = self._settings
        return BuiltIn(
            given.alert_error_rate, given.alert_storage_growth, given.alert_response_ms, given.alert_health
        )

    def built_in(self) -> Row:
        """The built-in rules that no state tells of, as parameters of sql/endpoints/alerts.sql."""
        return built_in_parameters(self.rules().values())

    # -- what is the matter --------------------------------------------------------------------

    def states(self) -> dict[tuple[str, str], AlertState]:
        """What is pending or firing, by rule and group."""
        return {key: state for key, state in self._store.states().items() if state.state != "over"}

    def firing(self, built_in: list[Row]) -> list[Row]:
        """The built-in rules that fire, and what else does, with acknowledgements and silences."""
        found, states, silences = self.rules(), self.states(), self.silences()
        rows = [row | {"group": None} for row in built_in]
        for (rule_id, group), state in sorted(states.items()):
            rule = found.get(rule_id)
            if rule is not None and rule.enabled and state.state == "firing" and told_by_state(rule):
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

    def check(
        self, now: datetime | None = None, *, send: bool = True, stopped: Callable[[], bool] = lambda: False
    ) -> Checked:
        """Test every rule that is enabled, note what happened, and send what is due unless `send` is false.

        `stopped` is asked before each message. All tests come first; sending takes 35 seconds at most.
        """
        ways = channels(self._settings)
        at = now_us() if now is None else round(now.timestamp() * 1e6)
        done = self._rounds.test(self.rules(), at, ways)
        if send:
            sent = outbox.deliver(self._store, ways, stopped)
            done.sent, done.failed = sent.sent, sent.failed
        return done

    def send_soon(self) -> None:
        """Send what is due beside everything else; `close` waits for the message in hand."""
        self._courier.soon()

    def close(self) -> None:
        """End the sending beside everything else; what is due stays so."""
        self._courier.close()

    def tried(self, rule_id: str, now: datetime | None = None) -> Tested:
        """What a test of a rule finds now, of 1,000 groups at most; nothing is noted and nobody is told."""
        found = self._rounds.tried(self._known(rule_id), now)
        return msgspec.structs.replace(found, readings=found.readings[: queries.MOST_GROUPS])

    def send_test(self) -> dict[str, str | None]:
        """Send a test message through every channel, at once: None for each that took it, else why not."""
        answers: dict[str, str | None] = {}
        for name, channel in channels(self._settings).items():
            answers[name] = _failure(channel)
        return answers


def _failure(channel: Channel) -> str | None:
    try:
        channel.send(*test_message())
    except Exception as error:  # noqa: BLE001 - the other channels have their turn, whatever this one does
        return reason_of(error)
    return None

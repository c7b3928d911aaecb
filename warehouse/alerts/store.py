"""What the manifest keeps of alerts: rules of the API, states, silences, the history, the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from msgspec import Struct

from warehouse import sqlfiles
from warehouse.alerts.machine import AlertState, Happening
from warehouse.alerts.rules import AlertRule, as_json, from_json
from warehouse.manifest import Manifest

#: Events that the history keeps; older ones go.
_HISTORY = 10_000


class Happened(Struct, frozen=True):
    """One row of the history; times are epoch microseconds. `query` reproduces the value."""

    rule: AlertRule
    group: str
    event: Happening
    at_us: int
    value: float | None
    window_start_us: int
    window_end_us: int
    query: str


class Due(Struct, frozen=True):
    """A message to one channel that is to be sent."""

    id: str
    channel: str
    attempts: int
    message: dict[str, Any]


class AlertStore:
    """Reads and writes the manifest's tables of alerts."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def transaction(self) -> AbstractContextManager[Any]:
        """States, events and messages of one moment, all or nothing."""
        return self._manifest.transaction()

    # -- rules ---------------------------------------------------------------------------------

    def rules(self) -> dict[str, AlertRule]:
        """The rules of the API, by id."""
        rows = self._manifest.query("SELECT rule FROM alert_rules ORDER BY id")
        return {rule.id: rule for rule in (from_json(row["rule"]) for row in rows)}

    def put_rule(self, db: Any, rule: AlertRule, now_us: int, *, fresh: bool = False) -> bool:
        """Keep a rule, inside a transaction; with `fresh` only if there is none of its id: was it kept?"""
        insert = "INSERT OR IGNORE" if fresh else "INSERT OR REPLACE"
        done = db.execute(f"{insert} INTO alert_rules VALUES (?, ?, ?)", [rule.id, as_json(rule), now_us])
        return bool(done.rowcount > 0)

    def delete_rule(self, db: Any, rule_id: str) -> bool:
        """Forget a rule, inside a transaction; tells whether there was one."""
        return bool(db.execute("DELETE FROM alert_rules WHERE id = ?", [rule_id]).rowcount > 0)

    # -- states and the history ----------------------------------------------------------------

    def states(self) -> dict[tuple[str, str], AlertState]:
        """What is not well, by rule and group, and what is well again without that it could be told."""
        rows = self._manifest.query("SELECT * FROM alert_states")
        return {(row["rule_id"], row["name"]): _state(row) for row in rows}

    def state(self, db: Any, rule_id: str, group: str) -> AlertState | None:
        """One state, inside a transaction."""
        row = db.execute(
            "SELECT * FROM alert_states WHERE rule_id = ? AND name = ?", [rule_id, group]
        ).fetchone()
        return _state(row) if row else None

    def groups(self, db: Any, rule_id: str) -> list[str]:
        """The groups of a rule that have a state, inside a transaction."""
        rows = db.execute("SELECT name FROM alert_states WHERE rule_id = ? ORDER BY name", [rule_id])
        return [row["name"] for row in rows.fetchall()]

    def set_state(self, db: Any, rule_id: str, group: str, state: AlertState | None) -> None:
        """Keep or forget a state, inside a transaction."""
        if state is None:
            db.execute("DELETE FROM alert_states WHERE rule_id = ? AND name = ?", [rule_id, group])
            return
        values = msgspec.structs.asdict(state) | {"rule_id": rule_id, "name": group}
        db.execute(
            "INSERT OR REPLACE INTO alert_states VALUES (:rule_id, :name, :state, :since_us, :fired_us,"
            " :value, :notified, :acknowledged_us, :seen_us)",
            values,
        )

    def add_event(self, db: Any, happened: Happened, *, told: bool) -> int:
        """Note an event, inside a transaction; its number."""
        done = db.execute(
            "INSERT INTO alert_events (at_us, rule_id, name, title, event, value, condition, operator,"
            " threshold, severity, window_start_us, window_end_us, query, notified)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                happened.at_us, happened.rule.id, happened.group, happened.rule.title, happened.event,
                happened.value, happened.rule.condition, happened.rule.operator, happened.rule.threshold,
                happened.rule.severity, happened.window_start_us, happened.window_end_us, happened.query,
                told,
            ],
        )  # fmt: skip
        db.execute("DELETE FROM alert_events WHERE id <= ?", [done.lastrowid - _HISTORY])
        return int(done.lastrowid)

    def mark_told(self, db: Any, rule_id: str, group: str, event: Happening) -> None:
        """The latest firing or recovery of a rule and group is told after all, inside a transaction."""
        db.execute(
            "UPDATE alert_events SET notified = 1 WHERE id = (SELECT max(id) FROM alert_events"
            " WHERE rule_id = ? AND name = ? AND event = ?)",
            [rule_id, group, event],
        )

    def history(self, rule_id: str | None, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """The latest events, the newest first; `before` is the number of an event."""
        rows = self._manifest.query(
            sqlfiles.read("manifest", "alert_history"), {"rule": rule_id, "limit": limit, "before": before}
        )
        return [dict(row) for row in rows]

    def latest_firing(self, rule_id: str, group: str) -> dict[str, Any] | None:
        """The event that a rule and group fires by."""
        rows = self._manifest.query(
            "SELECT * FROM alert_events WHERE rule_id = ? AND name = ? AND event = 'firing'"
            " ORDER BY id DESC LIMIT 1",
            [rule_id, group],
        )
        return dict(rows[0]) if rows else None

    def acknowledge(self, rule_id: str, group: str | None, now_us: int) -> int:
        """Note that people know of what fires; how many states that are."""
        with self._manifest.transaction() as db:
            return int(
                db.execute(
                    "UPDATE alert_states SET acknowledged_us = ? WHERE rule_id = ? AND state = 'firing'"
                    " AND (? IS NULL OR name = ?)",
                    [now_us, rule_id, group, group],
                ).rowcount
            )

    # -- silences ------------------------------------------------------------------------------

    def silences(self, now_us: int) -> dict[str, dict[str, Any]]:
        """The silences that hold, by rule."""
        rows = self._manifest.query("SELECT * FROM alert_silences WHERE until_us > ?", [now_us])
        return {row["rule_id"]: dict(row) for row in rows}

    def end_silence(self, db: Any, rule_id: str) -> None:
        """Forget the silence of a rule that goes away, inside a transaction."""
        db.execute("DELETE FROM alert_silences WHERE rule_id = ?", [rule_id])

    def silence(self, rule_id: str, until_us: int | None, comment: str | None) -> None:
        """Send nothing about a rule until then; None ends its silence."""
        with self._manifest.transaction() as db:
            self.end_silence(db, rule_id)
            if until_us is not None:
                db.execute("INSERT INTO alert_silences VALUES (?, ?, ?)", [rule_id, until_us, comment])

    # -- the outbox ----------------------------------------------------------------------------

    def enqueue(self, db: Any, channels: Iterable[str], message: dict[str, Any], now_us: int) -> None:
        """Put a message for each channel into the outbox, inside the transaction of its event."""
        for channel in channels:
            db.execute(
                "INSERT INTO alert_outbox (id, channel, message, created_us, next_us) VALUES (?, ?, ?, ?, ?)",
                [uuid.uuid4().hex, channel, msgspec.json.encode(message).decode(), now_us, now_us],
            )

    def claim(self, before_us: int, channels: Sequence[str], until_us: int) -> Due | None:
        """The next message to these channels that was due by then; nobody else gets it until `until_us`.

        What a channel is told of one rule and group it is told in the order in which it happened: what failed
        is tried again before what came after it is tried at all.
        """
        due = (
            "SELECT * FROM (SELECT *, row_number() OVER ("
            " PARTITION BY channel, json_extract(message, '$.rule'), json_extract(message, '$.group')"
            " ORDER BY number) AS place FROM alert_outbox WHERE status = 'due')"
            " WHERE place = 1 AND next_us <= ? AND channel IN (SELECT value FROM json_each(?))"
            " ORDER BY number LIMIT 1"
        )
        wanted = [before_us, msgspec.json.encode(channels).decode()]
        # Asked first without a lock: most often nothing is due.
        if not self._manifest.query(due, wanted):
            return None
        with self._manifest.transaction() as db:
            row = db.execute(due, wanted).fetchone()
            if row is None:
                return None
            db.execute("UPDATE alert_outbox SET next_us = ? WHERE id = ?", [until_us, row["id"]])
        return Due(row["id"], row["channel"], row["attempts"], msgspec.json.decode(row["message"]))

    def sent(self, due: Due, now_us: int) -> None:
        """A message arrived."""
        self._settle(due, "sent", now_us, None)

    def failed(self, due: Due, reason: str, again_us: int | None) -> None:
        """A message did not arrive; None gives it up."""
        self._settle(due, "due" if again_us is not None else "failed", again_us or 0, reason)

    def give_up(self, channels: Sequence[str], before_us: int) -> None:
        """Give up what is older and goes to other channels than these: nobody had them for so long."""
        old = (
            "FROM alert_outbox WHERE status = 'due' AND created_us < ?"
            " AND channel NOT IN (SELECT value FROM json_each(?))"
        )
        wanted = [before_us, msgspec.json.encode(channels).decode()]
        if self._manifest.query(f"SELECT 1 {old} LIMIT 1", wanted):
            with self._manifest.transaction() as db:
                db.execute(
                    "UPDATE alert_outbox SET status = 'failed', error = 'the channel is not set any more'"
                    f" WHERE number IN (SELECT number {old})",
                    wanted,
                )

    def _settle(self, due: Due, status: str, next_us: int, reason: str | None) -> None:
        with self._manifest.transaction() as db:
            db.execute(
                "UPDATE alert_outbox SET status = ?, attempts = ?, next_us = ?, error = ? WHERE id = ?",
                [status, due.attempts + 1, next_us, reason, due.id],
            )
            db.execute(
                "DELETE FROM alert_outbox WHERE status <> 'due'"
                " AND number <= (SELECT max(number) FROM alert_outbox) - ?",
                [_HISTORY],
            )

    def outbox(self) -> Sequence[dict[str, Any]]:
        """Every message with what became of it, the newest first."""
        return [dict(row) for row in self._manifest.query("SELECT * FROM alert_outbox ORDER BY number DESC")]


def _state(row: Any) -> AlertState:
    return AlertState(
        state=row["state"],
        since_us=row["since_us"],
        value=row["value"],
        fired_us=row["fired_us"],
        notified=bool(row["notified"]),
        acknowledged_us=row["acknowledged_us"],
        seen_us=row["seen_us"],
    )

"""`warehouse alerts`: the rules, what became of them, and whether messages arrive."""

from __future__ import annotations

from typing import Any

import click

from warehouse.cli import output
from warehouse.cli.numbers import Number
from warehouse.cli.state import State, pass_state


@click.group(
    epilog="""\b
Examples:
  warehouse alerts list
  warehouse alerts test
  warehouse alerts test high-error-rate
  warehouse alerts history --limit 20
  warehouse alerts ack high-error-rate
  warehouse alerts silence high-error-rate --minutes 120
"""
)
def alerts() -> None:
    """Rules over the figures: which ones there are, what fires, what happened. More: docs/alerts.md."""


@alerts.command(
    "list",
    epilog="""\b
Examples:
  warehouse alerts list
  warehouse alerts list --json | jq '.rules[] | select(.states != [])'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def list_rules(state: State, as_json: bool) -> None:
    """Show every rule and what it was at when it was last tested."""
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        book = warehouse.alert_book
        rules, states, silences = book.rules(), book.states(), book.silences()
        origins = {rule_id: book.origin(rule_id) for rule_id in rules}
    found = [
        output.camel(rule)
        | {
            "name": rule.title,
            "origin": origins[rule_id],
            "silencedUntil": silences[rule_id]["until_us"] // 1000 if rule_id in silences else None,
            "states": [
                {
                    "group": group or None,
                    "state": each.state,
                    "since": each.since_us // 1000,
                    "value": each.value,
                    "acknowledged": each.acknowledged_us is not None,
                }
                for (owner, group), each in sorted(states.items())
                if owner == rule_id
            ],
        }
        for rule_id, rule in rules.items()
    ]
    if as_json:
        output.write(output.to_json({"rules": found, "count": len(found)}))
        return
    rows = [
        (rule["id"], _condition(rule), f"{rule['hours']:g} h", rule["severity"], rule["origin"], _at(rule))
        for rule in found
    ]
    output.write(output.table(["Rule", "Fires when", "Window", "Severity", "From", "State"], rows, right={2}))


@alerts.command(
    epilog="""\b
Examples:
  warehouse alerts history
  warehouse alerts history --rule high-error-rate --limit 5 --json
"""
)
@click.option("--rule", help="Only this rule.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=25, show_default=True, help="Events at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def history(state: State, rule: str | None, limit: int, as_json: bool) -> None:
    """Show what fired and what is over, the newest first."""
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        rows = warehouse.alert_book.history(rule, limit)
    if as_json:
        events = [
            {
                "timestamp": row["at_us"] // 1000,
                "rule": row["rule_id"],
                "group": row["name"] or None,
                "event": row["event"],
                "value": row["value"],
                "condition": row["condition"],
                "operator": row["operator"],
                "threshold": row["threshold"],
                "severity": row["severity"],
                "windowStart": row["window_start_us"] // 1000,
                "windowEnd": row["window_end_us"] // 1000,
                "query": row["query"],
                "notified": bool(row["notified"]),
            }
            for row in rows
        ]
        output.write(output.to_json({"history": events}))
    elif not rows:
        output.write("Nothing has fired yet.")
    else:
        shown = [
            (
                output.moment(row["at_us"] // 1000),
                row["rule_id"],
                row["name"],
                row["event"],
                "-" if row["value"] is None else f"{row['value']:,.6g}",
                f"{row['operator']} {row['threshold']:,.6g}",
                "yes" if row["notified"] else "no",
            )
            for row in rows
        ]
        heads = ["Time", "Rule", "Of", "Event", "Value", "Fires at", "Told"]
        output.write(output.table(heads, shown, right={4, 5}))


@alerts.command(
    epilog="""\b
Examples:
  warehouse alerts test
  warehouse alerts test high-error-rate
"""
)
@click.argument("rule", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def test(state: State, rule: str | None, as_json: bool) -> int:
    """Send a test message to every channel, or test RULE now and tell nobody.

    Ends with 1 when a channel did not take the message or the rule could not be tested.
    """
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        if rule is None:
            answers = warehouse.alert_book.send_test()
            _tell_channels(answers, as_json)
            return int(any(answers.values()))
        tested = warehouse.alert_book.tried(rule)
    found = {
        "rule": rule,
        "error": tested.error,
        "readings": [
            {"group": each.group or None, "value": each.value, "breached": each.breached}
            for each in tested.readings
        ],
        "query": tested.query(tested.readings[0].group if tested.readings else ""),
    }
    output.write(output.to_json(found) if as_json else _reading(found))
    return int(tested.error is not None)


@alerts.command(
    epilog="""\b
Examples:
  warehouse alerts check
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@pass_state
def check(state: State, as_json: bool) -> int:
    """Test every rule now, note what happened and send what is due, as after a sync.

    Ends with 1 when a rule could not be tested or a message did not arrive.
    """
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        done = warehouse.alert_book.check()
    if as_json:
        output.write(output.to_json(output.camel(done)))
    else:
        output.write(
            f"{output.counted(done.rules, 'rule')} tested: {done.firing} firing ({done.fired} new),"
            f" {done.resolved} over; {output.counted(done.sent, 'message')} sent, {done.failed} failed."
        )
        for rule_id, reason in done.errors.items():
            click.echo(f"error: {rule_id}: {reason}", err=True)
    return int(bool(done.errors or done.failed))


@alerts.command(
    epilog="""\b
Examples:
  warehouse alerts ack high-error-rate
  warehouse alerts ack slow-package --group left-pad
"""
)
@click.argument("rule")
@click.option("--group", help="Only this source or package, of a rule that has groups.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@pass_state
def ack(state: State, rule: str, group: str | None, as_json: bool) -> None:
    """Mark what fires of RULE as known: it stays marked until it is over.

    Ends with 1 when it does not fire.
    """
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        marked = warehouse.alert_book.acknowledge(rule, group)
    if as_json:
        output.write(output.to_json({"id": rule, "acknowledged": marked}))
    else:
        output.write(f"{rule} is acknowledged ({marked:,} firing).")


@alerts.command(
    epilog="""\b
Examples:
  warehouse alerts silence high-error-rate
  warehouse alerts silence high-error-rate --minutes 120 --comment "mirror is being moved"
  warehouse alerts silence high-error-rate --minutes 0
"""
)
@click.argument("rule")
@click.option(
    "--minutes",
    type=Number(0, 525_600),
    default=60,
    show_default=True,
    help="From now on; 0 ends a silence.",
)
@click.option("--comment", help="Why.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON; times are epoch milliseconds.")
@pass_state
def silence(state: State, rule: str, minutes: float, comment: str | None, as_json: bool) -> None:
    """Tell nobody about RULE for a while. What fires when that ends is told then."""
    from warehouse.status import reading

    with reading(state.settings) as warehouse:
        until = warehouse.alert_book.silence(rule, minutes, comment)
    if as_json:
        output.write(output.to_json({"id": rule, "silencedUntil": until // 1000 if until else None}))
    elif until is None:
        output.write(f"{rule} is not silenced.")
    else:
        output.write(f"{rule} is silenced until {output.moment(until // 1000)}.")


def _condition(rule: dict[str, Any]) -> str:
    by = f" by {rule['groupBy']}" if rule["groupBy"] else ""
    held = f" for {rule['forMinutes']} min" if rule["forMinutes"] else ""
    return f"{rule['metric'] or 'query'}{by} {rule['operator']} {rule['threshold']:,.6g}{held}"


def _at(rule: dict[str, Any]) -> str:
    if not rule["enabled"]:
        return "off"
    if not rule["states"]:
        return "ok"
    parts = [
        (f"{each['group']}: " if each["group"] else "")
        + each["state"]
        + (", acknowledged" if each["acknowledged"] else "")
        for each in rule["states"]
    ]
    silenced = " (silenced)" if rule["silencedUntil"] else ""
    return "; ".join(parts[:3]) + (f" and {len(parts) - 3} more" if len(parts) > 3 else "") + silenced


def _tell_channels(answers: dict[str, str | None], as_json: bool) -> None:
    if as_json:
        output.write(output.to_json({"channels": answers, "count": len(answers)}))
    elif not answers:
        output.write(
            "No channel is set: WAREHOUSE_ALERT_WEBHOOK posts alerts, WAREHOUSE_ALERT_NOTIFY sends them."
        )
    else:
        for name, reason in answers.items():
            output.write(f"{name}: {reason or 'arrived'}")


def _reading(found: dict[str, Any]) -> str:
    if found["error"]:
        return f"{found['rule']} cannot be tested: {found['error']}"
    rows = [
        (
            each["group"] or "",
            "no value" if each["value"] is None else f"{each['value']:,.6g}",
            {True: "fires", False: "ok", None: "no data"}[each["breached"]],
        )
        for each in found["readings"]
    ]
    return f"{output.table(['Of', 'Value', 'Result'], rows, right={1})}\n\n{found['query']}"

"""What becomes of a rule from test to test: pending, firing, resolved; who is told, and how often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.alerts.machine import AlertState, Reading, Step, step
from warehouse.alerts.rules import AlertRule
from warehouse.errors import BadRequestError

MINUTE = 60_000_000
RULE = AlertRule(id="r", metric="errorRate", threshold=10)
HELD = AlertRule(id="r", metric="errorRate", threshold=10, for_minutes=5)
BAD, GOOD, NONE = Reading("", 20, True), Reading("", 1, False), Reading("", None, None)


def test_a_rule_fires_at_once_and_is_told_once() -> None:
    first = step(RULE, None, BAD, MINUTE, mute=False)
    assert (first.event, first.tell) == ("firing", True)
    again = step(RULE, first.state, BAD, 2 * MINUTE, mute=False)
    assert (again.event, again.tell) == (None, False)
    assert again.state is not None
    assert (again.state.fired_us, again.state.since_us) == (MINUTE, MINUTE)
    over = step(RULE, again.state, GOOD, 3 * MINUTE, mute=False)
    assert (over.state, over.event, over.tell) == (None, "resolved", True)
    assert step(RULE, None, GOOD, 4 * MINUTE, mute=False) == Step(None)


def test_a_rule_that_has_to_hold_is_pending_until_it_did() -> None:
    state = None
    for minute in range(5):
        taken = step(HELD, state, BAD, minute * MINUTE, mute=False)
        assert (taken.event, taken.tell) == (None, False)
        state = taken.state
        assert state is not None
        assert state.state == "pending"
    fired = step(HELD, state, BAD, 5 * MINUTE, mute=False)
    assert (fired.event, fired.state and fired.state.since_us) == ("firing", 0)


def test_a_pending_rule_that_is_well_again_is_forgotten_silently() -> None:
    pending = step(HELD, None, BAD, 0, mute=False).state
    assert step(HELD, pending, GOOD, MINUTE, mute=False) == Step(None)


def test_a_firing_in_a_silence_is_told_when_it_ends() -> None:
    fired = step(RULE, None, BAD, 0, mute=True)
    assert (fired.event, fired.tell) == ("firing", False)
    assert step(RULE, fired.state, BAD, MINUTE, mute=True).tell is False
    late = step(RULE, fired.state, BAD, 2 * MINUTE, mute=False)
    assert (late.event, late.tell, late.late) == (None, True, True)
    assert step(RULE, late.state, BAD, 3 * MINUTE, mute=False).tell is False


def test_the_end_of_what_nobody_was_told_is_not_told_either() -> None:
    fired = step(RULE, None, BAD, 0, mute=True)
    over = step(RULE, fired.state, GOOD, MINUTE, mute=False)
    assert (over.event, over.tell) == ("resolved", False)


def test_a_recovery_in_a_silence_is_told_when_it_ends() -> None:
    fired = step(RULE, None, BAD, 0, mute=False)
    over = step(RULE, fired.state, GOOD, MINUTE, mute=True)
    assert (over.event, over.tell, over.state and over.state.state) == ("resolved", False, "over")
    assert step(RULE, over.state, NONE, 2 * MINUTE, mute=True).event is None
    late = step(RULE, over.state, GOOD, 3 * MINUTE, mute=False)
    assert (late.state, late.event, late.tell, late.late) == (None, None, True, True)


def test_what_fires_anew_before_its_recovery_was_told_is_known_already() -> None:
    for rule in (RULE, HELD):
        state = AlertState("over", 0, 1.0, 0, notified=True)
        again = step(rule, state, BAD, 10 * MINUTE, mute=True)
        again = step(rule, again.state, BAD, 15 * MINUTE, mute=False) if rule is HELD else again
        assert (again.event, again.tell) == ("firing", False)
        over = step(rule, again.state, GOOD, 16 * MINUTE, mute=False)
        assert (over.event, over.tell) == ("resolved", True)


@pytest.mark.parametrize(
    ("policy", "from_well", "from_firing"),
    [("ok", None, "resolved"), ("alert", "firing", None), ("keep", None, None)],
)
def test_no_data_is_well_an_alert_or_as_before(
    policy: str, from_well: str | None, from_firing: str | None
) -> None:
    rule = AlertRule(id="r", metric="errorRate", threshold=10, no_data=policy)  # type: ignore[arg-type]
    firing = AlertState("firing", 0, 20.0, 0, notified=True)
    assert step(rule, None, NONE, MINUTE, mute=False).event == from_well
    after = step(rule, firing, NONE, MINUTE, mute=False)
    assert after.event == from_firing
    assert (after.state is None) is (policy == "ok")


def test_a_clock_that_was_put_back_does_not_hold_a_rule_up() -> None:
    pending = step(HELD, None, BAD, 100 * MINUTE, mute=False).state
    back = step(HELD, pending, BAD, MINUTE, mute=False).state
    assert step(HELD, back, BAD, 6 * MINUTE, mute=False).event == "firing"


@given(st.lists(st.tuples(st.sampled_from([BAD, GOOD, NONE]), st.booleans()), max_size=40))
def test_told_firings_and_told_recoveries_take_turns(history: list[tuple[Reading, bool]]) -> None:
    state, told = None, []
    for minute, (found, mute) in enumerate(history):
        taken = step(RULE, state, found, minute * MINUTE, mute=mute)
        if taken.tell:
            told.append("resolved" if taken.state is None else "firing")
        state = taken.state
    assert told == ["firing", "resolved"] * (len(told) // 2) + ["firing"] * (len(told) % 2)


@pytest.mark.parametrize("threshold", [float("nan"), float("inf"), -float("inf")])
def test_a_threshold_that_no_value_can_be_compared_with_is_refused(threshold: float) -> None:
    rule = AlertRule(id="r", metric="errorRate", threshold=threshold)
    with pytest.raises(BadRequestError, match=r"threshold: .* is not a finite number") as told:
        rule.check()
    assert told.value.field == "threshold"

"""The shapes of what /analytics/alerts takes and answers, as in `api.models`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from api.models import Answer, EpochMs, MaybeEpochMs
from warehouse.alerts.rules import Metric


def _about(text: str) -> Meta:
    return Meta(description=text)


class RuleBody(Answer, forbid_unknown_fields=True):
    """A rule, as it is sent."""

    threshold: Annotated[float, _about("With what the value is compared, in the metric's unit.")]
    id: Annotated[
        str | None, _about("Lower-case letters, digits and hyphens; PUT has it in the address.")
    ] = None
    name: Annotated[str | None, _about("What people call it.")] = None
    metric: Annotated[Metric | None, _about("The figure that it watches; or `query`.")] = None
    query: Annotated[str | None, _about("SELECT that gives `value` and, for several rows, `name`.")] = None
    operator: Annotated[Literal[">", ">=", "<", "<=", "==", "!="] | None, _about("Default: >.")] = None
    hours: Annotated[float | None, _about("Length of the window. Default: 24.")] = None
    interval: Annotated[Literal[80, 95] | None, _about("Which edge of a forecast counts. Default: 95.")] = (
        None
    )
    for_minutes: Annotated[int | None, _about("How long it has to hold. Default: 0.")] = None
    severity: Annotated[Literal["info", "warning", "critical"] | None, _about("Default: warning.")] = None
    no_data: Annotated[Literal["ok", "alert", "keep"] | None, _about("Default: ok.")] = None
    group_by: Annotated[Literal["source", "package"] | None, _about("Each by itself.")] = None
    source: Annotated[str | None, _about("Only entries of this source.")] = None
    package: Annotated[str | None, _about("Only entries about this package.")] = None
    status: Annotated[
        Literal["1xx", "2xx", "3xx", "4xx", "5xx"] | None, _about("Only this class of status.")
    ] = None
    config_hash: Annotated[str | None, _about("Only entries of this config hash.")] = None
    enabled: Annotated[bool | None, _about("Is it tested? Default: true.")] = None


class Firing(Answer):
    """What a rule (and group) is at."""

    group: Annotated[str | None, _about("Source, package or name; null without groups.")]
    state: Annotated[Literal["pending", "firing"], _about("Pending until it held for forMinutes.")]
    since: EpochMs
    value: Annotated[float | None, _about("At the latest test.")]
    acknowledged_at: MaybeEpochMs


class Rule(Answer):
    """A rule with what it is at."""

    id: Annotated[str, _about("Its id.")]
    name: Annotated[str, _about("What people call it.")]
    metric: Annotated[str | None, _about("The figure that it watches.")]
    query: Annotated[str | None, _about("Its query.")]
    operator: Annotated[str, _about("How the value is compared.")]
    threshold: Annotated[float, _about("With what.")]
    hours: Annotated[float, _about("Length of the window.")]
    interval: Annotated[int, _about("Which edge of a forecast counts.")]
    for_minutes: Annotated[int, _about("How long it has to hold.")]
    severity: Annotated[str, _about("How grave it is.")]
    no_data: Annotated[str, _about("What a window without a value means.")]
    group_by: Annotated[str | None, _about("Each source or package by itself.")]
    source: Annotated[str | None, _about("Filter.")]
    package: Annotated[str | None, _about("Filter.")]
    status: Annotated[str | None, _about("Filter.")]
    config_hash: Annotated[str | None, _about("Filter.")]
    enabled: Annotated[bool, _about("Is it tested?")]
    origin: Annotated[
        Literal["built-in", "file", "api"], _about("Where it comes from; api ones can be changed.")
    ]
    states: Annotated[list[Firing], _about("What is not well; empty: all is.")]
    silenced_until: MaybeEpochMs


class Rules(Answer):
    """Every rule."""

    rules: Annotated[list[Rule], _about("Built-in ones first, then by id.")]
    count: Annotated[int, _about("How many.")]


class AlertEvent(Answer):
    """Something that happened."""

    id: Annotated[int, _about("Its number; they grow.")]
    timestamp: EpochMs
    rule: Annotated[str, _about("Id of the rule.")]
    name: Annotated[str, _about("Name of the rule.")]
    group: Annotated[str | None, _about("Source, package or name; null without groups.")]
    event: Annotated[Literal["firing", "resolved", "removed"], _about("What.")]
    value: Annotated[float | None, _about("The value that was found.")]
    condition: Annotated[str, _about("What the rule watched.")]
    operator: Annotated[str, _about("How it was compared.")]
    threshold: Annotated[float, _about("With what.")]
    severity: Annotated[str, _about("How grave it was.")]
    window_start: EpochMs
    window_end: EpochMs
    query: Annotated[str, _about("SQL that reproduces the value.")]
    notified: Annotated[bool, _about("Were people told? Not during a silence, nor without a channel.")]


class AlertHistory(Answer):
    """What happened, the newest first."""

    history: Annotated[list[AlertEvent], _about("One page.")]
    next_before: Annotated[int | None, _about("`before` of the next page; null on the last one.")]


class AckBody(Answer, forbid_unknown_fields=True):
    """What is acknowledged."""

    group: Annotated[str | None, _about("Only this source, package or name.")] = None


class Acknowledged(Answer):
    """What was acknowledged."""

    id: Annotated[str, _about("The rule.")]
    acknowledged: Annotated[int, _about("How many states.")]


class SilenceBody(Answer, forbid_unknown_fields=True):
    """For how long nobody is told."""

    minutes: Annotated[float, Meta(ge=0, le=525_600, description="From now on; 0 ends a silence.")] = 60
    comment: Annotated[Annotated[str, Meta(max_length=500)] | None, _about("Why.")] = None


class Silenced(Answer):
    """Until when nobody is told."""

    id: Annotated[str, _about("The rule.")]
    silenced_until: MaybeEpochMs


class TestSent(Answer):
    """What became of the test message."""

    channels: Annotated[dict[str, str | None], _about("By channel: null where it arrived, else why not.")]
    count: Annotated[int, _about("How many channels there are.")]


class RuleReading(Answer):
    """What a rule reads of one group."""

    group: Annotated[str | None, _about("Source, package or name; null without groups.")]
    value: Annotated[float | None, _about("Now; null where there is none.")]
    breached: Annotated[bool | None, _about("Is the value beyond the threshold?")]


class RuleTried(Answer):
    """What a rule reads now. Nothing is noted, nobody is told."""

    rule: Annotated[str, _about("Its id.")]
    error: Annotated[str | None, _about("Why it could not be tested.")]
    readings: Annotated[list[RuleReading], _about("One without groups; none where nothing is there.")]
    query: Annotated[str, _about("SQL that reproduces the first value.")]

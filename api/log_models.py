"""The shapes of what searches of logs answer, as in `api.models`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from api.models import Answer, Count, EpochMs, LogEntry


def _about(text: str) -> Meta:
    return Meta(description=text)


class FacetValue(Answer):
    """One value of a facet."""

    value: Annotated[str, _about("The value.")]
    count: Count


class Facet(Answer):
    """One way to tell entries apart."""

    values: Annotated[list[FacetValue], _about("The most frequent first.")]
    count: Annotated[int, _about("How many different values there are.")]


class LogFacets(Answer):
    """How the entries that match are spread."""

    facets: Annotated[dict[str, Facet], _about("level, source, status, method, package and configHash.")]


class HistogramPoint(Answer):
    """One period."""

    period_start: EpochMs
    period_end: EpochMs
    count: Count
    debug: Annotated[int, _about("Those at level debug.")]
    info: Annotated[int, _about("Those at level info.")]
    warn: Annotated[int, _about("Those at level warn.")]
    error: Annotated[int, _about("Those at level error.")]


class LogHistogram(Answer):
    """The entries that match, over time."""

    histogram: Annotated[list[HistogramPoint], _about("Oldest first; empty periods are there.")]
    points: Annotated[int, _about("Number of periods.")]


class LogContext(Answer):
    """The lines around an entry."""

    logs: Annotated[list[LogEntry], _about("By line; the entry itself is among them.")]
    object_key: Annotated[str, _about("The object.")]
    line: Annotated[int, _about("The entry's line.")]

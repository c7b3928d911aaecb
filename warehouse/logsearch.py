"""Searches of the log viewer: words and phrases, facets, a histogram, the lines around an entry."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from warehouse import logslots
from warehouse.engine import Engine
from warehouse.errors import BadRequestError, NotFoundError
from warehouse.logfinds import Finds

Row = dict[str, Any]

_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
#: As many terms as macros/log_matches.sql takes.
MOST_TERMS, MOST_WITHOUT = 4, 2
#: Seconds of the slots of the rollup `activity`, the longest first.
_GRAINS = (3_600, 300, 30)
#: How long the histogram of an open filter is: from the oldest entry on.
_DAY = timedelta(days=1)


def terms(search: str | None) -> Row:
    """Words and "phrases" that have to be there, and -words that must not, as the queries take them.

    Raises BadRequestError (field search) for more than they take.
    """
    wanted: list[str] = []
    without: list[str] = []
    for minus, phrase, word in _TERM.findall(search or ""):
        text = (phrase or word).strip().lower()
        if text:
            (without if minus else wanted).append(text)
    for found, most, what in ((wanted, MOST_TERMS, "terms"), (without, MOST_WITHOUT, "terms with a minus")):
        if len(found) > most:
            raise BadRequestError(
                f"search: {len(found)} {what} are more than the {most} that it takes",
                hint='put words that belong together into quotation marks: "bad gateway"',
                field="search",
            )
    # The longest one first: it is likely the rarest, and what it leaves the others have to look at.
    wanted.sort(key=len, reverse=True)
    return {
        f"{name}_{place + 1}": found[place] if place < len(found) else None
        for name, found, most in (("term", wanted, MOST_TERMS), ("without", without, MOST_WITHOUT))
        for place in range(most)
    }


def facets(engine: Engine, finds: Finds, parameters: Row, limit: int) -> Row:
    """GET /logs/facets: the most frequent values of each facet, with counts and how many values there are."""
    answer: dict[str, Any] = {
        name: {"values": [], "count": 0}
        for name in ("level", "source", "status", "method", "package", "configHash")
    }
    dates = finds.dates()
    if found := finds.of(parameters):
        rows = found.run("logs_facets", found.asked(parameters) | {"limit": limit})
    else:
        spans = logslots.spans(parameters, dates)
        asked = parameters | spans | {"limit": limit}
        rows = engine.run("logs_facets", asked, since=logslots.kept_since(spans))
    for row in rows:
        facet = answer[row["facet"]]
        facet["values"].append({"value": row["value"], "count": row["count"]})
        facet["count"] = row["values"]
    return {"facets": answer}


def histogram(engine: Engine, finds: Finds, parameters: Row, points: int) -> Row:
    """GET /logs/histogram: matches over time by level.

    A filter without a start begins with the oldest entry of the warehouse, one without an end ends with the
    newest.
    """
    dates = finds.dates()
    now = datetime.now(UTC).replace(tzinfo=None)
    newest = max((row["last_ts"] for row in dates), default=now)
    start = parameters["start"] or min((row["first_ts"] for row in dates), default=now - _DAY)
    end = max(start, parameters["end"] or newest)
    # `end` is the last millisecond that counts.
    seconds = (end - start + timedelta(milliseconds=1)) / timedelta(seconds=1) / points

    def longest(grains: tuple[int, ...]) -> int:
        """The longest slots that the periods consist of, 0 for none."""
        return next((grain for grain in grains if logslots.fits(start, seconds, grain)), 0)

    asked = parameters | {"start": start, "end": end, "points": points}
    grain = longest(_GRAINS)
    if grain and end >= newest and logslots.restricted(parameters) <= {"levels"}:
        slots = {"grain": grain, "first_date": start.date(), "last_date": end.date()}
        rows = engine.run("logs_histogram_slots", asked | slots, since=start)
    elif (found := finds.of(asked)) and logslots.fits(start, seconds, found.grain):
        rows = found.run("logs_histogram", found.asked(asked) | {"points": points})
    else:
        spans = logslots.spans(parameters | {"start": start, "end": end}, dates, longest(logslots.GRAINS))
        rows = engine.run("logs_histogram", asked | spans, since=logslots.kept_since(spans))
    return {"histogram": rows, "points": points}


def context(engine: Engine, span: Row | None, key: str, line: int, around: int) -> list[Row]:
    """The lines around one of an object.

    `span` is what the ledger knows of the object. Raises NotFoundError for an object or line that is not
    there.
    """
    if span is None:
        raise NotFoundError(f"no object {key[:200]} was mirrored")
    rows = engine.run(
        "logs_context",
        {
            "bucket": span["bucket"],
            "object_key": key,
            "from_line": line - around,
            "to_line": line + around,
            "first_date": _date(span["first_us"]),
            "last_date": _date(span["last_us"]),
        },
    )
    if line not in [row["line"] for row in rows]:
        raise NotFoundError(f"line {line} of {key[:200]} is no log entry")
    return rows


def _date(us: int | None) -> Any:
    return datetime.fromtimestamp((us or 0) / 1e6, UTC).date()

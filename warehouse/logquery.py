"""The log viewer's query: filters, the walk over dates, cursors."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct

from warehouse import logslots
from warehouse.engine import Engine
from warehouse.errors import BadRequestError
from warehouse.logfinds import Finds, Found
from warehouse.logsearch import terms
from warehouse.moments import naive

#: How far from the page's end of time the spans reach that are looked through. The first is longer where a
#: filter leaves few of its rows: to read the times of a quarter of an hour costs little, its whole rows much.
_FIRST_SPAN, _FIRST_OF_FILTER = timedelta(minutes=2), timedelta(minutes=15)
_SPANS = (timedelta(minutes=18), timedelta(hours=4), timedelta(days=2))
_TICK = timedelta(microseconds=1)


class LogFilter(Struct, kw_only=True):
    """What to show. None means no restriction; `start` and `end` are both inclusive."""

    levels: list[str] | None = None
    start: datetime | None = None
    end: datetime | None = None
    limit: int = 50
    source: str | None = None
    config_hash: str | None = None
    q: str | None = None
    search: str | None = None
    status: int | None = None
    method: str | None = None
    package: str | None = None
    min_response_ms: float | None = None
    order: str = "desc"
    cursor: str | None = None
    group: str | None = None


def page(engine: Engine, finds: Finds, wanted: LogFilter) -> dict[str, Any]:
    """One page of entries with the total, the cursor of the next page and, on demand, date groups."""
    parameters = filters(wanted)
    after = _decode(wanted.cursor, wanted.order) if wanted.cursor else {}
    dates = finds.dates()
    found = finds.of(parameters)
    rows, counts = engine.together(
        lambda: _rows(engine, wanted, parameters | after, dates, found),
        lambda: _counts(engine, wanted, parameters, dates, found),
    )
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    answer: dict[str, Any] = {
        "logs": [entry(row) for row in rows],
        "totalCount": sum(row["entries"] for row in counts),
        "hasMore": more,
        "nextCursor": _encode(rows[-1], wanted.order) if more else None,
    }
    if wanted.group == "date":
        answer["groups"] = _groups(counts, rows, wanted.order)
    return answer


def filters(wanted: LogFilter) -> dict[str, Any]:
    """What the queries take of a filter. Raises BadRequestError for a search of too many terms."""
    start = naive(wanted.start) if wanted.start else None
    end = naive(wanted.end) if wanted.end else None
    return {
        "levels": wanted.levels,
        "start": start,
        "end": end,
        "source": wanted.source,
        "config_hash": wanted.config_hash,
        "q": wanted.q,
        "status": wanted.status,
        "method": wanted.method,
        "package": wanted.package,
        "min_response_ms": wanted.min_response_ms,
        **terms(wanted.search),
    }


def _rows(
    engine: Engine,
    wanted: LogFilter,
    parameters: dict[str, Any],
    dates: list[dict[str, Any]],
    found: Found | None,
) -> list[dict[str, Any]]:
    """Walk the time from the page's end of it and stop when the page is full.

    One row more than the page holds is looked for: it tells that there is a next page.
    """
    descending = wanted.order == "desc"
    query = "logs_newest" if descending else "logs_oldest"
    rows: list[dict[str, Any]] = []
    for from_ts, to_ts in _spans(engine, wanted, parameters, dates, found):
        span = {
            "from_ts": from_ts,
            "to_ts": to_ts,
            "first_date": from_ts.date(),
            "last_date": to_ts.date(),
            "limit": wanted.limit + 1 - len(rows),
        }
        rows += engine.run(query, parameters | span)
        if len(rows) > wanted.limit:
            break
    return rows


def _spans(
    engine: Engine,
    wanted: LogFilter,
    parameters: dict[str, Any],
    dates: list[dict[str, Any]],
    found: Found | None,
) -> Iterator[tuple[datetime, datetime]]:
    """Half-open spans of time to look through, in the page's order and growing.

    Files are sorted by time, so a short span reads a small part of one file, and most pages lie in the
    first. Where it does not fill the page, or is not likely to, the rollup by facets tells how far the page
    reaches, if it knows a filter; else the spans grow.
    """
    descending = wanted.order == "desc"
    low = _latest(parameters["start"], None if descending else parameters.get("after_ts"))
    high = _earliest(parameters["end"], parameters.get("after_ts") if descending else None)
    held = [
        (row["first_ts"], row["last_ts"])
        for row in dates
        if (low is None or row["last_ts"] >= low) and (high is None or row["first_ts"] <= high)
    ]
    if not held:
        return
    oldest, newest = min(first for first, _ in held), max(last for _, last in held)
    oldest = max(oldest, low or oldest)
    newest = min(newest, high or newest) + _TICK

    def halves(at: datetime) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]]:
        """What is left of the window, cut in two: what comes first in the page's order, and the rest."""
        at = min(max(at, oldest), newest)
        return ((at, newest), (oldest, at)) if descending else ((oldest, at), (at, newest))

    restricted = logslots.restricted(parameters)
    facets = restricted & logslots.FACETS
    if not found and len(facets) < 2:
        length = _FIRST_OF_FILTER if restricted else _FIRST_SPAN
        first, (oldest, newest) = halves(newest - length if descending else oldest + length)
        yield first
        if oldest == newest:
            return
    filled = None
    if found or facets:
        if found:
            reach = logslots.reach(
                found,
                found.facets(parameters),
                oldest,
                newest,
                wanted.limit,
                descending=descending,
                grain=found.grain,
            )
        else:
            reach = logslots.reach(engine, parameters, oldest, newest, wanted.limit, descending=descending)
        if reach is None:
            return
        oldest, newest = max(oldest, reach.oldest), min(newest, reach.newest)
        filled = reach.filled
    if filled is not None:
        stops = [filled]
    else:
        stops = [newest - length if descending else oldest + length for length in _SPANS]
    for stop in stops:
        span, (oldest, newest) = halves(stop)
        if span[0] < span[1]:
            yield span
    if oldest < newest:
        yield oldest, newest


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _counts(
    engine: Engine,
    wanted: LogFilter,
    parameters: dict[str, Any],
    dates: list[dict[str, Any]],
    found: Found | None,
) -> list[dict[str, Any]]:
    """Matches per date; from the rollups where they know every filter that is set, or from what was found."""
    if found:
        return found.run("logs_count", found.asked(parameters))
    if wanted.start is wanted.end is None and logslots.restricted(parameters) <= {
        "levels",
        "source",
        "config_hash",
    }:
        return engine.run("logs_count_daily", parameters, since=date.min)
    spans = logslots.spans(parameters, dates)
    return engine.run("logs_count", parameters | spans, since=logslots.kept_since(spans))


def entry(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the queries as the API tells it."""
    shown = {name: value for name, value in row.items() if name != "ts_us"}
    shown["metadata"] = json.loads(row["metadata"])
    shown["extra"] = json.loads(row["extra"])
    return shown


def _groups(counts: list[dict[str, Any]], rows: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """The page's entries by UTC date; `count` is every match of that date, on the page or not."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        day = datetime.fromtimestamp(row["ts_us"] // 1_000_000, UTC).date().isoformat()
        entries.setdefault(day, []).append(entry(row))
    ordered = counts if order == "desc" else list(reversed(counts))
    return [
        {"date": str(row["date"]), "count": row["entries"], "logs": entries.get(str(row["date"]), [])}
        for row in ordered
    ]


def _encode(row: dict[str, Any], order: str) -> str:
    """A cursor names the last row, not a page number, so it stays right while syncs commit."""
    text = json.dumps([order, row["ts_us"], row["objectKey"], row["bucket"], row["line"]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, order: str) -> dict[str, Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        made_for, ts_us, key, bucket, line = json.loads(text)
        after_ts = datetime.fromtimestamp(int(ts_us) // 1_000_000, UTC).replace(
            microsecond=int(ts_us) % 1_000_000, tzinfo=None
        )
        if made_for != order or not (isinstance(key, str) and isinstance(bucket, str)):
            raise ValueError("made for another order")
        return {
            "after_ts": after_ts,
            "after_key": key,
            "after_bucket": bucket,
            "after_line": int(line),
        }
    except (ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
        raise BadRequestError(
            "cursor is not one that /logs gave for this order",
            hint="leave it out to begin anew",
            field="cursor",
        ) from error

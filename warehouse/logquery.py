"""The log viewer's query: filters, the walk over dates, cursors."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import Struct

from warehouse.engine import Engine
from warehouse.errors import BadRequestError
from warehouse.logsearch import terms
from warehouse.moments import naive

#: How far from the page's end of time the first spans reach that are looked through.
_SPANS = (timedelta(minutes=2), timedelta(minutes=20), timedelta(hours=4), timedelta(days=2))
_TICK = timedelta(microseconds=1)
_FIRST_DATE = date(1970, 1, 1)
_LAST_DATE = date(9999, 12, 31)


#: Parameters that every filter has.
_DATES = {"first_date", "last_date"}


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


def page(engine: Engine, wanted: LogFilter) -> dict[str, Any]:
    """One page of entries with the total, the cursor of the next page and, on demand, date groups."""
    parameters = filters(wanted)
    after = _decode(wanted.cursor, wanted.order) if wanted.cursor else {}
    rows = _rows(engine, wanted, parameters | after)
    counts = _counts(engine, wanted, parameters)
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
        "first_date": start.date() if start else _FIRST_DATE,
        "last_date": end.date() if end else _LAST_DATE,
        "source": wanted.source,
        "config_hash": wanted.config_hash,
        "q": wanted.q,
        "status": wanted.status,
        "method": wanted.method,
        "package": wanted.package,
        "min_response_ms": wanted.min_response_ms,
        **terms(wanted.search),
    }


def _rows(engine: Engine, wanted: LogFilter, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Walk the time from the page's end of it and stop when the page is full.

    One row more than the page holds is looked for: it tells that there is a next page.
    """
    descending = wanted.order == "desc"
    query = "logs_newest" if descending else "logs_oldest"
    rows: list[dict[str, Any]] = []
    for from_ts, to_ts in _spans(engine.run("log_dates"), parameters, descending=descending):
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
    dates: list[dict[str, Any]], parameters: dict[str, Any], *, descending: bool
) -> Iterator[tuple[datetime, datetime]]:
    """Half-open spans of time to look through, in the page's order and growing.

    Files are sorted by time, so a short span reads a small part of one file, and most pages lie in the
    first; a filter that matches rarely needs few longer ones.
    """
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
    edge, last_edge = (newest, oldest) if descending else (oldest, newest)
    for length in _SPANS:
        further = max(newest - length, oldest) if descending else min(oldest + length, newest)
        if further != edge:
            yield (further, edge) if descending else (edge, further)
        edge = further
    if edge != last_edge:
        yield (last_edge, edge) if descending else (edge, last_edge)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _counts(engine: Engine, wanted: LogFilter, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Matches per date; from the rollups where they know every filter that is set."""
    given = {name for name, value in parameters.items() if value is not None and name not in _DATES}
    if given <= {"levels", "source", "config_hash"}:
        return engine.run("logs_count_daily", parameters)
    filters_set = given - {"start", "end"}
    # "unknown" means entries without a value, of which the hourly rollup has no row.
    known = "unknown" not in (wanted.source, wanted.config_hash)
    in_slots = len(filters_set) <= 1 and filters_set <= {"levels", "source", "package", "config_hash"}
    hours = _whole_hours(parameters["start"], parameters["end"])
    if in_slots and known and hours is not None:
        return engine.run("logs_count_slots", parameters | hours)
    return engine.run("logs_count", parameters)


def _whole_hours(start: datetime | None, end: datetime | None) -> dict[str, datetime] | None:
    """The whole hours from `start` to `end`: where the first begins, where the one after them does."""
    first = start or datetime.combine(_FIRST_DATE, time())
    begun = first.replace(minute=0, second=0, microsecond=0)
    after = (end or datetime.combine(_LAST_DATE, time())).replace(minute=0, second=0, microsecond=0)
    # Asked before an hour is added, which the last one of the calendar does not bear.
    if begun >= after:
        return None
    return {"first_whole": begun if begun == first else begun + timedelta(hours=1), "after_whole": after}


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

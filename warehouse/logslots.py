"""What the rollup by facets tells of a filter: what its slots count of a window, and where matches lie."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from msgspec import Struct

Row = dict[str, Any]

#: Seconds of the rollup's slots, the longest first.
GRAINS = (3_600, 900)
#: From this length on a window is read by the hour.
_LONG = timedelta(days=2)
_TICK = timedelta(microseconds=1)
# Naive UTC, as DuckDB has it.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001
_OF_TIME = {"start", "end", "after_ts", "after_bucket", "after_key", "after_line"}
#: What a filter may restrict beside that for the rollup to know it.
FACETS = {"levels", "source", "status", "method", "package", "config_hash"}


class Queries(Protocol):
    """What runs the queries of sql/endpoints: the engine, or what a search found (`logfinds.Found`)."""

    def run(
        self, name: str, parameters: Mapping[str, Any] | None = None, *, since: date | None = None
    ) -> list[Row]:
        """The rows of one query that reads no slots before `since`."""


class Reach(Struct, frozen=True):
    """Where the matches of a filter lie, in whole slots, and the moment up to which they fill a page.

    `filled` is None where the facets do not know all of the filter.
    """

    oldest: datetime
    newest: datetime
    filled: datetime | None


def spans(parameters: Row, dates: list[Row], grain: int | None = None) -> Row:
    """The parameters of matching(…) for a filter (`logquery.filters`): the window and the slots in it.

    `dates` are the rows of endpoints/log_dates.sql. `grain` is 0 where slots would not do, and None where any
    will.
    """
    starts, ends = parameters["start"] or _EPOCH, parameters["end"] or _LAST
    if grain is None:
        grain = _grain(starts, ends)
    none = {"starts": starts, "ends": ends, "first_whole": starts, "after_whole": starts, "slot_grain": 0}
    if not grain or not dates or restricted(parameters) - FACETS:
        return none
    oldest, newest = min(row["first_ts"] for row in dates), max(row["last_ts"] for row in dates)
    # A slot that an edge of the window cuts is whole all the same where no entry lies beyond the edge.
    first = begun(oldest, grain) if starts <= oldest else ended(starts - _TICK, grain)
    after = ended(newest, grain) if ends >= newest else begun(ends + _TICK, grain)
    if first >= after:
        return none
    # Beyond the oldest and the newest entry there are no rows to look through.
    starts = max(starts, first) if starts <= oldest else starts
    ends = min(ends, after - _TICK) if ends >= newest else ends
    return {"starts": starts, "ends": ends, "first_whole": first, "after_whole": after, "slot_grain": grain}


def kept_since(spans: Row) -> datetime | None:
    """The first moment that matching(…) reads, when it reads slots alone (`Engine.run`)."""
    slots = spans["starts"] >= spans["first_whole"] and spans["ends"] < spans["after_whole"]
    first: datetime = spans["first_whole"]
    return first if slots else None


def reach(
    slots: Queries,
    parameters: Row,
    oldest: datetime,
    newest: datetime,
    limit: int,
    *,
    descending: bool,
    grain: int | None = None,
) -> Reach | None:
    """Where in [oldest, newest) a filter can have matches (endpoints/logs_reach.sql); None for nowhere.

    `slots` runs the query over slots of `grain` seconds: the rollup's own (None), or those of what was found.
    What the facets do not tell of the filter is left out, so that there may be less.
    """
    grain = grain or _grain(oldest, newest)
    window: Row = {
        "from_slot": begun(oldest, grain),
        "to_ts": newest,
        "edge_slot": begun(newest - _TICK if descending else oldest, grain),
        "slot_grain": grain,
        "descending": descending,
        "limit": limit + 1,
    }
    (row,) = slots.run("logs_reach", parameters | window, since=window["from_slot"])
    if row["first_slot"] is None:
        return None
    first, last = row["first_slot"], ended(row["last_slot"], grain)
    if restricted(parameters) - FACETS:
        return Reach(first, last, None)
    far_end = first if descending else last
    if row["reach"] is None:
        return Reach(first, last, far_end)
    return Reach(first, last, row["reach"] if descending else ended(row["reach"], grain))


def restricted(parameters: Row) -> set[str]:
    """What a filter restricts, its window and the place of its page aside."""
    return {name for name, value in parameters.items() if value is not None} - _OF_TIME


def fits(start: datetime, seconds: float, grain: int) -> bool:
    """Whether periods of `seconds` from `start` on consist of whole slots."""
    return seconds > 0 and seconds % grain == 0 and (start - _EPOCH) % timedelta(seconds=grain) == timedelta()


def _grain(starts: datetime, ends: datetime) -> int:
    """The slots by which a window is read that any slots will do for."""
    return GRAINS[0] if ends - starts > _LONG else GRAINS[-1]


def begun(moment: datetime, grain: int) -> datetime:
    """The beginning of the slot that holds a moment."""
    return moment - (moment - _EPOCH) % timedelta(seconds=grain)


def ended(moment: datetime, grain: int) -> datetime:
    """The end of the slot that holds a moment; its beginning where the calendar ends before."""
    start, length = begun(moment, grain), timedelta(seconds=grain)
    return start if start > _LAST - length else start + length

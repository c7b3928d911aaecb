"""What searches of the log viewer by text or response time found, kept for whoever asks about the same.

A page, its count, the histogram and the facets of one search rest on the same entries, and so do those of one
source or level among them: the messages are looked through once, into slots as the rollup `facets` has them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from warehouse import logslots, sqlfiles
from warehouse.engine import Engine, rows

Row = dict[str, Any]

#: Seconds of the slots by the length of the window, so that the periods of a histogram consist of whole ones.
_GRAINS = (
    (timedelta(hours=1), 30),
    (timedelta(hours=10), 60),
    (timedelta(days=2), 300),
    (timedelta(days=8), 900),
)
_LONGEST = 3_600
#: What a filter may restrict that no slots tell.
_TEXT = ("q", "min_response_ms", "term_1", "term_2", "term_3", "term_4", "without_1", "without_2")
#: Finds that are kept, and combinations of one (about 100 bytes each): a larger one saves nothing.
_MOST = 8
_MOST_ROWS = 200_000


class Found:
    """What a search found in a window, in the place of the rollup `facets`."""

    def __init__(self, engine: Engine, table: pa.Table, window: Row) -> None:
        self._engine = engine
        self._table = table
        self._window = window
        self.grain: int = window["slot_grain"]

    def run(
        self, name: str, parameters: Mapping[str, Any] | None = None, *, since: date | None = None
    ) -> list[Row]:
        """The rows of one query of sql/endpoints/, which reads what was found instead of the rollup."""
        with self._engine.staged("search", (), {}, [sqlfiles.read("endpoints", name)]) as con:
            con.register("facets", self._table)
            try:
                return rows(con, "endpoints", name, parameters or {})
            finally:
                con.unregister("facets")

    @staticmethod
    def facets(parameters: Row) -> Row:
        """A filter without what was searched for already."""
        return {name: parameters[name] if name in logslots.FACETS else None for name in parameters}

    def asked(self, parameters: Row) -> Row:
        """The parameters of matching(…) for a filter: its facets, and a window that is all slots."""
        starts, ends = self._window["starts"], self._window["ends"]
        return self.facets(parameters) | {
            "starts": parameters["start"] or starts,
            "ends": parameters["end"] or ends,
            "first_whole": logslots.begun(starts, self.grain),
            "after_whole": logslots.ended(ends, self.grain),
            "slot_grain": self.grain,
        }


class Finds:
    """The latest searches of one engine. Safe for use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: OrderedDict[tuple[Any, ...], Found | None] = OrderedDict()
        self._lock = threading.Lock()
        self._looking: dict[tuple[Any, ...], threading.Lock] = {}
        self._dates: tuple[int, list[Row]] = (-1, [])

    def dates(self) -> list[Row]:
        """The dates that have entries (endpoints/log_dates.sql): every question about logs needs them."""
        generation = self._engine.snapshot().generation
        if self._dates[0] != generation:
            self._dates = generation, self._engine.run("log_dates", since=date.min)
        return self._dates[1]

    def of(self, parameters: Row) -> Found | None:
        """What a filter (`logquery.filters`) finds; None where slots do not help.

        Who asks for what another one is looking for waits.
        """
        dates = self.dates()
        text = {name: parameters[name] for name in _TEXT if parameters[name] is not None}
        if not text or not dates:
            return None
        oldest, newest = min(row["first_ts"] for row in dates), max(row["last_ts"] for row in dates)
        starts, ends = max(parameters["start"] or oldest, oldest), min(parameters["end"] or newest, newest)
        if starts > ends:
            return None
        window = {"starts": starts, "ends": ends, "slot_grain": _grain(starts, ends)}
        key = (self._engine.snapshot().generation, starts, ends, *sorted(text.items()))
        with self._lock:
            looking = self._looking.setdefault(key, threading.Lock())
        with looking:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            try:
                table = self._look(text | window)
                found = None if table.num_rows > _MOST_ROWS else Found(self._engine, table, window)
                with self._lock:
                    self._kept[key] = found
                    while len(self._kept) > _MOST:
                        self._kept.popitem(last=False)
            finally:
                with self._lock:
                    self._looking.pop(key, None)
        return found

    def _look(self, asked: Row) -> pa.Table:
        with self._engine.staged("search", ("found",), asked, []) as con:
            return con.execute(f"SELECT * FROM search_found LIMIT {_MOST_ROWS + 1}").to_arrow_table()


def _grain(starts: datetime, ends: datetime) -> int:
    return next((grain for length, grain in _GRAINS if ends - starts <= length), _LONGEST)

"""The steps of a forecast and of a search for anomalies: which queries, in which order, with what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from warehouse import duck
from warehouse.engine import Engine, rows

Row = dict[str, Any]

#: Of the models and of the detector. A forecast of another version is none: it is made anew.
VERSION = "2"

#: `sql/forecast/`, in order; `input` is what they all rest on.
FORECAST = (
    "models", "filled", "cleaned", "samples", "origins", "equations", "fits", "lines", "paths",
    "weights", "combined", "spread", "misses", "edges", "told", "values", "backtest",
)  # fmt: skip
#: Hours that are held out for the backtest, and hours between its origins. The same for every series.
TUNING = {"holdout": 168, "spacing": 24}
#: Whole hours of history that a forecast takes at least; sql/forecast/input.sql keeps to it.
LEAST_HOURS = 3
#: Hours ahead that are stored: two days from now on, when the last sync is a day old.
HORIZON = 72
#: The longest way ahead that is computed when a question comes.
FARTHEST = 336

#: `sql/anomaly/`, in order.
ANOMALY = ("input", "usual", "distances", "scores", "judged", "new_errors", "silences", "stored")
#: Rows that a shift is made of, that a record is remembered, and that it silences lesser ones.
DETECTOR = {"smoothing": 3, "memory": 1000, "refractory": 8}


def newest(engine: Engine, now: datetime) -> Row:
    """Where a forecast would begin, and which is stored (sql/forecast/origin.sql); `now`: naive UTC."""
    return engine.run("origin", {"now": now, "version": VERSION}, folder="forecast")[0]


def history(engine: Engine, origin: datetime) -> Row:
    """The hours and entries that a forecast from `origin` (naive UTC) would rest on."""
    return engine.run("history", {"origin": origin}, folder="forecast")[0]


@contextmanager
def forecast(engine: Engine, origin: datetime, entries: int, horizon: int) -> Iterator[duck.Connection]:
    """A connection with a new forecast in `forecast_stored` and `…_described`; `entries`: of its history."""
    given = {**TUNING, "origin": origin, "entries": entries, "horizon": horizon, "version": VERSION}
    with engine.staged("forecast", ("input", *FORECAST, "stored", "described"), given) as con:
        yield con


@contextmanager
def on_the_fly(engine: Engine, origin: datetime, entries: int, horizon: int) -> Iterator[duck.Connection]:
    """The same, in the place of the tables that queries read."""
    with forecast(engine, origin, entries, horizon) as con:
        try:
            for table, step in (("forecasts", "stored"), ("forecast_models", "described")):
                con.execute(
                    f"CREATE OR REPLACE TEMP TABLE {table} AS"
                    f" SELECT *, CAST(issued AS DATE) AS date FROM forecast_{step}"
                )
            yield con
        finally:
            for table in ("forecasts", "forecast_models"):
                con.execute(f"DROP TABLE IF EXISTS temp.{table}")


@contextmanager
def anomalies(engine: Engine, origin: datetime, since: datetime) -> Iterator[duck.Connection]:
    """A connection with what was unusual from `since` to `origin` (naive UTC) in `anomaly_stored`."""
    given = {**DETECTOR, "origin": origin, "from": since, "version": VERSION}
    with engine.staged("anomaly", ANOMALY, given) as con:
        yield con


__all__ = [
    "FARTHEST",
    "HORIZON",
    "LEAST_HOURS",
    "VERSION",
    "anomalies",
    "forecast",
    "history",
    "newest",
    "on_the_fly",
    "rows",
]

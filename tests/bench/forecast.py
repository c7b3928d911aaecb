"""How good forecasts and anomaly scores are, on any hourly series, beside simple methods.

    python -m tests.bench.forecast                       # series that are generated: rhythms of a registry
    python -m tests.bench.forecast series.parquet --series series --time hour_index --value value
    python -m tests.bench.forecast series.parquet --first 6 --spikes 0.02
    python -m tests.bench.forecast series.parquet --skip 24   # as it was a day earlier

The last hours of each series are held out. OWA is the mean of sMAPE and MASE, each relative to Naive 2 (M4
competition); MASE in units of the in-sample error of the seasonal naive of 24 hours; MSIS for the 95 percent
interval; ECE is how far the told confidence is from the share that came true, in points, over ten classes.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from msgspec import Struct

from warehouse import duck, sqlfiles
from warehouse.forecast import steps

DAY = 24
Array = np.ndarray[Any, np.dtype[np.float64]]


class Told(Struct):
    """A forecast of one series, hour by hour."""

    value: Array
    low80: Array
    high80: Array
    low95: Array
    high95: Array
    confidence: Array


def generated(number: int, hours: int) -> dict[str, Array]:
    """Entries of registries: a day's and a week's rhythm, a slow drift, noise, and Poisson counts."""
    rng = np.random.default_rng(7)
    series = {}
    for index in range(number):
        t = np.arange(hours)
        day = rng.uniform(0.3, 1.2) * np.sin(2 * np.pi * (t - rng.integers(DAY)) / DAY)
        twice = 0.3 * np.sin(4 * np.pi * t / DAY + rng.uniform(0, 6))
        week = np.where((t // DAY) % 7 >= 5, rng.uniform(0.2, 0.9), 1.0)
        level = np.cumsum(rng.normal(0, 0.01, hours)) + rng.normal(0, 0.12, hours)
        rate = 10 ** rng.uniform(0.2, 3.7) * np.exp(day + twice + level) * week
        series[f"generated-{index:03}"] = rng.poisson(rate).astype(np.float64)
    return series


def from_file(path: str, names: tuple[str, str, str]) -> dict[str, Array]:
    """The series of a Parquet file, in order of time; times that are timestamps are averaged by the hour."""
    series, when, value = (f'"{name}"' for name in names)
    with closing(duck.connect()) as con:
        source = f"read_parquet({duck.quoted(path)})"
        kind = str(con.execute(f"SELECT {when} FROM {source} LIMIT 0").description[0][1])
        at = f"date_trunc('hour', {when})" if kind.startswith("TIMESTAMP") else when
        rows = con.execute(
            f"SELECT s, list(v ORDER BY t) FROM (SELECT {series} AS s, {at} AS t, avg({value}) AS v"
            f" FROM {source} GROUP BY ALL) GROUP BY s ORDER BY s"
        ).fetchall()
    return {str(name): np.array(values, dtype=np.float64) for name, values in rows}


@contextmanager
def staged(folder: str, table: pa.Table, parameters: dict[str, Any], names: tuple[str, ...]) -> Iterator[Any]:
    """A connection on which steps ran on a table; with the CPU seconds that it took."""
    with closing(duck.connect(threads=1)) as con:
        duck.register(con, "given", table)
        con.execute(f"CREATE TEMP TABLE {folder}_input AS SELECT * FROM given")
        begun = time.process_time()
        for name in names:
            text = sqlfiles.read(folder, name)
            values = {key: parameters[key] for key in sqlfiles.parameters(text)}
            con.execute(f"CREATE TEMP TABLE {folder}_{name} AS {text}", values)
        yield con, time.process_time() - begun


def ensemble(history: dict[str, Array], horizon: int) -> tuple[dict[str, Told], float]:
    """What the warehouse tells, and CPU seconds."""
    rows = [(name, t + 1, float(y)) for name, values in history.items() for t, y in enumerate(values)]
    columns = list(zip(*rows, strict=True))
    table = pa.table(
        {
            "series": pa.array(columns[0]),
            "t": pa.array(columns[1], pa.int32()),
            "y": pa.array(columns[2], pa.float64()),
        }
    )
    given = {**steps.TUNING, "horizon": horizon, "version": steps.VERSION}
    fields = ("value", "low80", "high80", "low95", "high95", "confidence")
    with staged("forecast", table, given, steps.FORECAST) as (con, seconds):
        lists = ", ".join(f"list({field} ORDER BY ahead)" for field in fields)
        found = con.execute(
            f"SELECT series, {lists} FROM forecast_values WHERE model = 'ensemble' GROUP BY series"
        ).fetchall()
    return {name: Told(*(np.array(values) for values in rest)) for name, *rest in found}, seconds


def naive2(history: Array, horizon: int) -> Array:
    """The M4 competition's yardstick: naive, after a seasonal adjustment where there is a season."""
    n = len(history)
    if n < 3 * DAY or (history <= 0).any():
        return np.full(horizon, history[-1])
    centred = history - history.mean()
    total = float((centred**2).sum())
    lags = [
        float((centred[k:] * centred[: n - k]).sum()) / total if total else 0.0 for k in range(1, DAY + 1)
    ]
    if abs(lags[-1]) <= 1.645 * np.sqrt((1 + 2 * sum(lag**2 for lag in lags[:-1])) / n):
        return np.full(horizon, history[-1])
    window = np.ones(DAY + 1)
    window[0] = window[-1] = 0.5
    trend = np.convolve(history, window / DAY, "valid")
    ratio = history[DAY // 2 : DAY // 2 + len(trend)] / trend
    place = (np.arange(len(ratio)) + DAY // 2) % DAY
    index = np.array([ratio[place == k].mean() for k in range(DAY)])
    index /= index.mean()
    return history[-1] / index[(n - 1) % DAY] * index[np.arange(n, n + horizon) % DAY]


def line(history: Array, horizon: int) -> Array:
    """A straight line through the last week."""
    last = history[-168:]
    slope, start = np.polyfit(np.arange(len(last)), last, 1)
    return np.maximum(0, start + slope * np.arange(len(last), len(last) + horizon))


def smape(came: Array, told: Array) -> float:
    return float(np.mean(200 * np.abs(came - told) / (np.abs(came) + np.abs(told) + 1e-12)))


def report(history: dict[str, Array], came: dict[str, Array], told: dict[str, Told], seconds: float) -> str:
    """The table of all methods, and the ensemble's calibration."""
    horizon = len(next(iter(came.values())))
    methods: dict[str, dict[str, Array]] = {
        "ensemble": {name: told[name].value[:horizon] for name in came},
        "Naive 2": {name: naive2(values, horizon) for name, values in history.items()},
        "naive": {name: np.full(horizon, values[-1]) for name, values in history.items()},
        "same hour yesterday": {name: np.resize(values[-DAY:], horizon) for name, values in history.items()},
        "linear": {name: line(values, horizon) for name, values in history.items()},
    }
    scale = {
        name: float(np.mean(np.abs(values[DAY:] - values[:-DAY]))) or 1.0 for name, values in history.items()
    }
    scores = {
        method: (
            np.mean([smape(came[name], values[name]) for name in came]),
            np.mean([np.mean(np.abs(came[name] - values[name])) / scale[name] for name in came]),
        )
        for method, values in methods.items()
    }
    base = scores["Naive 2"]
    lines = [f"{'':22}{'OWA':>8}{'MASE':>8}{'sMAPE':>8}"]
    for method, (percentage, scaled) in scores.items():
        owa = (percentage / base[0] + scaled / base[1]) / 2
        lines.append(f"{method:22}{owa:8.3f}{scaled:8.3f}{percentage:8.2f}")
    inside: dict[str, float] = {}
    msis, confidence, hits = [], [], []
    for width in ("80", "95"):
        inside[width] = 100 * float(
            np.mean(
                [
                    (came[n] >= getattr(told[n], f"low{width}")[:horizon])
                    & (came[n] <= getattr(told[n], f"high{width}")[:horizon])
                    for n in came
                ]
            )
        )
    for name, truth in came.items():
        one = told[name]
        low, high, value = one.low95[:horizon], one.high95[:horizon], one.value[:horizon]
        outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
        msis.append(float(np.mean(high - low + 40 * outside)) / scale[name])
        confidence.append(one.confidence[:horizon])
        hits.append(np.maximum(truth, value) <= 1.2 * np.minimum(truth, value) + 1e-9)
    sure, right = np.concatenate(confidence), np.concatenate(hits)
    classes = np.minimum(9, (sure // 10).astype(int))
    ece = sum(abs(sure[classes == k].sum() - 100 * right[classes == k].sum()) for k in range(10)) / len(sure)
    lines += [
        "",
        f"in the 95 percent interval {inside['95']:.1f} %, in the 80 percent interval {inside['80']:.1f} %,"
        f" MSIS {np.mean(msis):.2f}",
        f"confidence: told {sure.mean():.1f} %, came true {100 * right.mean():.1f} %, ECE {ece:.2f} points",
        f"{1000 * seconds / len(came):.1f} ms of CPU per series, all together on one thread",
    ]
    return "\n".join(lines)


def anomalies(series: dict[str, Array]) -> str:
    """How often the detector speaks, and how long it takes."""
    rows = [(name, t + 1, float(y)) for name, values in series.items() for t, y in enumerate(values[-720:])]
    columns = list(zip(*rows, strict=True))
    table = pa.table(
        {
            "series": pa.array(columns[0]),
            "metric": pa.array(["logs"] * len(rows)),
            "i": pa.array(columns[1], pa.int32()),
            "slot": pa.array([i * 3_600_000_000 for i in columns[1]], pa.timestamp("us")),
            "y": pa.array(columns[2], pa.float64()),
        }
    )
    with staged("anomaly", table, dict(steps.DETECTOR), ("usual", "distances", "scores")) as (con, seconds):
        found = con.execute(
            "SELECT 1000.0 * count(*) FILTER (WHERE score >= 0.5556 AND i > 168)"
            " / count(*) FILTER (WHERE i > 168) FROM anomaly_scores"
        ).fetchone()
    return (
        f"anomalies: {found[0]:.2f} of 1,000 hours, {1000 * seconds / len(series):.1f} ms of CPU per series"
    )


def alone(history: dict[str, Array]) -> str:
    """The CPU time of one series of 720 hours by itself, where planning counts, too."""
    values = next(iter(history.values()))[-720:]
    forecasts, scores = [], []
    for _ in range(7):
        forecasts.append(ensemble({"one": values}, steps.HORIZON)[1])
        scores.append(float(re.findall(r"([\d.]+) ms", anomalies({"one": values}))[0]))
    return (
        f"one series of {len(values)} hours alone: forecast {1000 * np.median(forecasts):.1f} ms,"
        f" anomalies {np.median(scores):.1f} ms of CPU"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "file", nargs="?", help="Parquet of series, time, value; without it series are generated"
    )
    parser.add_argument("--series", default="series", help="column that names the series")
    parser.add_argument("--time", default="time", help="column of the time: hours in order, or timestamps")
    parser.add_argument("--value", default="value", help="column of the value")
    parser.add_argument("--hold", type=int, default=48, help="hours held out")
    parser.add_argument("--skip", type=int, default=0, help="hours at the end that are left out altogether")
    parser.add_argument("--first", type=int, help="score only so many of them")
    parser.add_argument(
        "--spikes", type=float, default=0, help="share of the history to multiply by 10 or 0.1"
    )
    asked = parser.parse_args()
    series = (
        from_file(asked.file, (asked.series, asked.time, asked.value))
        if asked.file
        else generated(100, 720 + asked.hold + 7 * DAY)
    )
    series = {name: values[: len(values) - asked.skip] for name, values in series.items()}
    if not asked.file:
        series = {name: values[-720 - asked.hold :] for name, values in series.items()}
    series = {name: values for name, values in series.items() if len(values) > asked.hold + 2 * DAY}
    history = {name: values[: -asked.hold].copy() for name, values in series.items()}
    came = {name: values[-asked.hold :][: asked.first] for name, values in series.items()}
    rng = np.random.default_rng(3)
    struck = {}
    for name, values in history.items():
        hit = rng.random(len(values)) < asked.spikes
        struck[name] = np.where(hit, values * rng.choice([10.0, 0.1], len(values)), values)
    told, seconds = ensemble(struck, asked.hold)
    scored = f", the first {asked.first} scored" if asked.first else ""
    print(f"{len(series)} series, the last {asked.hold} hours held out{scored}\n")
    print(report(history, came, told, seconds))
    print(anomalies(series))
    print(alone(history))


if __name__ == "__main__":
    main()

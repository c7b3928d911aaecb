"""Forecasts of generated series whose truth is known: better than naive, and honest about it."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from tests.forecast.conftest import Rows, Steps
from warehouse import duck
from warehouse.forecast import steps

HOURS, AHEAD, SERIES = 720, 48, 24


def rhythm(seed: int) -> np.ndarray:
    """A registry's hour by hour: a day's and a week's rhythm, noise, now and then a slow drift."""
    rng = np.random.default_rng(seed)
    t = np.arange(HOURS + AHEAD)
    day = rng.uniform(0.3, 1.2) * np.sin(2 * np.pi * (t - rng.integers(24)) / 24)
    week = np.where((t // 24) % 7 >= 5, rng.uniform(0.2, 0.9), 1.0)
    noise = np.cumsum(rng.normal(0, 0.01, t.size)) + rng.normal(0, 0.1, t.size)
    return rng.poisson(10 ** rng.uniform(1.0, 3.5) * np.exp(day + noise) * week).astype(float)


def forecast(stage: Steps, series: dict[str, np.ndarray]) -> dict[str, Rows]:
    stage.hours(**{name: values[:-AHEAD].tolist() for name, values in series.items()})
    rows = stage.run(*steps.FORECAST[:-1], horizon=AHEAD, order="series, ahead")
    return {model: [row for row in rows if row["model"] == model] for model in ("ensemble", "linear")}


@pytest.fixture(scope="module")
def told() -> tuple[dict[str, Rows], np.ndarray]:
    """Forecasts by model, and what came, in the same order."""
    series = {f"s{seed:02}": rhythm(seed) for seed in range(SERIES)}
    yesterday = [{"value": y} for values in series.values() for y in np.tile(values[-AHEAD - 24 : -AHEAD], 2)]
    with closing(duck.connect(threads=2)) as con:
        found = forecast(Steps(con), series) | {"same-hour-yesterday": yesterday}
        return found, np.concatenate([values[-AHEAD:] for values in series.values()])


def error(rows: Rows, came: np.ndarray) -> float:
    """Symmetric mean absolute percentage error."""
    value = np.array([row["value"] for row in rows])
    return float(np.mean(200 * np.abs(value - came) / (value + came + 1e-9)))


def test_the_ensemble_beats_the_naive_and_the_line(told: tuple[dict[str, Rows], np.ndarray]) -> None:
    rows, came = told
    ensemble = error(rows["ensemble"], came)
    assert ensemble < 0.9 * error(rows["same-hour-yesterday"], came)
    assert ensemble < 0.6 * error(rows["linear"], came)


@pytest.mark.parametrize(("width", "least", "most"), [("95", 92, 100), ("80", 76, 94)])
def test_intervals_hold_what_they_say(
    told: tuple[dict[str, Rows], np.ndarray], width: str, least: float, most: float
) -> None:
    rows, came = told
    low = np.array([row[f"low{width}"] for row in rows["ensemble"]])
    high = np.array([row[f"high{width}"] for row in rows["ensemble"]])
    assert least <= 100 * np.mean((came >= low) & (came <= high)) <= most


def test_confidence_is_about_the_share_that_comes_true(told: tuple[dict[str, Rows], np.ndarray]) -> None:
    rows, came = told
    value = np.array([row["value"] for row in rows["ensemble"]])
    confidence = np.array([row["confidence"] for row in rows["ensemble"]])
    hits = 100 * np.mean(np.maximum(value, came) <= 1.2 * np.minimum(value, came))
    assert abs(confidence.mean() - hits) < 10


def test_spikes_in_the_history_do_little_harm(stage: Steps) -> None:
    clean = {f"s{seed}": rhythm(seed) for seed in range(6)}
    rng = np.random.default_rng(3)
    spiked = {}
    for name, values in clean.items():
        factor = np.ones(values.size)
        struck = rng.random(HOURS) < 0.02
        factor[:HOURS][struck] = rng.choice([10, 0.1], struck.sum())
        spiked[name] = values * factor
    came = np.concatenate([values[-AHEAD:] for values in clean.values()])
    before = error(forecast(stage, clean)["ensemble"], came)
    assert error(forecast(stage, spiked)["ensemble"], came) < 1.25 * before


@pytest.mark.parametrize("hours", [3, 4, 8, 14, 27, 28, 50, 100, 170, 337, 400])
def test_any_length_of_history_gives_every_hour(stage: Steps, hours: int) -> None:
    stage.hours(a=rhythm(1)[:hours].tolist())
    rows = stage.run(*steps.FORECAST[:-1], horizon=72, order="ahead")
    ensemble = [row for row in rows if row["model"] == "ensemble"]
    assert [row["ahead"] for row in ensemble] == list(range(1, 73))
    for row in ensemble:
        assert 0 <= row["low95"] <= row["low80"] <= row["value"] <= row["high80"] <= row["high95"]
        assert 0 < row["confidence"] < 100


def test_few_hours_make_nobody_sure(stage: Steps) -> None:
    stage.hours(a=[5.0, 5.0, 5.0])
    rows = stage.run(*steps.FORECAST[:-1], order="ahead")
    first = next(row for row in rows if row["model"] == "ensemble")
    assert first["value"] == pytest.approx(5)
    assert first["confidence"] <= 67
    assert first["high95"] > 6


def test_constant_and_empty_series_are_told_as_they_are(stage: Steps) -> None:
    stage.hours(none=[0.0] * 720, same=[7.0] * 720)
    rows = stage.run(*steps.FORECAST, horizon=48)
    assert {row["series"] for row in rows} == {"none", "same"}
    values = stage.con.execute(
        "SELECT series, min(value), max(value) FROM forecast_values WHERE model = 'ensemble'"
        " GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert values == [("none", 0.0, 0.0), ("same", pytest.approx(7), pytest.approx(7))]


def test_what_was_filled_in_is_not_scored(stage: Steps) -> None:
    values: list[float | None] = rhythm(2)[:HOURS].tolist()
    values[-100:-90] = [None] * 10
    stage.hours(a=values)
    stage.run(*steps.FORECAST[:-1])
    scored = stage.con.execute("SELECT DISTINCT origin + ahead FROM forecast_misses").fetchall()
    assert not {t for (t,) in scored} & set(range(HOURS - 99, HOURS - 89))

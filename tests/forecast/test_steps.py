"""Each step of a forecast, by hand."""

from __future__ import annotations

from math import log, sqrt

import pytest

from tests.forecast.conftest import Steps


def test_filled_takes_the_same_hour_of_the_day_before(stage: Steps) -> None:
    """forecast/filled"""
    day = [float(hour) for hour in range(24)]
    stage.hours(a=[*day, None, 100.0, None], b=[None, 7.0, None])
    found = {(row["series"], row["t"]): (row["y"], row["observed"]) for row in stage.run("filled")}
    assert found["a", 25] == (0.0, False)  # as at t = 1
    assert found["a", 26] == (100.0, True)
    assert found["a", 27] == (2.0, False)
    assert found["b", 3] == (7.0, False)  # no such hour before: the last value known
    assert found["b", 1] == (0.0, False)  # nothing before, no such hour later


def test_cleaned_smooths_a_spike_and_keeps_a_rhythm(stage: Steps) -> None:
    """forecast/cleaned"""
    rhythm = [100.0 + 10 * (t % 24) for t in range(96)]
    spiked = [*rhythm]
    spiked[50] *= 10
    stage.hours(calm=rhythm, spiked=spiked, rare=[0.0] * 95 + [50.0])
    rows = stage.run("filled", "cleaned", order="series, t")
    spikes = [(row["series"], row["t"]) for row in rows if row["spike"]]
    assert spikes == [("spiked", 51)]
    smoothed = next(row["y"] for row in rows if row["spike"])
    assert smoothed == pytest.approx(rhythm[50], rel=0.1)
    assert [row["y"] for row in rows if row["series"] == "calm"] == pytest.approx(rhythm)


def test_samples_are_in_standard_units_twice(stage: Steps) -> None:
    """forecast/samples"""
    stage.hours(a=[0.0, 0.0, 2.0, 2.0])
    rows = stage.run("filled", "cleaned", "samples", order="cut")
    whole, held = rows
    assert (whole["cut"], whole["n"], whole["m"], whole["tried"]) == (0, 4, 4, 2)
    assert (held["cut"], held["n"], held["m"], held["tried"]) == (2, 4, 2, 2)
    # ln 1, ln 1, ln 3, ln 3: mean ln(3)/2, deviation ln(3)/sqrt(3).
    assert whole["mean"] == pytest.approx(log(3) / 2)
    assert whole["deviation"] == pytest.approx(log(3) / sqrt(3))
    assert whole["x"] == pytest.approx([-sqrt(3) / 2, -sqrt(3) / 2, sqrt(3) / 2, sqrt(3) / 2])
    assert whole["highest"] == pytest.approx(sqrt(3) / 2 + 0.5)
    assert held["mean"] == 0


@pytest.mark.parametrize(
    ("hours", "held_out"), [(3, 1), (27, 13), (28, 3), (49, 24), (100, 50), (200, 72), (400, 100), (720, 168)]
)
def test_samples_hold_out_less_of_a_short_history(stage: Steps, hours: int, held_out: int) -> None:
    stage.hours(a=[1.0] * hours)
    assert max(row["cut"] for row in stage.run("filled", "cleaned", "samples")) == held_out


def test_origins_are_spread_over_what_was_held_out(stage: Steps) -> None:
    """forecast/origins"""
    stage.hours(a=[1.0] * 720, b=[1.0] * 8)
    rows = stage.run("filled", "cleaned", "samples", "origins")
    assert sorted(row["origin"] for row in rows if (row["series"], row["cut"]) == ("a", 168)) == [
        552, 576, 600, 624, 648, 672, 696,
    ]  # fmt: skip
    assert sorted(row["origin"] for row in rows if (row["series"], row["cut"]) == ("b", 4)) == [4, 5, 6, 7]
    assert [row["origin"] for row in rows if (row["series"], row["cut"]) == ("b", 0)] == [8]


def test_equations_are_those_of_weighted_least_squares(stage: Steps) -> None:
    """forecast/models, forecast/equations"""
    models = stage.run("models")
    assert {row["model"] for row in models} >= {"autoregression", "same-hour-yesterday", "usual-hour"}
    stage.given(
        "forecast", "models",
        "SELECT 'm' AS model, [1] AS lags, 0.25 AS discount, CAST(NULL AS DOUBLE[]) AS coefficients,"
        " true AS carries, 1 AS least, 99 AS most",
    )  # fmt: skip
    stage.given(
        "forecast", "samples",
        "SELECT 'a' AS series, 0 AS cut, 3 AS n, 3 AS tried, 3 AS m, CAST([1, 2, 4] AS DOUBLE[]) AS x",
    )  # fmt: skip
    # Two hours can be told of: hour 2 counts 0.25 in the squares, half in the values; hour 3 counts whole.
    # The columns: 0.5 and 2 (the hour before), 0.5 and 1 (the intercept), 1 and 4 (the hour itself).
    system = stage.run("equations")[0]["system"]
    penalty = 2e-5
    assert system[0] == pytest.approx([4.25 + penalty, 2.25, 8.5])
    assert system[1] == pytest.approx([2.25, 1.25 + penalty, 4.5])


def test_fits_find_the_coefficients_that_made_a_series(stage: Steps) -> None:
    """forecast/fits"""
    stage.given(
        "forecast", "models",
        "SELECT 'm' AS model, [1, 2] AS lags, 1.0 AS discount, CAST(NULL AS DOUBLE[]) AS coefficients,"
        " true AS carries, 1 AS least, 999 AS most",
    )  # fmt: skip
    x = [1.0, 0.2]
    for _ in range(100):
        x.append(0.5 * x[-1] - 0.8 * x[-2] + 0.3)
    stage.con.execute(
        "CREATE OR REPLACE TEMP TABLE forecast_samples AS SELECT 'a' AS series, 0 AS cut, 102 AS n,"
        " 102 AS tried, 102 AS m, CAST($x AS DOUBLE[]) AS x",
        {"x": x},
    )
    row = stage.run("equations", "fits")[0]
    assert row["coefficients"] == pytest.approx([0.5, -0.8, 0.3], abs=1e-3)
    assert 0 <= row["carry"] <= 0.99


def test_lines_are_fitted_by_least_squares(stage: Steps) -> None:
    """forecast/lines"""
    stage.hours(a=[1.0, 4.0, 4.0, 7.0], b=[1.0])
    rows = stage.run("filled", "cleaned", "samples", "origins", "lines", order="series, cut")
    (line,) = [row for row in rows if row["cut"] == 0]  # one point is no line
    # Around the mean 4 at t = 2.5: slope (1.5 x 3 + 1.5 x 3) / 5 = 1.8; at t = 4, 4 + 1.8 x 1.5.
    assert (line["slope"], line["intercept"]) == (pytest.approx(1.8), pytest.approx(6.7))
    # 18 in all, 1.8^2 x 5 = 16.2 explained; 1.8 left over by 2 degrees.
    assert line["r2"] == pytest.approx(0.9)
    assert line["residual"] == pytest.approx(sqrt(0.9))
    assert (line["hours"], line["middle"], line["squares"]) == (4, -1.5, 5)


def test_paths_go_on_from_each_origin(stage: Steps) -> None:
    """forecast/paths"""
    day = [float(10 + hour) for hour in range(24)]
    stage.hours(a=[*day, *day, *day, *day[:4]])
    rows = stage.run(
        "models", "filled", "cleaned", "samples", "origins", "equations", "fits", "lines", "paths"
    )
    ahead = {
        row["ahead"]: row["x"] for row in rows if row["cut"] == 0 and row["model"] == "same-hour-yesterday"
    }
    assert [round(ahead[h], 9) for h in range(1, 7)] == [round(log(1 + day[h + 3]), 9) for h in range(1, 7)]
    last = {row["x"] for row in rows if row["cut"] == 0 and row["model"] == "last-hour"}
    assert {round(x, 9) for x in last} == {round(log(14), 9)}
    tried = [row for row in rows if row["cut"] > 0 and row["model"] == "same-hour-yesterday"]
    assert all(row["x"] == pytest.approx(row["came"]) for row in tried)
    assert max(row["origin"] + row["ahead"] for row in tried) == 76


def test_weights_are_the_inverse_squares_of_errors(stage: Steps) -> None:
    """forecast/weights, forecast/combined"""
    stage.given(
        "forecast", "paths",
        """SELECT * FROM (VALUES
            ('a', 'good', 9, 5, 1, 1.0, 1.5), ('a', 'bad', 9, 5, 1, 1.0, 2.0),
            ('a', 'good', 0, 9, 1, 3.0, NULL), ('a', 'bad', 0, 9, 1, 8.0, NULL)
        ) AS p (series, model, cut, origin, ahead, x, came)""",
    )  # fmt: skip
    weights = {row["model"]: row["weight"] for row in stage.run("weights")}
    assert weights == {"good": pytest.approx(4, rel=1e-4), "bad": pytest.approx(1, rel=1e-4)}
    # A line that falls by 4 an hour to 3, at an hour of which 1 came; from the end on it would be below zero.
    stage.given(
        "forecast", "lines",
        "SELECT * FROM (VALUES ('a', 9, 5, 7.0, -4.0), ('a', 0, 9, 1.0, -4.0))"
        " AS l (series, cut, origin, intercept, slope)",
    )  # fmt: skip
    stage.given(
        "forecast", "samples",
        "SELECT 'a' AS series, unnest([0, 9]) AS cut, 6 AS n, [0.0, 0.0, 0.0, 0.0, 0.0, ln(2)] AS came",
    )  # fmt: skip
    rows = stage.run("combined", horizon=1)
    told = {(row["model"], row["cut"]): (row["x"], row["error"]) for row in rows}
    assert told["ensemble", 0] == (pytest.approx((4 * 3 + 8) / 5, rel=1e-4), None)
    assert told["linear", 0] == (0.0, None)
    assert told["linear", 9] == (pytest.approx(log(4)), pytest.approx(log(2) - log(4)))
    assert told["ensemble", 9] == (pytest.approx(1.0), pytest.approx(0.5))


def combined(stage: Steps, errors: list[float], hours: int = 1000) -> None:
    """Errors of the backtest at one hour ahead, from as many origins; the forecast itself says ln 11."""
    rows = ", ".join(f"('a', 'ensemble', 9, {n}, 1, {log(11)}, {error})" for n, error in enumerate(errors))
    stage.given(
        "forecast", "combined",
        f"SELECT * FROM (VALUES {rows}, ('a', 'ensemble', 0, {hours}, 1, {log(11)}, NULL),"
        f" ('a', 'ensemble', 0, {hours}, 4, {log(11)}, NULL))"
        " AS c (series, model, cut, origin, ahead, x, error)",
    )  # fmt: skip
    stage.given(
        "forecast", "origins",
        "SELECT DISTINCT series, cut, origin FROM forecast_combined",
    )  # fmt: skip


def test_spread_is_the_mean_error_and_grows_beyond_what_was_tried(stage: Steps) -> None:
    """forecast/spread"""
    combined(stage, [0.1, -0.3])
    rows = {row["ahead"]: row["spread"] for row in stage.run("spread")}
    assert rows == {1: pytest.approx(0.2), 4: pytest.approx(0.4)}


def test_spread_of_few_hours_that_agree_is_not_nothing(stage: Steps) -> None:
    combined(stage, [0.0, 0.0], hours=4)
    assert stage.run("spread", order="ahead")[0]["spread"] == pytest.approx(0.05)


def test_what_is_missed_is_measured_by_the_errors_of_the_other_origins(stage: Steps) -> None:
    """forecast/misses: the spread is 0.2; the first origin is measured by 0.3, the second by 0.1."""
    combined(stage, [0.1, -0.3])
    misses = stage.run("spread", "misses", order="origin")
    assert [row["miss"] for row in misses] == pytest.approx([0.1 / 0.3, -0.3 / 0.1])


def test_what_is_missed_from_one_origin_alone_is_measured_by_itself(stage: Steps) -> None:
    combined(stage, [0.1])
    assert stage.run("spread", "misses")[0]["miss"] == pytest.approx(1)


def test_half_of_the_spread_is_the_least_measure(stage: Steps) -> None:
    combined(stage, [0.0, 0.0, 0.6])
    misses = stage.run("spread", "misses", order="origin")
    assert misses[2]["miss"] == pytest.approx(0.6 / 0.2 / 0.5)


def test_edges_and_values_come_from_the_misses(stage: Steps) -> None:
    """forecast/misses, forecast/edges, forecast/told, forecast/values"""
    combined(stage, [0.1, -0.1, 0.1, -0.1])
    stage.given(
        "forecast", "lines",
        "SELECT 'a' AS series, 0 AS cut, 1.0 AS residual, 5 AS hours, 0.0 AS middle, 1.0 AS squares,"
        " [1.0, 1.0] AS t"
        " WHERE false",
    )  # fmt: skip
    misses = stage.run("spread", "misses", order="origin")
    assert [row["miss"] for row in misses] == pytest.approx([1, -1, 1, -1])
    of = {row["origin"]: row for row in stage.run("edges")}
    assert of[0]["edge80"] == pytest.approx(1.6 * (1 + 0.25 / sqrt(3)))  # from the three others
    edges = of[1000]
    # The quantiles are 1: less than those of a normal distribution; four origins widen by an eighth.
    assert edges["edge80"] == pytest.approx(1.6 * 1.125)
    assert edges["edge95"] == pytest.approx(2.8 * 1.125)
    first = stage.run("told", "values", order="ahead")[0]
    assert first["value"] == pytest.approx(10)
    assert first["high80"] == pytest.approx(11 * 2.718281828 ** (0.1 * 1.8) - 1)
    assert first["low95"] == pytest.approx(11 * 2.718281828 ** (-0.1 * 2.8 * 1.125) - 1)
    # 11 x exp(0.106) - 1 = 11.2 and 11 x exp(-0.106) - 1 = 8.9: all four within a factor 1.2, and 5 of 6.
    assert first["confidence"] == pytest.approx(100 * 5 / 6)


def test_a_line_has_the_interval_of_the_textbook(stage: Steps) -> None:
    stage.hours(a=[1.0, 4.0, 4.0, 7.0])
    rows = stage.run(
        "models", "filled", "cleaned", "samples", "origins", "equations", "fits", "lines", "paths",
        "weights", "combined", "spread", "misses", "edges", "told", "values",
    )  # fmt: skip
    first = next(row for row in rows if row["model"] == "linear" and row["ahead"] == 1)
    assert first["value"] == pytest.approx(8.5)
    error = sqrt(0.9) * sqrt(1 + 1 / 4 + 2.5**2 / 5)
    assert first["high95"] == pytest.approx(8.5 + 4.303 * error, rel=0.06)  # t of 2 degrees, nearly
    assert first["high95"] - first["value"] == pytest.approx(first["value"] - first["low95"])


def test_backtest_measures_the_errors(stage: Steps) -> None:
    """forecast/backtest"""
    combined(stage, [0.1, -0.1, 0.1, -0.1])
    stage.hours(a=[5.0, 7.0, 5.0, 7.0])
    row = stage.run("filled", "cleaned", "samples", "spread", "misses", "edges", "backtest")[0]
    up, down = 11 * 2.718281828**0.1 - 1, 11 * 2.718281828**-0.1 - 1
    assert row["hours"] == 4
    # From hour to hour the series moves by 2.
    assert row["mase"] == pytest.approx(((up - 10) + (10 - down)) / 2 / 2)
    assert row["smape"] == pytest.approx(100 * ((up - 10) / (up + 10) + (10 - down) / (10 + down)))
    assert (row["coverage80"], row["coverage95"]) == (100, 100)

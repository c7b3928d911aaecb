"""Each step of the search for anomalies, by hand; and that it looks back only."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest

from tests.forecast.conftest import START, Rows, Steps

STEPS = ("usual", "distances", "scores")


def noisy(hours: int, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [100 + 50 * math.sin(t * math.pi / 12) + rng.gauss(0, 5) for t in range(hours)]


def judged(stage: Steps, values: list[float], name: str = "logs") -> Rows:
    stage.rows(**{name: values})
    return stage.run(*STEPS, "judged", folder="anomaly", order="slot")


def test_usual_looks_at_the_same_hour_of_the_days_before(stage: Steps) -> None:
    """anomaly/usual"""
    stage.rows(a=[float(t) for t in range(73)])
    row = stage.run("usual", folder="anomaly", order="i")[72]
    # Hour 72 has 0, 24 and 48 before it.
    assert (row["usual"], row["seen"], row["deviation"]) == (24, 3, 24)
    assert (row["highest"], row["lowest"]) == (71, 0)


def test_usual_tells_weekends_from_weekdays(stage: Steps) -> None:
    stage.rows(a=[float(t // 24) for t in range(24 * 8 + 1)])  # from a Monday to the Monday after next
    rows = stage.run("usual", folder="anomaly", order="i")
    assert rows[24 * 6]["usual_kind"] == 5  # Sunday: only Saturday before
    assert rows[24 * 7]["usual_kind"] == 2  # Monday: the median of 0 to 4


def test_distances_are_in_units_of_what_is_usual(stage: Steps) -> None:
    """anomaly/distances"""
    stage.rows(a=[10.0] * 48 + [16.0])
    row = stage.run("usual", "distances", folder="anomaly", order="i")[48]
    assert (row["point"], row["kind"]) == (6, 6)
    # Nothing ever deviated: the unit is next to nothing, and the mean of the last three is a third of it.
    assert row["shift"] == pytest.approx(6 / row["unit"] / 3)


def test_scores_compare_with_the_record(stage: Steps) -> None:
    """anomaly/scores"""
    stage.given(
        "anomaly", "distances",
        """SELECT * FROM (VALUES
            ('a', 1, TIMESTAMP '2026-01-01 00:00', 5.0, 5.0, 1.0, NULL, NULL, NULL, NULL, NULL, 1.5),
            ('a', 2, TIMESTAMP '2026-01-01 01:00', 7.0, 5.0, 1.0, 5.0, 5.0, 2.0, NULL, 1.0, 1.5),
            ('a', 3, TIMESTAMP '2026-01-01 02:00', 9.0, 5.0, 1.0, 7.0, 5.0, 4.0, NULL, 1.0, 1.5),
            ('a', 4, TIMESTAMP '2026-01-01 03:00', 8.0, 5.0, 1.0, 9.0, 5.0, 3.0, NULL, 1.0, 1.5)
        ) AS d (series, i, slot, y, usual, unit, highest, lowest, point, kind, shift, tolerance)""",
    )  # fmt: skip
    rows = stage.run("scores", folder="anomaly", order="i")
    # Row 2 lies 0.5 beyond a range of 0 and the 1.5 that may always happen: 1 + 0.5 / 1.5 = 4/3, score 4/7.
    # Row 3 is twice as far from usual as the record: strength 2. Row 4 is weaker, and so near it is silenced.
    assert [row["strength"] for row in rows] == pytest.approx([0, 4 / 3, 2, 0.75], abs=1e-9)
    assert [row["score"] for row in rows] == pytest.approx([0, 4 / 7, 2 / 3, 0], abs=1e-9)
    assert [row["signal"] for row in rows[1:3]] == ["range", "point"]


@pytest.mark.parametrize(("last", "found"), [(2.0, False), (14.0, True)])
def test_what_was_always_the_same_may_differ_a_little(stage: Steps, last: float, found: bool) -> None:
    # Three standard deviations of a count that is usually 0 are 3.
    row = judged(stage, [*[0.0] * 300, last], "errors")[-1]
    assert row["anomaly"] is found


def test_a_value_beyond_all_before_is_an_anomaly_and_says_why(stage: Steps) -> None:
    """anomaly/judged"""
    values = [*noisy(400), 900.0]
    row = judged(stage, values)[-1]
    assert row["anomaly"] is True
    assert row["score"] > 0.8
    assert row["value"] == 900
    assert row["expected_low"] < values[400 - 24] < row["expected_high"]
    assert row["since"] == START + timedelta(hours=400)
    assert row["reason"].startswith("log entries 900: ")
    assert f"usually {round(row['usual'])}" in row["reason"]


def test_nothing_is_an_anomaly_in_the_first_week(stage: Steps) -> None:
    assert not any(row["anomaly"] for row in judged(stage, [*noisy(160), 900.0]))


@pytest.mark.parametrize(("name", "found"), [("logs", True), ("errors", False), ("responseTime", False)])
def test_fewer_errors_and_faster_answers_are_no_anomaly(stage: Steps, name: str, found: bool) -> None:
    assert judged(stage, [*noisy(400), 0.0], name)[-1]["anomaly"] is found


def test_since_is_when_the_run_began(stage: Steps) -> None:
    rows = judged(stage, [*noisy(400), 300.0, 400.0, 1500.0])
    assert {row["since"] for row in rows[400:]} == {START + timedelta(hours=400)}


@pytest.mark.parametrize("kept", [1, 50, 200, 399])
def test_later_rows_change_no_earlier_score(stage: Steps, kept: int) -> None:
    rng = random.Random(7)
    values = [value * (rng.choice([0.1, 8]) if rng.random() < 0.02 else 1) for value in noisy(400)]
    whole = judged(stage, values)[:kept]
    assert judged(stage, values[:kept]) == whole

"""GET /analytics/predict?model=linear: endpoints/predict, forecast/input."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, millis, utc

START = utc("2026-03-01T22:00:00")


def fill(
    builder: Builder, logs: list[int], errors: list[int] | None = None, mbs: list[int] | None = None
) -> None:
    """So many entries in each hour from START on, so many of them errors, and so many MB stored."""
    errors = errors or [0] * len(logs)
    mbs = mbs or [0] * len(logs)
    for hour, (total, bad, mb) in enumerate(zip(logs, errors, mbs, strict=True)):
        at = START + timedelta(hours=hour, minutes=30)
        builder.put([log(at, "error" if n < bad else "info") for n in range(total)], size=mb * MB, stored=at)


def predicted(builder: Builder, synced: Open, hours: int, *, after: float) -> dict[str, Any]:
    return synced(builder).outlook.predict(hours, START + timedelta(hours=after), "linear")


def test_a_perfect_line_is_carried_on_exactly(builder: Builder, synced: Open) -> None:
    # Hour i has 2i + 2 entries, i errors and i + 1 MB; the hours ahead are 5, 6 and 7.
    fill(builder, [2, 4, 6, 8, 10], [0, 1, 2, 3, 4], [1, 2, 3, 4, 5])
    answer = predicted(builder, synced, 3, after=5.5)
    assert answer["horizon"] == "3 hours"
    assert answer["prediction"] == {
        "predictedLogs": 42,  # 12 + 14 + 16
        "predictedErrors": 18,  # 5 + 6 + 7
        "predictedStorage": pytest.approx(21),  # 6 + 7 + 8
        # Of the backtest's three hours all were met, and one hit and one failure are added: 4 of 5.
        "confidence": pytest.approx(80),
    }
    assert answer["reason"] == "a straight line through the last 5 hours"
    logs = answer["series"][0]
    assert (logs["metric"], logs["slope"], logs["r2"]) == ("logs", pytest.approx(2), pytest.approx(1))
    # Nothing is left over, so that the interval of a perfect line has no width.
    assert (logs["path"][0]["low95"], logs["path"][0]["high95"]) == (pytest.approx(12), pytest.approx(12))
    assert logs["path"][0]["time"] == millis("2026-03-02T03:00:00")


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (0.5, "no whole hour of history"),
        (1.5, "only 1 whole hours of history, 3 are needed"),
        (2.99, "only 2 whole hours of history, 3 are needed"),
    ],
)
def test_with_fewer_than_three_whole_hours_everything_is_zero(
    builder: Builder, synced: Open, after: float, reason: str
) -> None:
    fill(builder, [5, 7, 9], [1, 1, 1], [1, 1, 1])
    answer = predicted(builder, synced, 6, after=after)
    assert answer["prediction"] == {
        "predictedLogs": 0,
        "predictedErrors": 0,
        "predictedStorage": 0,
        "confidence": 0,
    }
    assert answer["reason"] == reason


def test_three_whole_hours_are_enough(builder: Builder, synced: Open) -> None:
    fill(builder, [5, 7, 9])
    assert predicted(builder, synced, 1, after=3)["prediction"]["predictedLogs"] == 11


def test_the_hour_that_is_running_does_not_count(builder: Builder, synced: Open) -> None:
    fill(builder, [5, 5, 5, 1000])
    assert predicted(builder, synced, 2, after=3.9)["prediction"]["predictedLogs"] == 10


def test_a_falling_line_never_goes_below_zero(builder: Builder, synced: Open) -> None:
    # The line goes on with 1, 0, -1, -2; what is below zero counts as zero.
    fill(builder, [5, 4, 3, 2], [5, 4, 3, 2], [5, 4, 3, 2])
    prediction = predicted(builder, synced, 4, after=4)["prediction"]
    assert (prediction["predictedLogs"], prediction["predictedErrors"]) == (1, 1)
    assert prediction["predictedStorage"] == pytest.approx(1)


def test_hours_without_entries_count_as_zero(builder: Builder, synced: Open) -> None:
    # 1, 0, 0, 1: a flat line at 0.5.
    fill(builder, [1, 0, 0, 1])
    prediction = predicted(builder, synced, 4, after=4)["prediction"]
    assert prediction["predictedLogs"] == 2


def test_silence_since_the_last_entry_counts_as_zero_too(builder: Builder, synced: Open) -> None:
    # 6, 0, 0: slope -3, intercept 5; hour 3 would be -4.
    fill(builder, [6])
    assert predicted(builder, synced, 1, after=3)["prediction"]["predictedLogs"] == 0


def test_only_the_last_168_hours_count(builder: Builder, synced: Open) -> None:
    builder.put([log(START + timedelta(minutes=59))] * 50)  # hour 0: out, 169 hours ago
    builder.put([log(START + timedelta(hours=hour, minutes=1)) for hour in range(1, 169)])
    answer = predicted(builder, synced, 10, after=169)
    assert answer["prediction"]["predictedLogs"] == 10
    assert answer["reason"].startswith("a straight line through the last 168 hours")

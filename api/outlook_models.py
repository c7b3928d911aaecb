"""The shapes of forecasts and anomalies, as in `api.models`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from api.models import Answer, Count, EpochMs, MaybeEpochMs, Megabytes


def _about(text: str) -> Meta:
    return Meta(description=text)


Percent = Annotated[float, _about("Percent.")]
MaybePercent = Annotated[float | None, _about("Percent; null where nothing tells it.")]
Unit = Annotated[str, _about("entries, ms, MB or downloads.")]
MetricName = Annotated[str, _about("What is told of.")]


class Prediction(Answer):
    """What is expected; all zeros with too little history."""

    predicted_logs: Count
    predicted_errors: Annotated[int, _about("Entries at level error.")]
    predicted_storage: Megabytes
    confidence: Annotated[
        float,
        _about(
            "How probable it is that an hour's entries are within a factor 1.2 of the forecast, in percent."
        ),
    ]


class ForecastHour(Answer):
    """One hour of a forecast, in the metric's unit."""

    time: EpochMs
    value: Annotated[float, _about("What is expected.")]
    low80: Annotated[float, _about("Lower edge of the interval that holds 80 percent.")]
    high80: Annotated[float, _about("Its upper edge.")]
    low95: Annotated[float, _about("Lower edge of the interval that holds 95 percent.")]
    high95: Annotated[float, _about("Its upper edge.")]
    confidence: Annotated[float, _about("Probability of being within a factor 1.2, in percent.")]


class Member(Answer):
    """A model's part in the forecast."""

    model: Annotated[str, _about("Its name: sql/forecast/models.sql.")]
    share: Percent


class Backtest(Answer):
    """How a model did on hours that it had not seen."""

    model: Annotated[str, _about("ensemble, linear or same-hour-yesterday.")]
    hours: Annotated[int, _about("Hours that were forecast, counted once per origin.")]
    mase: Annotated[float | None, _about("Mean absolute error in units of the naive one's.")]
    smape: Annotated[float | None, _about("Symmetric mean absolute percentage error, 0 to 200.")]
    coverage80: MaybePercent
    coverage95: MaybePercent


class ForecastSeries(Answer):
    """The forecast of one metric."""

    metric: Annotated[Literal["logs", "errors", "storage", "responseTime"], _about("Of what.")]
    unit: Unit
    model: Annotated[str, _about("Which model.")]
    reason: Annotated[str, _about("What was done.")]
    confidence: Percent
    history_hours: Annotated[int, _about("Length of the history.")]
    members: Annotated[list[Member], _about("Who takes part, the largest share first.")]
    slope: Annotated[float | None, _about("Of the straight line, in the unit per hour.")]
    r2: Annotated[float | None, _about("How much of the variance the straight line explains, 0 to 1.")]
    backtest: Annotated[list[Backtest], _about("This model and those to compare it with.")]
    path: Annotated[list[ForecastHour], _about("Hour by hour, from the present one on.")]


class Forecast(Answer):
    """A prediction and how it came about."""

    prediction: Prediction
    horizon: Annotated[str, _about("How far it looks, as `6 hours`.")]
    model: Annotated[str, _about("Which model.")]
    reason: Annotated[str, _about("What history it rests on, or why there is no prediction.")]
    series: Annotated[list[ForecastSeries], _about("By metric; empty without a forecast.")]
    issued_at: MaybeEpochMs
    stored: Annotated[bool, _about("Was it made by a sync, or just now?")]
    model_version: Annotated[str, _about("Of the models.")]


class _Checked(Answer):
    metric: MetricName
    unit: Unit
    forecasts: Annotated[int, _about("Hours that were forecast, counted once per forecast.")]
    mae: Annotated[float, _about("Mean absolute error, in the unit.")]
    bias: Annotated[float, _about("Mean error, positive where too much was forecast.")]
    smape: Annotated[float, _about("Symmetric mean absolute percentage error, 0 to 200.")]
    coverage80: Percent
    coverage95: Percent
    hits: Annotated[float, _about("Within a factor 1.2, in percent.")]
    confidence: Annotated[float, _about("What had been told of that, in percent.")]


class Accuracy(_Checked):
    """Forecasts of one metric against what came."""


class AccuracyOfDay(_Checked, kw_only=True):
    """The same, of one day that was forecast."""

    date: Annotated[str, _about("The day, UTC.")]


class AccuracyAhead(_Checked, kw_only=True):
    """The same, by how far ahead it was forecast."""

    hours_ahead: Annotated[Literal["1", "2-6", "7-24", "25-48"], _about("How far.")]


class Accuracies(Answer):
    """How right the forecasts were."""

    accuracy: Annotated[list[Accuracy], _about("By metric.")]
    days: Annotated[list[AccuracyOfDay], _about("By day, the oldest first.")]
    ahead: Annotated[list[AccuracyAhead], _about("By how far ahead.")]
    model: Annotated[str, _about("Of which model.")]
    hours: Annotated[float, _about("Length of the window.")]
    window_start: EpochMs
    window_end: EpochMs


class Anomaly(Answer):
    """An hour (or day) that was unlike those before."""

    time: EpochMs
    grain_seconds: Annotated[int, _about("3600 for an hour, 86400 for a day.")]
    metric: MetricName
    subject: Annotated[str | None, _about("Package, template or source; null where it is everything.")]
    unit: Unit
    value: Annotated[float, _about("What was.")]
    usual: Annotated[float | None, _about("The median of before.")]
    expected_low: Annotated[float | None, _about("Lower edge of what was expected.")]
    expected_high: Annotated[float | None, _about("Its upper edge.")]
    signal: Annotated[
        Literal["point", "shift", "range", "weekday", "new", "silence"], _about("What gave it away.")
    ]
    score: Annotated[float, _about("0 to 1; 0.5 equals the strongest before.")]
    anomaly: Annotated[bool, _about("Beyond it by so much that it counts.")]
    since: EpochMs
    reason: Annotated[str, _about("In words.")]


class Anomalies(Answer):
    """What was unusual."""

    anomalies: Annotated[list[Anomaly], _about("The latest first.")]
    count: Annotated[int, _about("How many are listed.")]
    total: Annotated[int, _about("How many there are.")]
    hours: Annotated[float, _about("Length of the window.")]
    window_start: EpochMs
    window_end: EpochMs

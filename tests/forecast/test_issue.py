"""Forecasts and anomalies are made by a sync, stored, and answered from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.forecast.conftest import Rows
from tests.warehouse_builder import Builder, log
from warehouse.forecast import issue
from warehouse.manifest import Manifest
from warehouse.service import Warehouse

Open = Callable[[Builder], Warehouse]


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """An empty bucket and its warehouse."""
    return Builder(tmp_path / "data")


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens a builder's warehouse until the test ends."""
    with ExitStack() as stack:
        yield lambda builder: stack.enter_context(closing(builder.open()))


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def put_days(builder: Builder, days: int, per_hour: int = 4, until: datetime | None = None) -> datetime:
    """`per_hour` entries in each of the hours before `until`, one of four an error."""
    end = until or this_hour()
    for day in range(days, 0, -1):
        start = end - timedelta(days=day)
        builder.put(
            [
                log(start + timedelta(hours=h, minutes=5 + n), "error" if n == 0 else "info", source="api")
                for h in range(24)
                for n in range(per_hour)
            ]
        )
    return end


def stored(builder: Builder, table: str) -> Rows:
    with closing(builder.open()) as warehouse:
        found = warehouse.sql(f"SELECT * FROM {table}")
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_a_sync_stores_a_forecast_of_three_days(builder: Builder, opened: Open) -> None:
    """forecast/origin, forecast/history, forecast/input, forecast/stored, forecast/described

    Also tables/forecasts, tables/forecast_models
    """
    end = put_days(builder, 10)
    builder.sync()
    rows = stored(builder, "forecasts")
    assert {(row["metric"], row["model"]) for row in rows} == {
        (metric, model) for metric in ("logs", "errors") for model in ("ensemble", "linear")
    }
    logs = sorted((row["ahead"], row["slot"], row["value"]) for row in rows if row["metric"] == "logs")
    assert logs[0][1] == end.replace(tzinfo=None)
    assert {ahead for ahead, _, _ in logs} == set(range(1, 73))
    assert [value for _, _, value in logs] == pytest.approx([4.0] * 144)
    answer = opened(builder).outlook.predict(6)
    assert answer["stored"] is True
    assert answer["prediction"]["predictedLogs"] == 24
    assert answer["prediction"]["predictedErrors"] == 6
    assert answer["reason"].startswith("240 hours of history, less than two weeks: 3 models that these allow")
    series = answer["series"][0]
    assert sum(member["share"] for member in series["members"]) == pytest.approx(100)
    assert [test["model"] for test in series["backtest"]] == ["ensemble", "linear", "same-hour-yesterday"]


def test_hours_since_the_last_sync_are_unknown_and_not_zero(builder: Builder, opened: Open) -> None:
    end = put_days(builder, 3)
    builder.sync()
    answer = opened(builder).outlook.predict(6, end + timedelta(hours=20))
    assert answer["prediction"]["predictedLogs"] == 24
    first = answer["series"][0]["path"][0]
    assert first["time"] == round((end + timedelta(hours=20)).timestamp() * 1000)


def test_a_forecast_beyond_what_is_stored_is_computed(builder: Builder, opened: Open) -> None:
    end = put_days(builder, 3)
    builder.sync()
    warehouse = opened(builder)
    answer = warehouse.outlook.predict(48, end + timedelta(hours=60))
    assert answer["stored"] is False
    assert answer["prediction"]["predictedLogs"] == 192
    # What was put in the place of the tables for it is gone again.
    assert len(warehouse.sql("SELECT * FROM forecasts").rows) == 72 * 4
    too_far = warehouse.outlook.predict(6, end + timedelta(days=15))
    assert too_far["prediction"]["predictedLogs"] == 0
    assert too_far["reason"] == "the last whole hour is 15 days old: sync first"


def test_a_sync_that_brings_nothing_makes_no_other_forecast(builder: Builder) -> None:
    put_days(builder, 3)
    builder.sync()
    before = stored(builder, "forecast_models")
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        files = {file.path for file in manifest.files("forecasts")}
    builder.sync()
    assert stored(builder, "forecast_models") == before
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        assert {file.path for file in manifest.files("forecasts")} == files


def test_a_history_too_short_to_forecast_from_is_left_alone(builder: Builder) -> None:
    builder.put([log(this_hour() - timedelta(minutes=minutes)) for minutes in (5, 50)])
    builder.sync()
    builder.sync()
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        tables = {file.table for file in manifest.files()}
    assert not tables & {"anomalies", "forecasts", "forecast_models"}


def test_logs_that_come_late_replace_the_forecast_of_the_hour(builder: Builder) -> None:
    end = put_days(builder, 3)
    builder.sync()
    builder.put([log(end - timedelta(hours=30), "info")])
    builder.sync()
    models = stored(builder, "forecast_models")
    assert {row["entries"] for row in models} == {3 * 24 * 4 + 1}
    assert {row["issued"] for row in models} == {end.replace(tzinfo=None)}


def test_a_forecast_that_fails_is_a_note_of_the_sync(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bool:
        raise OSError("no space left")

    monkeypatch.setattr(issue, "refresh", fail)
    put_days(builder, 3)
    summary = builder.sync()
    assert summary.status == "ok"
    assert "no forecast could be made: no space left" in summary.notes


def test_forecasts_are_compared_with_what_came(builder: Builder, opened: Open) -> None:
    """views/tested_forecasts, views/hourly, endpoints/predict_accuracy"""
    end = put_days(builder, 4, until=this_hour() - timedelta(hours=6))
    builder.sync()
    # As if that sync had ended six hours ago: its forecast is of then.
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        with manifest.transaction() as db:
            db.execute("UPDATE runs SET finished_us = finished_us - 6 * 3600 * 1000000")
        assert issue.after_sync(builder.settings, manifest, "r", 1, end + timedelta(minutes=1)) is None
    builder.put([log(end + timedelta(hours=h, minutes=n), "info") for h in range(6) for n in range(5)])
    builder.sync()
    answer = opened(builder).outlook.accuracy(24)
    by_metric = {row["metric"]: row for row in answer["accuracy"]}
    logs = by_metric["logs"]
    # Of the forecast of six hours ago six have come: 5 entries each where 4 were told, and no error.
    assert (logs["forecasts"], logs["mae"], logs["bias"]) == (6, pytest.approx(1), pytest.approx(-1))
    assert logs["smape"] == pytest.approx(200 / 9)
    assert logs["hits"] == 0  # 5 is more than 1.2 x 4
    assert by_metric["errors"]["mae"] == pytest.approx(1)
    ahead = {row["hoursAhead"]: row["forecasts"] for row in answer["ahead"] if row["metric"] == "logs"}
    assert ahead == {"1": 1, "2-6": 5}
    assert sum(row["forecasts"] for row in answer["days"] if row["metric"] == "logs") == 6


def test_a_gap_in_the_logs_is_no_silence_of_the_registry(builder: Builder, opened: Open) -> None:
    end = this_hour()
    hours = [h for h in range(96) if not 40 <= h < 46]
    builder.put([log(end - timedelta(hours=96 - h, minutes=-1 - n)) for h in hours for n in range(12)])
    builder.sync()
    answer = opened(builder).outlook.predict(6)
    assert answer["prediction"]["predictedLogs"] == 72
    assert "6 hours without a value filled in" in answer["reason"]


def test_anomalies_are_stored_by_date_and_answered(builder: Builder, opened: Open) -> None:
    """anomaly/input, anomaly/new_errors, anomaly/silences, anomaly/stored

    Also tables/anomalies, endpoints/anomalies
    """
    end = put_days(builder, 12, per_hour=12)
    hour = end - timedelta(hours=3)
    builder.put([log(hour + timedelta(minutes=n / 20), "info", source="api") for n in range(400)])
    builder.put(
        [log(hour + timedelta(minutes=n), "error", f"disk {n} is full", source="api") for n in range(3)]
    )
    late = [
        log(end - timedelta(hours=h, minutes=-3 - n), "info", source="cdn")
        for h in range(9, 480)
        for n in range(10)
    ]
    builder.put(late)
    builder.sync()
    warehouse = opened(builder)
    found = warehouse.outlook.anomalies(12)["anomalies"]
    by_metric = {(row["metric"], row["subject"], row["time"]): row for row in found}
    logs = by_metric["logs", None, round(hour.timestamp() * 1000)]
    assert logs["value"] == 415
    # By the clock of today one of them is the first to say so.
    assert logs["signal"] in ("point", "range", "weekday")
    new = by_metric["newError", "disk <n> is full", round(hour.timestamp() * 1000)]
    assert (new["value"], new["score"], new["signal"]) == (3, pytest.approx(4 / 5), "new")
    silent = [row for row in found if row["metric"] == "silence"]
    assert [row["subject"] for row in silent] == ["cdn"] * 8
    assert {row["since"] for row in silent} == {round((end - timedelta(hours=8)).timestamp() * 1000)}
    assert silent[0]["reason"].startswith("source cdn is silent since ")
    assert warehouse.outlook.anomalies(12, metric="silence", limit=2)["total"] == 8
    usual = warehouse.outlook.anomalies(12, metric="logs", every=True)
    assert usual["total"] == 11  # of the hour that is running nothing is told yet
    marks = warehouse.trends(12)["anomalies"]
    assert [row["time"] for row in marks] == [row["time"] for row in found]


def test_downloads_of_a_package_are_judged_by_the_day(builder: Builder, opened: Open) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(40, 0, -1):
        count = 200 if day == 1 else 20 + day % 3
        builder.put(
            [
                log(
                    today - timedelta(days=day, minutes=-n),
                    "info",
                    method="GET",
                    path="/left-pad/-/left-pad-1.0.0.tgz",
                    status=200,
                )
                for n in range(count)
            ]
        )
    builder.sync()
    rows = opened(builder).outlook.anomalies(24 * 3, metric="downloads")["anomalies"]
    assert [(row["subject"], row["value"], row["grainSeconds"]) for row in rows] == [("left-pad", 200, 86400)]
    assert rows[0]["reason"].startswith("downloads of left-pad 200: ")


def test_without_any_logs_there_is_nothing_to_tell(builder: Builder, opened: Open) -> None:
    builder.sync()
    warehouse = opened(builder)
    answer = warehouse.outlook.predict()
    assert answer["prediction"] == {
        "predictedLogs": 0, "predictedErrors": 0, "predictedStorage": 0, "confidence": 0
    }  # fmt: skip
    assert (answer["reason"], answer["series"], answer["issuedAt"]) == ("no whole hour of history", [], None)
    assert warehouse.outlook.accuracy()["accuracy"] == []
    assert warehouse.outlook.anomalies()["anomalies"] == []

"""What is to be expected and what was not: the questions of forecasts and anomalies.

Times in answers are epoch milliseconds; units are entries, ms and MB.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from warehouse.answers import KeptAnswers
from warehouse.engine import Engine
from warehouse.forecast import steps
from warehouse.moments import hour_of, millis

Row = dict[str, Any]

#: Models that a forecast can be asked of.
Model = Literal["ensemble", "linear"]
_HOUR = timedelta(hours=1)
_NO_HISTORY = "no whole hour of history"


class Outlook:
    """Forecasts and anomalies of one warehouse. Safe for use from several threads."""

    def __init__(self, engine: Engine, answers: KeptAnswers) -> None:
        self._engine = engine
        self._answers = answers

    def predict(self, hours: int = 6, now: datetime | None = None, model: Model = "ensemble") -> Row:
        """GET /analytics/predict: the `hours` from the present one on."""
        # Only whole hours of history count, so the answer holds until the hour ends.
        asked = {"hours": hours, "starts": hour_of(now), "model": model}
        return dict(self._answers.get("predict", asked, self._predict))

    def accuracy(self, hours: float = 168, now: datetime | None = None, model: Model = "ensemble") -> Row:
        """GET /analytics/predict/accuracy: the forecasts of the last `hours` against what came."""
        ends = hour_of(now) + _HOUR
        asked: Row = {"starts": ends - timedelta(hours=hours), "ends": ends, "model": model}
        rows = self._answers.get("accuracy", asked, lambda given: self._engine.run("predict_accuracy", given))
        return {
            "accuracy": [_without(row, "kind", "name") for row in rows if row["kind"] == "all"],
            "days": [_named(row, "date") for row in rows if row["kind"] == "day"],
            "ahead": [_named(row, "hoursAhead") for row in rows if row["kind"] == "ahead"],
            "model": model,
            "hours": hours,
            "windowStart": millis(asked["starts"]),
            "windowEnd": millis(ends),
        }

    def anomalies(
        self,
        hours: float = 24,
        now: datetime | None = None,
        *,
        metric: str | None = None,
        subject: str | None = None,
        every: bool = False,
        limit: int = 100,
    ) -> Row:
        """GET /analytics/anomalies: what was unusual in the last `hours`, the latest first.

        With `every`, also the score of what was not.
        """
        ends = hour_of(now) + _HOUR
        asked: Row = {
            "starts": ends - timedelta(hours=hours),
            "ends": ends,
            "metric": metric,
            "subject": subject,
            "every": every,
            "limit": limit,
        }
        rows = self._answers.get(
            "anomalies", asked, lambda given: self._engine.run("anomalies", given, since=given["starts"])
        )
        return {
            "anomalies": [_without(row, "entries", "total") for row in rows],
            "count": len(rows),
            "total": rows[0]["total"] if rows else 0,
            "hours": hours,
            "windowStart": millis(asked["starts"]),
            "windowEnd": millis(ends),
        }

    def _predict(self, given: Row) -> Row:
        """As the stored forecast has it; one that is not stored, or does not reach so far, is computed."""
        hours, starts, model = given["hours"], given["starts"], given["model"]
        newest = steps.newest(self._engine, starts)
        origin: datetime | None = newest["origin"]
        if origin is None:
            return _nothing(hours, model, _NO_HISTORY)
        far = (starts - origin) // _HOUR + hours
        if far > steps.FARTHEST:
            return _nothing(
                hours, model, f"the last whole hour is {(starts - origin).days} days old: sync first"
            )
        asked = given | {"issued": origin}
        stored = newest["issued"] == origin and far <= steps.HORIZON
        if stored:
            series = self._engine.run("predict", asked)
        else:
            history = steps.history(self._engine, origin)
            if history["hours"] < steps.LEAST_HOURS:
                return _nothing(hours, model, _too_little(history))
            with steps.on_the_fly(self._engine, origin, history["entries"], max(far, steps.HORIZON)) as con:
                series = steps.rows(con, "endpoints", "predict", asked)
        return _answer(hours, model, series, millis(origin), stored=stored)


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _named(row: Row, name: str) -> Row:
    return {name: row["name"], **_without(row, "kind", "name")}


def _too_little(history: Row) -> str:
    if not history["entries"]:
        return _NO_HISTORY
    return f"only {history['hours']} whole hours of history, {steps.LEAST_HOURS} are needed"


def _nothing(hours: int, model: str, reason: str) -> Row:
    """All zeros, and why."""
    return _answer(hours, model, [], None, stored=False) | {"reason": reason}


def _answer(hours: int, model: str, rows: list[Row], issued: int | None, *, stored: bool) -> Row:
    of = {row["metric"]: row for row in rows}
    logs: Row = of.get("logs", {})
    return {
        "prediction": {
            "predictedLogs": logs.get("entries", 0),
            "predictedErrors": of["errors"]["entries"] if "errors" in of else 0,
            "predictedStorage": of["storage"]["total"] if "storage" in of else 0,
            "confidence": logs.get("confidence", 0),
        },
        "horizon": f"{hours} hours",
        "model": model,
        "reason": logs.get("reason", ""),
        "series": [_series(row) for row in rows],
        "issuedAt": issued,
        "stored": stored,
        "modelVersion": steps.VERSION,
    }


def _series(row: Row) -> Row:
    members = [{"model": name, "share": share} for name, share in row["members"]]
    return _without(row, "entries", "total") | {"members": members}

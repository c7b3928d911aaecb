"""/analytics/predict and /analytics/anomalies: what is to be expected, and what was not."""

from __future__ import annotations

from litestar import Controller, get

from api import params
from api.common import BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.models import shaped
from api.outlook_models import Accuracies, Anomalies, Forecast

_PROBLEMS = BAD_PARAMETER | SERVER_ERROR


class OutlookController(Controller):
    """Forecasts, how right they were, and anomalies."""

    path = "/analytics"
    tags = ("Analytics",)

    @get("/predict", sync_to_thread=True, summary="What the next hours bring", responses=_PROBLEMS)
    def predict(
        self, warehouse: TheWarehouse, hours: params.Horizon = 6, model: params.ForecastModel = "ensemble"
    ) -> Forecast:
        """All zeros where there is too little history."""
        return shaped(Forecast, warehouse.outlook.predict(hours, model=model))

    @get("/predict/accuracy", sync_to_thread=True, summary="How right forecasts were", responses=_PROBLEMS)
    def accuracy(
        self, warehouse: TheWarehouse, hours: params.Hours = 168, model: params.ForecastModel = "ensemble"
    ) -> Accuracies:
        """Every stored forecast of the last hours against what came."""
        return shaped(Accuracies, warehouse.outlook.accuracy(params.whole(hours), model=model))

    @get("/anomalies", sync_to_thread=True, summary="What was unusual", responses=_PROBLEMS)
    def anomalies(
        self,
        warehouse: TheWarehouse,
        hours: params.Hours = 24,
        metric: params.AnomalyMetric = None,
        subject: params.Subject = None,
        every: params.Every = False,
        limit: params.AnomalyLimit = 100,
    ) -> Anomalies:
        """The latest first; with `every`, also the score of each hour that was not."""
        found = warehouse.outlook.anomalies(
            params.whole(hours), metric=metric, subject=subject, every=every, limit=limit
        )
        return shaped(Anomalies, found)

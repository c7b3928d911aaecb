"""/analytics: figures, trends, alerts, report and prediction."""

from __future__ import annotations

from litestar import Controller, get

from api import params
from api.common import BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.models import Alerts, Analytics, Forecast, Report, Trends, shaped

_PROBLEMS = BAD_PARAMETER | SERVER_ERROR


class AnalyticsController(Controller):
    """Figures over a window that ends now."""

    path = "/analytics"
    tags = ("Analytics",)

    @get(sync_to_thread=True, summary="The figures of the window", responses=_PROBLEMS)
    def analytics(self, warehouse: TheWarehouse, hours: params.Hours = 24) -> Analytics:
        """Rates, response times, growth, health and score; the window before for comparison."""
        return shaped(Analytics, warehouse.analytics(params.whole(hours)))

    @get("/trends", sync_to_thread=True, summary="The window in equal periods", responses=_PROBLEMS)
    def trends(self, warehouse: TheWarehouse, hours: params.Hours = 24, points: params.Points = 24) -> Trends:
        """Oldest first; the last period ends now; empty periods are there with zeros."""
        return shaped(Trends, warehouse.trends(params.whole(hours), points))

    @get("/alerts", sync_to_thread=True, summary="The rules that fire", responses=_PROBLEMS)
    def alerts(self, warehouse: TheWarehouse, hours: params.Hours = 24) -> Alerts:
        """Enabled rules whose value over the window is beyond the threshold."""
        return shaped(Alerts, warehouse.alerts(params.whole(hours)))

    @get("/report", sync_to_thread=True, summary="Summary, trends and recommendations", responses=_PROBLEMS)
    def report(self, warehouse: TheWarehouse, hours: params.Hours = 24) -> Report:
        """What happened over the window and what to do."""
        return shaped(Report, warehouse.report(params.whole(hours)))

    @get("/predict", sync_to_thread=True, summary="What the next hours bring", responses=_PROBLEMS)
    def predict(self, warehouse: TheWarehouse, hours: params.Horizon = 6) -> Forecast:
        """All zeros where there is too little history."""
        return shaped(Forecast, warehouse.predict(hours))

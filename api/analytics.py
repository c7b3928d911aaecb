"""/analytics: figures, history, trends, uptime, alerts and report."""

from __future__ import annotations

from litestar import Controller, get

from api import params
from api.analytics_models import Alerts, Analytics, Errors, History, Report, Trends, Uptime
from api.common import BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.models import shaped

_PROBLEMS = BAD_PARAMETER | SERVER_ERROR


class AnalyticsController(Controller):
    """Figures over a window that ends now."""

    path = "/analytics"
    tags = ("Analytics",)

    @get(sync_to_thread=True, summary="The figures of the window", responses=_PROBLEMS)
    def analytics(
        self,
        warehouse: TheWarehouse,
        hours: params.Hours = 24,
        end_date: params.WindowEnd = None,
        source: params.Source = None,
        package: params.Package = None,
        status: params.StatusClass = None,
        config_hash: params.ConfigHash = None,
    ) -> Analytics:
        """Rates, response times, growth, health and score; the window before for comparison."""
        wanted = params.metric_filter(source, package, status, config_hash)
        return shaped(
            Analytics, warehouse.analytics(params.whole(hours), params.window_end(end_date), wanted)
        )

    @get("/history", sync_to_thread=True, summary="Every figure, period by period", responses=_PROBLEMS)
    def history(
        self,
        warehouse: TheWarehouse,
        hours: params.Hours = 24,
        points: params.Points = 100,
        end_date: params.WindowEnd = None,
        source: params.Source = None,
        package: params.Package = None,
        status: params.StatusClass = None,
        config_hash: params.ConfigHash = None,
    ) -> History:
        """Oldest first; what has no entries to tell it is null."""
        wanted = params.metric_filter(source, package, status, config_hash)
        return shaped(
            History, warehouse.history(params.whole(hours), points, params.window_end(end_date), wanted)
        )

    @get("/errors", sync_to_thread=True, summary="Which faults, how often, since when", responses=_PROBLEMS)
    def errors(
        self,
        warehouse: TheWarehouse,
        hours: params.Hours = 24,
        end_date: params.WindowEnd = None,
        limit: params.FaultLimit = 20,
        points: params.HistogramPoints = 24,
        source: params.Source = None,
        package: params.Package = None,
        status: params.StatusClass = None,
        config_hash: params.ConfigHash = None,
    ) -> Errors:
        """Messages at level error with what differs between them masked; one filter at most."""
        wanted = params.metric_filter(source, package, status, config_hash)
        found = warehouse.errors(params.whole(hours), limit, points, params.window_end(end_date), wanted)
        return shaped(Errors, found)

    @get("/trends", sync_to_thread=True, summary="The window in equal periods", responses=_PROBLEMS)
    def trends(
        self,
        warehouse: TheWarehouse,
        hours: params.Hours = 24,
        points: params.Points = 24,
        end_date: params.WindowEnd = None,
        timezone: params.TimeZone = "UTC",
        compare: params.Compare = None,
        empty: params.Empty = "zero",
        source: params.Source = None,
        package: params.Package = None,
        status: params.StatusClass = None,
        config_hash: params.ConfigHash = None,
    ) -> Trends:
        """Oldest first; the last period ends now; empty periods are there with zeros."""
        found = warehouse.trends(
            params.whole(hours),
            points,
            params.window_end(end_date),
            params.metric_filter(source, package, status, config_hash),
            zone=timezone,
            empty_as_null=empty == "null",
            compare=params.comparisons(compare),
        )
        return shaped(Trends, found)

    @get("/uptime", sync_to_thread=True, summary="Availability and heartbeat", responses=_PROBLEMS)
    def uptime(self, warehouse: TheWarehouse, hours: params.Hours = 24) -> Uptime:
        """The share of requests without a 5xx, and the share of 5-minute slots with any entry."""
        return shaped(Uptime, warehouse.uptime(params.whole(hours)))

    @get("/alerts", sync_to_thread=True, summary="The rules that fire", responses=_PROBLEMS)
    def alerts(self, warehouse: TheWarehouse, hours: params.Hours = 24) -> Alerts:
        """Enabled rules whose value over the window is beyond the threshold."""
        return shaped(Alerts, warehouse.alerts(params.whole(hours)))

    @get("/report", sync_to_thread=True, summary="Summary, trends and recommendations", responses=_PROBLEMS)
    def report(self, warehouse: TheWarehouse, hours: params.Hours = 24) -> Report:
        """What happened over the window and what to do."""
        return shaped(Report, warehouse.report(params.whole(hours)))

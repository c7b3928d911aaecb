"""The facade that the API and the command line use: one method per question.

Every figure comes from a query of `sql/endpoints/`; here parameters are passed on and rows are put into the
shape of the contract. All methods block and are safe for use from several threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from warehouse import analytics, costs, downloads, gaps, logslots, quarantine, report
from warehouse.alerts.book import AlertBook
from warehouse.alerts.firing import built_in_alerts
from warehouse.analytics import EVERYTHING, MetricFilter
from warehouse.answers import KeptAnswers
from warehouse.boards.book import BoardBook
from warehouse.engine import Engine, SqlResult
from warehouse.forecast.outlook import Outlook
from warehouse.logquery import LogFilter
from warehouse.logviewer import LogViewer
from warehouse.manifest import Manifest
from warehouse.moments import day_of, hour_of, millis, naive
from warehouse.quarantine import QuarantineFilter
from warehouse.settings import Settings
from warehouse.settings_file import log_prefixes
from warehouse.unattended.report import of_workers
from warehouse.worker import Worker

Row = dict[str, Any]

#: Seconds of the finest slots of the rollups.
_SLOT = 30


class Warehouse:
    """One warehouse, open for reading. Close it when done."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._manifest = Manifest(settings.data_dir)
        self._engine = Engine(settings.data_dir, self._manifest)
        self.alert_book = AlertBook(settings, self._manifest, self._engine)
        self._answers = KeptAnswers(self._engine)
        self.log_viewer = LogViewer(self._engine, self._manifest, self._answers)
        self.outlook = Outlook(self._engine, self._answers)
        self.board_book = BoardBook(self._manifest, self._engine, self._answers)

    def warm(self) -> None:
        """Get ready to answer many questions: keep the newest rollups in memory (`Engine.warm`)."""
        self._engine.warm()

    def close(self) -> None:
        """Close the database connections."""
        self.alert_book.close()
        self._engine.close()
        self._manifest.close()

    # -- analytics -------------------------------------------------------------------------------

    def analytics(
        self, hours: float = 24, now: datetime | None = None, wanted: MetricFilter = EVERYTHING
    ) -> Row:
        """GET /analytics: the figures of the last `hours` before `now`, and the same one window earlier."""
        moment = now or datetime.now(UTC)
        # The whole window is one period where a filter is set: only its length has to be whole hours then.
        points = 24 if wanted == EVERYTHING else 1
        window = self._window(hours, moment, points, wanted) | {"apdex_ms": self._settings.apdex_ms}
        found = self._answers.get("analytics", window, lambda asked: analytics.figures(self._engine, asked))
        return {
            "timestamp": millis(moment),
            **found,
            "filters": wanted.shown(),
            "apdexMs": self._settings.apdex_ms,
        }

    def trends(
        self,
        hours: float = 24,
        points: int = 24,
        now: datetime | None = None,
        wanted: MetricFilter = EVERYTHING,
        *,
        zone: str = "UTC",
        empty_as_null: bool = False,
        compare: Sequence[str] = (),
    ) -> Row:
        """GET /analytics/trends: the window in equal periods, oldest first.

        `anomalies` marks what was unusual in the window; not with a filter, because it is told of everything.
        `compare` names earlier windows (`analytics.COMPARISONS`) to give in the same shape; `zone` is the
        IANA time zone of `period`; without a timed entry a mean is 0, or null with `empty_as_null`. Raises
        BadRequestError (field timezone) for a zone that nobody knows.
        """
        if zone != "UTC":
            analytics.require_zone(self._engine, zone)
        moment = now or datetime.now(UTC)
        shown = {"zone": zone, "empty_as_null": empty_as_null}

        def series(end: datetime) -> Row:
            window = self._window(hours, end, points, wanted) | shown
            return self._answers.get("trends", window, lambda asked: analytics.trends(self._engine, asked))

        def unusual() -> Row:
            told = self.outlook.anomalies(hours, moment)["anomalies"] if wanted == EVERYTHING else []
            return {"anomalies": told}

        periods, marks = self._engine.together(lambda: series(moment), unusual)
        answer = periods | marks
        if not compare:
            return answer
        earlier = {name: analytics.COMPARISONS[name] or timedelta(hours=hours) for name in compare}
        compared = {name: series(moment - distance)["trends"] for name, distance in earlier.items()}
        return answer | {"comparisons": compared}

    def history(
        self,
        hours: float = 24,
        points: int = 100,
        now: datetime | None = None,
        wanted: MetricFilter = EVERYTHING,
    ) -> Row:
        """GET /analytics/history: every figure of /analytics, period by period."""
        window = self._window(hours, now or datetime.now(UTC), points, wanted)
        window |= {"apdex_ms": self._settings.apdex_ms}
        found = self._answers.get("history", window, lambda asked: analytics.history(self._engine, asked))
        return {**found, "filters": wanted.shown(), "apdexMs": self._settings.apdex_ms}

    def errors(
        self,
        hours: float = 24,
        limit: int = 20,
        points: int = 24,
        now: datetime | None = None,
        wanted: MetricFilter = EVERYTHING,
    ) -> Row:
        """GET /analytics/errors: which faults, how often, since when; of one filter at most."""
        wanted.require_one("the faults")
        window = self._window(hours, now or datetime.now(UTC), wanted=wanted)
        return self._answers.get(
            "errors",
            window | {"limit": limit, "trend_points": points},
            lambda asked: analytics.errors(self._engine, asked, limit, points),
        )

    def uptime(self, hours: float = 24, now: datetime | None = None) -> Row:
        """GET /analytics/uptime: availability, heartbeat, and the slots without any entry."""
        moment = naive(now or datetime.now(UTC))
        # Told by slots of 5 minutes, so an answer holds until the slot ends.
        slot = moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)
        asked = {"hours": hours, "now": slot}
        earliest = slot - timedelta(hours=hours, minutes=5)
        found = self._answers.get(
            "uptime", asked, lambda given: self._engine.run("uptime", given, since=earliest)[0]
        )
        return found | {"hours": hours}

    def pulse(self) -> Row:
        """What changes when something happens: the generation, and how many alerts fire or are about to."""
        states = [state.state for state in self.alert_book.states().values()]
        return {
            "generation": self._engine.snapshot().generation,
            "firing": states.count("firing"),
            "pending": states.count("pending"),
        }

    def alerts(self, hours: float = 24, now: datetime | None = None) -> Row:
        """GET /analytics/alerts: the enabled rules that fire, with their evidence.

        The built-in ones over the last `hours`; all others, and those with a window or limits of time of
        their own, as the latest round of tests found them.
        """
        asked = self._window(hours, now or datetime.now(UTC)) | self.alert_book.built_in()
        tested = self._answers.get("alerts", asked, lambda given: built_in_alerts(self._engine, given))
        firing = self.alert_book.firing([row for row in tested if row["triggered"]])
        return {"alerts": firing, "count": len(firing)}

    def gaps(self, hours: float = gaps.HOURS, now: datetime | None = None) -> Row:
        """GET /gaps: stretches of the last `hours` without an entry where some were to be expected."""
        searched = gaps.window(self._engine, hours, naive(now or datetime.now(UTC)))
        return self._answers.get("gaps", searched, lambda parameters: gaps.report(self._engine, parameters))

    def report(self, hours: float = 24, now: datetime | None = None) -> Row:
        """GET /analytics/report: summary, trends and what to do, with what was seen."""
        moment = now or datetime.now(UTC)
        window = self._window(hours, moment)

        def found() -> Row:
            figures = self.analytics(hours, moment)
            return self._answers.get(
                "report",
                window | {"now": hour_of(moment) + timedelta(hours=1)},
                lambda asked: report.report(self._engine, self._settings, asked, figures),
            )

        told, alerts, trends = self._engine.together(
            found, lambda: self.alerts(hours, moment), lambda: self.trends(hours, now=moment)
        )
        return {
            **told,
            "summary": {**told["summary"], "totalAlerts": alerts["count"]},
            "trends": trends["trends"],
            "hours": hours,
        }

    # -- logs, storage, packages -----------------------------------------------------------------

    def logs(self, wanted: LogFilter) -> Row:
        """GET /logs: one page of entries."""
        return self.log_viewer.page(wanted)

    def logs_stats(self) -> Row:
        """GET /logs/stats: the whole history."""
        return self._answers.get(
            "logs_stats", {"log_prefixes": log_prefixes(self._settings)}, self._logs_stats
        )

    def _logs_stats(self, parameters: Row) -> Row:
        distributions: dict[str, dict[str, int]] = {"level": {}, "source": {}, "config": {}}
        for row in self._engine.run("log_distributions"):
            distributions[row["dimension"]][row["name"]] = row["entries"]
        return {
            **self._engine.run("logs_stats", parameters)[0],
            "configDistribution": distributions["config"],
            "levelDistribution": distributions["level"],
            "sourceDistribution": distributions["source"],
        }

    def stats(self) -> Row:
        """GET /stats: what the bucket holds."""
        return self._answers.get("stats", {}, self._stats)

    def _stats(self, parameters: Row) -> Row:
        distribution = self._engine.run("package_distribution")
        return {
            "r2": {
                **self._engine.run("storage_stats", parameters)[0],
                "configDistribution": {row["name"]: row["objects"] for row in distribution},
            }
        }

    def runs(self, limit: int = 50, *, free_tier: bool = False) -> Row:
        """GET /runs: the latest runs, and the sums of each month."""
        parameters = {"limit": limit, "free_tier": free_tier}
        return self._answers.get("runs", parameters, self._runs)

    def _runs(self, parameters: Row) -> Row:
        return {
            "runs": self._engine.run("runs", parameters),
            "months": self._engine.run("run_months", parameters),
            "freeTier": parameters["free_tier"],
        }

    def packages(
        self,
        config_hash: str | None = None,
        package_name: str | None = None,
        limit: int = 100,
        continuation_token: str | None = None,
    ) -> Row:
        """GET /packages: one page of the inventory; its last bucket and key are the next page's token."""
        # Two buckets may hold the same key; a bucket's name has no slash.
        bucket, _, key = (continuation_token or "").partition("/")
        parameters = {
            "config_hash": config_hash,
            "package_name": package_name,
            "limit": limit,
            "after": key or None,
            "after_bucket": bucket,
        }
        rows = self._engine.run("packages", parameters)
        page = rows[:limit]
        return {
            "packages": page,
            "totalCount": self._engine.run("packages_count", parameters)[0]["matches"],
            "nextContinuationToken": f"{page[-1]['bucket']}/{page[-1]['key']}" if len(rows) > limit else None,
        }

    def downloads(
        self,
        days: int = 30,
        by: str = "package",
        limit: int = 100,
        *,
        package: str | None = None,
        version: str | None = None,
        agent: str | None = None,
        now: datetime | None = None,
    ) -> Row:
        """GET /downloads: the last UTC days, by package, version, agent, client, day or week."""
        wanted = downloads.DownloadFilter.latest(
            days, day_of(now), package=package, version=version, agent=agent
        )
        return self._answers.get(
            "downloads",
            {"wanted": wanted, "by": by, "limit": limit},
            lambda _: downloads.figures(self._engine, wanted, by, limit),
        )

    def unused_packages(self, days: int = 90, limit: int = 100, now: datetime | None = None) -> Row:
        """GET /downloads/unused: packages that nobody downloaded in the last UTC days."""
        wanted = downloads.DownloadFilter.latest(days, day_of(now))
        return self._answers.get(
            "unused_packages",
            {"wanted": wanted, "limit": limit},
            lambda _: downloads.unused(self._engine, wanted, limit),
        )

    def downloads_by_day(
        self, period: str, packages: Sequence[str] | None, now: datetime | None = None
    ) -> dict[str | None, Row]:
        """GET /downloads/point and /range, by package; None as package means all together.

        Raises BadRequestError for a period that is none.
        """
        today = day_of(now)
        first, last = downloads.told_days(self._engine, *downloads.period(period, today), today)
        return self._answers.get(
            "downloads_by_day",
            {"first": first, "last": last, "packages": packages},
            lambda _: downloads.by_day(self._engine, first, last, packages),
        )

    def quarantine(self, wanted: QuarantineFilter) -> Row:
        """GET /quarantine: one page of the lines that could not be read, with the counts by reason."""
        return quarantine.page(self._engine, wanted)

    def quarantine_objects(self, wanted: QuarantineFilter) -> list[Row]:
        """The objects that have matching lines in quarantine."""
        return quarantine.objects(self._engine, wanted)

    def quarantine_line(self, key: str, line: int, bucket: str | None = None) -> Row:
        """One line of the quarantine, whole. Raises BadRequestError when it is not there."""
        return quarantine.line(self._engine, key, line, bucket)

    def inventory(self, now: datetime | None = None) -> Row:
        """GET /inventory: what the buckets hold by prefix, storage class and size, and how it grew."""
        return self._answers.get("inventory", {"now": hour_of(now)}, self._inventory)

    def _inventory(self, parameters: Row) -> Row:
        return {
            "holdings": self._engine.run("inventory", parameters),
            "sizes": self._engine.run("inventory_sizes"),
            "hourly": self._engine.run("inventory_growth", parameters | {"grain": 3600, "periods": 24}),
            "daily": self._engine.run("inventory_growth", parameters | {"grain": 86400, "periods": 30}),
        }

    def costs(self, now: datetime | None = None, *, free_tier: bool = False) -> Row:
        """GET /costs: what the buckets will cost, and what cleanups would free."""
        asked = {"now": hour_of(now), "free_tier": free_tier}
        return self._answers.get(
            "costs",
            asked,
            lambda given: costs.projection(
                self._engine, self._settings, given["now"], free_tier=given["free_tier"]
            ),
        )

    def package_sizes(self, limit: int = 100, now: datetime | None = None) -> Row:
        """GET /inventory/packages: the largest packages with their growth."""
        at = hour_of(now)
        asked = {"now": at, "limit": limit}
        return self._answers.get("package_sizes", asked, lambda _: costs.packages(self._engine, at, limit))

    def package_growth(self, days: int = 90, package: str | None = None, now: datetime | None = None) -> Row:
        """GET /inventory/packages/growth: what packages took at the end of each day."""
        asked = {"now": hour_of(now), "days": days, "package": package}
        found = self._answers.get("growth", asked, lambda given: self._engine.run("package_growth", given))
        return {"package": package, "days": found}

    def health(self, workers: Sequence[Worker] = ()) -> Row:
        """GET /health: the warehouse can be read; and how the work beside the serving is."""
        self._engine.run("log_dates")
        return {
            "status": "ok",
            "generation": self._engine.snapshot().generation,
            **of_workers(self._settings, self._manifest, workers),
        }

    def run(self, name: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """The rows of one query of `sql/endpoints/`, for the command line."""
        return self._engine.run(name, parameters)

    def sql(self, text: str, parameters: Mapping[str, Any] | None = None) -> SqlResult:
        """Run a user's reading query over the views. Raises QueryError."""
        return self._engine.sql(text, parameters)

    # -- windows -----------------------------------------------------------------------------------

    def _window(
        self, hours: float, now: datetime, points: int = 24, wanted: MetricFilter = EVERYTHING
    ) -> Row:
        # Every moment within one of the finest slots has the same window.
        moment = logslots.ended(naive(now) - timedelta(microseconds=1), _SLOT)
        asked = {"hours": hours, "points": points, "now": moment, **wanted.parameters()}
        made = lambda _: analytics.window(self._engine, hours, points, moment, wanted)  # noqa: E731
        return dict(self._answers.get("window", asked, made))

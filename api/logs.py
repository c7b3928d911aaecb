"""/logs: the log viewer, the history's figures, and the cleanup."""

from __future__ import annotations

import itertools
from typing import Any, cast

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import RawBody, SkipValidation
from litestar.response import Stream
from msgspec import structs

from api import export, params
from api.bodies import decoded
from api.common import ADMIN, BAD_PARAMETER, NOT_FOUND, SERVER_ERROR, TheWarehouse
from api.guards import require_admin
from api.log_models import LogContext, LogFacets, LogHistogram
from api.models import CleanupAnswer, CleanupRequest, LogPage, LogStats, shaped
from api.openapi import operation_with_body
from api.store import bucket_settings
from warehouse.logexport import MEDIA_TYPES
from warehouse.logquery import LogFilter
from warehouse.settings import Settings

_PROBLEMS = BAD_PARAMETER | SERVER_ERROR


def _wanted(
    level: params.Level = None,
    start_date: params.StartDate = None,
    end_date: params.EndDate = None,
    source: params.Source = None,
    config_hash: params.ConfigHash = None,
    q: params.Text = None,
    search: params.Search = None,
    status: params.Status = None,
    method: params.Method = None,
    package: params.Package = None,
    min_response_ms: params.MinResponseMs = None,
) -> LogFilter:
    """The filters that every search takes."""
    start, end = params.between(start_date, end_date)
    return LogFilter(
        levels=params.levels(level),
        start=start,
        end=end,
        source=params.given(source),
        config_hash=params.given(config_hash),
        q=params.given(q),
        search=params.given(search),
        status=status,
        method=params.given(method),
        package=params.given(package),
        min_response_ms=min_response_ms,
    )


Wanted = NamedDependency[SkipValidation[LogFilter]]


class LogsController(Controller):
    """Log entries."""

    path = "/logs"
    tags = ("Logs",)
    dependencies = {"wanted": Provide(_wanted, sync_to_thread=False)}  # noqa: RUF012 - as Litestar wants it

    @get(
        sync_to_thread=True,
        summary="Log entries, filtered, page by page",
        responses=BAD_PARAMETER | SERVER_ERROR,
    )
    def logs(
        self,
        warehouse: TheWarehouse,
        wanted: Wanted,
        limit: params.Limit = 50,
        order: params.Order = "desc",
        cursor: params.Cursor = None,
        group: params.Group = None,
        format: params.Format = "json",
    ) -> Response[LogPage]:
        """Newest first by default; `nextCursor` leads to the next page."""
        page = warehouse.logs(
            structs.replace(wanted, limit=limit, order=order, cursor=params.given(cursor), group=group)
        )
        if format == "json":
            return Response(shaped(LogPage, page))
        return _exported(page, format)

    @get("/facets", sync_to_thread=True, summary="What matches, by level, source …", responses=_PROBLEMS)
    def facets(self, warehouse: TheWarehouse, wanted: Wanted, values: params.FacetValues = 10) -> LogFacets:
        """The most frequent values of each facet among the entries that match."""
        return shaped(LogFacets, warehouse.log_viewer.facets(wanted, values))

    @get("/histogram", sync_to_thread=True, summary="What matches, over time", responses=_PROBLEMS)
    def histogram(
        self, warehouse: TheWarehouse, wanted: Wanted, points: params.HistogramPoints = 60
    ) -> LogHistogram:
        """Counts by level in equal periods; without dates over the whole history."""
        return shaped(LogHistogram, warehouse.log_viewer.histogram(wanted, points))

    @get(
        "/context",
        sync_to_thread=True,
        summary="The lines around an entry",
        responses=_PROBLEMS | NOT_FOUND,
    )
    def context(
        self,
        warehouse: TheWarehouse,
        object_key: params.ObjectKey,
        line: params.Line,
        bucket: params.Bucket = None,
        around: params.Around = 10,
    ) -> LogContext:
        """Entries of the same object, in its order; lines in quarantine are missing."""
        found = warehouse.log_viewer.context(object_key, line, params.given(bucket), around)
        return shaped(LogContext, found)

    @get(
        "/export",
        sync_to_thread=True,
        summary="Every entry that matches, as a stream",
        responses=_PROBLEMS,
    )
    def export(
        self, warehouse: TheWarehouse, wanted: Wanted, format: params.ExportFormat = "ndjson"
    ) -> Stream:
        """Oldest first, without a cap: NDJSON, CSV (no cell is a formula), Parquet or an Arrow stream."""
        pieces = warehouse.log_viewer.export(wanted, format)
        # What cannot be read at all is a problem; what breaks later can only end the connection.
        first = next(pieces, b"")
        return Stream(
            itertools.chain((first,), pieces),
            media_type=MEDIA_TYPES[format],
            headers={"content-disposition": f'attachment; filename="logs.{format}"'},
        )

    @get(
        "/stats",
        sync_to_thread=True,
        summary="The whole history in figures",
        responses=SERVER_ERROR,
    )
    def stats(self, warehouse: TheWarehouse) -> LogStats:
        """Counts and sizes over everything that is mirrored."""
        return shaped(LogStats, warehouse.logs_stats())

    @post(
        "/cleanup",
        status_code=200,
        sync_to_thread=True,
        guards=[require_admin],
        operation_class=operation_with_body(CleanupRequest, required=False, example={"retentionDays": 30}),
        summary="Remove what is older than the retention",
        responses=BAD_PARAMETER | ADMIN | SERVER_ERROR,
    )
    def cleanup(self, request: Request[Any, Any, Any], body: RawBody) -> CleanupAnswer:
        """Needs the admin token when one is set."""
        from warehouse.housekeeping import cleanup  # with boto3 behind it: not at the start of the server

        wanted = decoded(body, CleanupRequest)
        settings: Settings = request.app.state.settings
        with bucket_settings(settings, needed=wanted.scope != "warehouse") as usable:
            done = cleanup.run(
                usable, retention_days=wanted.retention_days, scope=wanted.scope, dry_run=wanted.dry_run
            )
        return CleanupAnswer(
            deleted_count=done.deleted_count,
            freed_space=done.freed_space,
            deleted_objects=done.deleted_objects,
            deleted_quarantined=done.deleted_quarantined,
            only_copies=sum(outcome.only_copies for outcome in done.buckets),
            failed=[f"{outcome.bucket}: {outcome.error}" for outcome in done.failed],
            cutoff=round(done.cutoff.timestamp() * 1000),
            dry_run=done.dry_run,
            scope=done.scope,
        )


def _exported(page: dict[str, Any], format: str) -> Response[LogPage]:
    """A page as a download; total and next cursor go into headers."""
    headers = {"x-total-count": str(page["totalCount"])}
    if page["nextCursor"]:
        headers["x-next-cursor"] = page["nextCursor"]
    entries = page["logs"]
    if format == "csv":
        headers["content-disposition"] = 'attachment; filename="logs.csv"'
        stream = Stream(export.as_csv(entries), media_type="text/csv", headers=headers)
    else:
        headers["content-disposition"] = 'attachment; filename="logs.ndjson"'
        stream = Stream(export.ndjson(entries), media_type="application/x-ndjson", headers=headers)
    return cast("Response[LogPage]", stream)

"""What the log viewer asks beside pages of entries: facets, a histogram, context, exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict

from warehouse import logexport, logquery, logsearch
from warehouse.answers import KeptAnswers
from warehouse.engine import Engine
from warehouse.logfinds import Finds
from warehouse.logquery import LogFilter
from warehouse.manifest import Manifest

Row = dict[str, Any]

#: Entries of a page that is kept for who asks again before the next commit.
_KEPT_ROWS = 100


class LogViewer:
    """Searches of one warehouse. Safe for use from several threads."""

    def __init__(self, engine: Engine, manifest: Manifest, answers: KeptAnswers) -> None:
        self._engine = engine
        self._manifest = manifest
        self._answers = answers
        self._finds = Finds(engine)

    def page(self, wanted: LogFilter) -> Row:
        """GET /logs: one page of entries, with how many match; one as the dashboard asks for it is kept."""
        if wanted.limit > _KEPT_ROWS:
            return logquery.page(self._engine, self._finds, wanted)
        found = self._answers.get(
            "page", asdict(wanted), lambda _: logquery.page(self._engine, self._finds, wanted)
        )
        return dict(found)

    def facets(self, wanted: LogFilter, limit: int = 10) -> Row:
        """GET /logs/facets: how the matches are spread over levels, sources, statuses and so on."""
        asked = logquery.filters(wanted)
        found = self._answers.get(
            "facets",
            asked | {"limit": limit},
            lambda _: logsearch.facets(self._engine, self._finds, asked, limit),
        )
        return dict(found)

    def histogram(self, wanted: LogFilter, points: int = 60) -> Row:
        """GET /logs/histogram: the matches over time, by level."""
        asked = logquery.filters(wanted)
        # Where no end is given it is the newest entry, which is the same until something is committed.
        found = self._answers.get(
            "histogram",
            asked | {"points": points},
            lambda _: logsearch.histogram(self._engine, self._finds, asked, points),
        )
        return dict(found)

    def context(self, key: str, line: int, bucket: str | None = None, around: int = 10) -> Row:
        """GET /logs/context: the lines of an object around one. Raises NotFoundError."""
        span = self._manifest.object_span(bucket, key)
        rows = logsearch.context(self._engine, span, key, line, around)
        return {"logs": [logquery.entry(row) for row in rows], "objectKey": key, "line": line}

    def export(self, wanted: LogFilter, form: logexport.Format) -> Iterator[bytes]:
        """GET /logs/export: every match, piece by piece, oldest first."""
        return logexport.stream(self._engine, logquery.filters(wanted), form)

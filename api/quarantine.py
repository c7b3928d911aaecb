"""/quarantine: the lines that could not be read as log entries, and why."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter
from msgspec import Meta

from api import params
from api.common import BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.models import Answer, shaped
from warehouse.quarantine import QuarantineFilter

_Limit = Annotated[
    int, QueryParameter(name="limit", ge=1, le=10_000, description="Lines of one page at most.")
]
_Reason = Annotated[
    str | None,
    QueryParameter(
        name="reason", max_length=params.MAX_TEXT, description="How the reason begins, in any case."
    ),
]
_Object = Annotated[
    str | None, QueryParameter(name="object", max_length=1024, description="How the object's key begins.")
]
_Since = Annotated[
    str | None,
    QueryParameter(
        name="since",
        description="Lines met at this time or later. Epoch milliseconds, or ISO 8601 (UTC where it names no"
        " zone).",
    ),
]


class QuarantinedLine(Answer):
    """A line that could not be read as a log entry."""

    bucket: Annotated[str, Meta(description="Bucket of the object.")]
    object_key: Annotated[str, Meta(description="Log object that holds the line.")]
    line: Annotated[int, Meta(description="Line in that object, from 1; 0 stands for the object itself.")]
    reason: Annotated[str, Meta(description="Why it could not be read.")]
    raw: Annotated[str, Meta(description="The line's first 1,000 characters.")]
    raw_length: Annotated[int, Meta(description="Length of the whole line, in characters.")]
    quarantined_at: Annotated[int, Meta(description="When a sync met it, epoch milliseconds.")]


class QuarantineReason(Answer):
    """One kind of reason."""

    reason: Annotated[str, Meta(description="The reason, without the place or value that it names.")]
    lines: Annotated[int, Meta(description="Lines with it.")]
    objects: Annotated[int, Meta(description="Objects that hold these lines.")]
    newest: Annotated[int, Meta(description="When the newest was met, epoch milliseconds.")]


class QuarantinePage(Answer):
    """One page of the quarantine."""

    lines: Annotated[list[QuarantinedLine], Meta(description="The lines, newest first.")]
    total_count: Annotated[int, Meta(description="Every line that matches, whatever the limit.")]
    next_cursor: Annotated[str | None, Meta(description="The next page's `cursor`; null on the last page.")]
    reasons: Annotated[
        list[QuarantineReason], Meta(description="Every line that matches, by kind of reason.")
    ]


class QuarantineController(Controller):
    """Lines that could not be read."""

    path = "/quarantine"
    tags = ("Logs",)

    @get(
        sync_to_thread=True,
        summary="Lines that could not be read, page by page",
        responses=BAD_PARAMETER | SERVER_ERROR,
    )
    def quarantine(
        self,
        warehouse: TheWarehouse,
        reason: _Reason = None,
        object: _Object = None,
        since: _Since = None,
        limit: _Limit = 50,
        cursor: params.Cursor = None,
    ) -> QuarantinePage:
        """Newest first, with the counts by reason; `nextCursor` leads to the next page."""
        page = warehouse.quarantine(
            QuarantineFilter(
                reason=params.given(reason),
                object=params.given(object),
                since=params.moment(since, "since") if since else None,
                limit=limit,
                cursor=params.given(cursor),
            )
        )
        return shaped(QuarantinePage, page)

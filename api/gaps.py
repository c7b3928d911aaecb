"""/gaps: minutes and days without entries where some were to be expected."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import Controller, get
from msgspec import Meta

from api import params
from api.common import BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.models import Answer, EpochMs, MaybeEpochMs, Window, shaped


class Gap(Answer):
    """One stretch without an entry."""

    starts_at: Annotated[int, Meta(description="Its first missing minute, in epoch milliseconds.")]
    ends_at: Annotated[int, Meta(description="The next entry's minute, or now, in epoch milliseconds.")]
    minutes: Annotated[int, Meta(description="Its length in minutes.")]
    kind: Annotated[Literal["minutes", "days"], Meta(description="days: a whole UTC day is missing.")]
    days: Annotated[int, Meta(description="Whole UTC days that are missing.")]
    entries_before: Annotated[int, Meta(description="Entries in the hour before it.")]
    expected_entries: Annotated[int, Meta(description="Entries that are usual in such a stretch.")]
    open: Annotated[bool, Meta(description="No entry came after it yet.")]
    threshold: Annotated[float, Meta(description="Usual entries from which on a stretch counts as a gap.")]


class Gaps(Answer):
    """The gaps of a window."""

    gaps: Annotated[list[Gap], Meta(description="Those that reach into the window, the newest first.")]
    count: Annotated[int, Meta(description="Gaps.")]
    hours: Window
    resolution_seconds: Annotated[int, Meta(description="Seconds to which gaps are told.")]
    window_start: EpochMs
    window_end: EpochMs
    last_sync: MaybeEpochMs


class GapsController(Controller):
    """Missing entries."""

    path = "/gaps"
    tags = ("Logs",)

    @get(
        sync_to_thread=True,
        summary="Minutes and days without entries",
        responses=BAD_PARAMETER | SERVER_ERROR,
    )
    def gaps(self, warehouse: TheWarehouse, hours: params.Hours = 168) -> Gaps:
        """Stretches without an entry where the usual rate of the hour lets some expect."""
        return shaped(Gaps, warehouse.gaps(params.whole(hours)))

"""/runs: what each run did, what it asked of the bucket, and what that costs."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter
from msgspec import Meta

from api.common import BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.models import Answer, Bytes, EpochMs, MaybeEpochMs, shaped

Attempts = Annotated[int, Meta(description="Operations that R2 bills in this class; every attempt counts.")]
Retries = Annotated[int, Meta(description="Attempts that repeat another.")]
Dollars = Annotated[float, Meta(description="US dollars, at the prices of the settings.")]
Objects = Annotated[int, Meta(description="Objects.")]


class RunEntry(Answer):
    """One run of sync or cleanup."""

    run_id: Annotated[str, Meta(description="The run.")]
    kind: Annotated[str, Meta(description="sync, cleanup or another job.")]
    bucket: Annotated[str | None, Meta(description="The bucket that it was about; null for none.")]
    status: Annotated[str, Meta(description="running, ok, failed or killed.")]
    started_at: EpochMs
    finished_at: MaybeEpochMs
    duration_ms: Annotated[int | None, Meta(description="Milliseconds; null while it runs or when killed.")]
    full_listing: Annotated[bool, Meta(description="The whole prefix was listed.")]
    listed: Annotated[int, Meta(description="Objects that the bucket named.")]
    listed_bytes: Bytes
    objects: Annotated[int, Meta(description="Objects that were mirrored, or deleted by a cleanup.")]
    replaced: Annotated[int, Meta(description="Those of them that had changed.")]
    entries: Annotated[int, Meta(description="Entries that came in, or were deleted.")]
    rejected_lines: Annotated[int, Meta(description="Lines that went into quarantine.")]
    compressed_bytes: Annotated[int, Meta(description="Size of the objects as stored.")]
    downloaded_bytes: Annotated[int, Meta(description="Bytes received, also of objects that were skipped.")]
    raw_bytes: Annotated[int, Meta(description="Size of the objects after decompression.")]
    class_a: Attempts
    class_b: Attempts
    retries: Retries
    stored_bytes: Annotated[int, Meta(description="What the mirrored prefixes held after the run.")]
    operations_dollars: Dollars
    storage_dollars: Annotated[float, Meta(description="US dollars for a month of `storedBytes`.")]
    detail: Annotated[str | None, Meta(description="Why it failed, or what a person should know.")]


class RunMonth(Answer):
    """All runs that began in one UTC month."""

    month: Annotated[str, Meta(description="UTC month, as YYYY-MM.")]
    runs: Annotated[int, Meta(description="Runs.")]
    listed: Annotated[int, Meta(description="Objects that the bucket named.")]
    objects: Objects
    downloaded_bytes: Bytes
    class_a: Attempts
    class_b: Attempts
    retries: Retries
    stored_bytes: Annotated[int, Meta(description="The most that the prefixes held after a run.")]
    class_a_dollars: Dollars
    class_b_dollars: Dollars
    operations_dollars: Dollars
    storage_dollars: Annotated[float, Meta(description="US dollars for a month of `storedBytes`.")]


class Runs(Answer):
    """The latest runs, and the months."""

    runs: Annotated[list[RunEntry], Meta(description="The newest first.")]
    months: Annotated[list[RunMonth], Meta(description="All runs by month, the newest first.")]
    free_tier: Annotated[bool, Meta(description="R2's free tier is taken off the months.")]


Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=1_000, description="Runs at most.")]
FreeTier = Annotated[
    bool,
    QueryParameter(
        name="freeTier",
        description="true: take off the months what R2 gives away per account and month (1,000,000 Class A"
        " and 10,000,000 Class B operations, 10 GB of storage).",
    ),
]


class RunsController(Controller):
    """The ledger of operations."""

    path = "/runs"
    tags = ("Storage and sync",)

    @get(
        sync_to_thread=True,
        summary="What runs did and what they cost",
        responses=BAD_PARAMETER | SERVER_ERROR,
    )
    def runs(self, warehouse: TheWarehouse, limit: Limit = 50, free_tier: FreeTier = False) -> Runs:
        """The latest runs, and the sums of each month."""
        return shaped(Runs, warehouse.runs(limit, free_tier=free_tier))

"""/costs and /inventory/packages: what storage will cost, what takes it, and since when."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter
from msgspec import Meta

from api import downloads, params
from api.common import BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.models import Answer, Bytes, EpochMs, Percent, shaped

_PROBLEMS = BAD_PARAMETER | SERVER_ERROR

FreeTier = Annotated[
    bool, QueryParameter(name="freeTier", description="Take off what R2 gives away per account and month.")
]


def _about(text: str) -> Meta:
    return Meta(description=text)


Dollars = Annotated[float, _about("Dollars.")]


class CostMonth(Answer):
    """Thirty days."""

    starts_at: EpochMs
    stored_bytes: Annotated[int, _about("Stored in its middle.")]
    class_a: Annotated[int, _about("Class A operations of the warehouse.")]
    class_b: Annotated[int, _about("Class B operations of the warehouse.")]
    storage_dollars: Dollars
    class_a_dollars: Dollars
    class_b_dollars: Dollars
    operations_dollars: Annotated[float, _about("Both together.")]


class CleanupGain(Answer):
    """What one retention would free."""

    retention_days: Annotated[int, _about("Days that stay.")]
    bucket_objects: Annotated[int, _about("Log objects that were stored before.")]
    bucket_bytes: Bytes
    entries: Annotated[int, _about("Entries of the dates before.")]
    warehouse_bytes: Annotated[int, _about("Parquet of the dates before, in bytes.")]
    dollars_per_month: Dollars


class Prices(Answer):
    """The prices in force, in dollars."""

    class_a: Annotated[float, _about("Per million Class A operations.")]
    class_b: Annotated[float, _about("Per million Class B operations.")]
    storage: Annotated[float, _about("Per GB (1,000,000,000 bytes) and month.")]


class Costs(Answer):
    """What the buckets will cost."""

    months: Annotated[list[CostMonth], _about("Twelve, the first one begins now.")]
    growth_per_day: Annotated[float, _about("Bytes per day, as in the last 30 days.")]
    cleanup: Annotated[list[CleanupGain], _about("By retention.")]
    prices: Prices
    free_tier: Annotated[bool, _about("Was it taken off?")]


class PackageHolding(Answer):
    """What one package takes."""

    name: Annotated[str, _about("Package.")]
    versions: Annotated[int, _about("Its versions.")]
    objects: Annotated[int, _about("Its objects.")]
    bytes: Bytes
    share: Percent
    bytes_last_day: Annotated[int, _about("Stored in the last 24 hours, in bytes.")]
    bytes_last_month: Annotated[int, _about("Stored in the last 30 days, in bytes.")]
    first_stored: EpochMs
    last_stored: EpochMs


class PackageHoldings(Answer):
    """What packages take."""

    packages: Annotated[list[PackageHolding], _about("The largest first.")]
    count: Annotated[int, _about("All packages.")]
    bytes: Annotated[int, _about("Of all packages.")]


class PackageDay(Answer):
    """A UTC day."""

    start: EpochMs
    objects: Annotated[int, _about("Stored on the day, of what is there still.")]
    bytes: Annotated[int, _about("The same in bytes.")]
    stored_objects: Annotated[int, _about("There at its end.")]
    stored_bytes: Annotated[int, _about("The same in bytes.")]


class PackageGrowth(Answer):
    """What packages took, day by day."""

    package: Annotated[str | None, _about("Which one; null for all.")]
    days: Annotated[list[PackageDay], _about("Oldest first; the last one is today.")]


class CostsController(Controller):
    """Storage in dollars and by package."""

    tags = ("Storage and sync",)

    @get("/costs", sync_to_thread=True, summary="What the buckets will cost", responses=_PROBLEMS)
    def costs(self, warehouse: TheWarehouse, free_tier: FreeTier = False) -> Costs:
        """If they grow and are asked as in the last 30 days; and what cleanups would free."""
        return shaped(Costs, warehouse.costs(free_tier=free_tier))

    @get("/inventory/packages", sync_to_thread=True, summary="What packages take", responses=_PROBLEMS)
    def packages(self, warehouse: TheWarehouse, limit: params.PackageLimit = 100) -> PackageHoldings:
        """By name, the largest first, with their growth."""
        return shaped(PackageHoldings, warehouse.package_sizes(limit))

    @get("/inventory/packages/growth", sync_to_thread=True, summary="How packages grew", responses=_PROBLEMS)
    def growth(
        self, warehouse: TheWarehouse, days: downloads.Days = 90, package: params.Package = None
    ) -> PackageGrowth:
        """What one package, or all of them, took at the end of each day, of what is there still."""
        return shaped(PackageGrowth, warehouse.package_growth(days, package))

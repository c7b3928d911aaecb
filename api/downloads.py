"""/downloads: which packages are installed, how often, by whom; also in the shape of npm's own counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from litestar import Controller, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta, Struct

from api import params
from api.common import BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.models import Answer, Bytes, MaybeEpochMs, Percent, shaped
from api.problems import MEDIA_TYPE, Problem
from warehouse import downloads as shapes
from warehouse.errors import NotFoundError
from warehouse.service import Warehouse

Shape = TypeVar("Shape")

_PROBLEMS = BAD_PARAMETER | SERVER_ERROR
_UNKNOWN = {
    404: ResponseSpec(
        Problem, description="Nobody knows the package.", generate_examples=False, media_type=MEDIA_TYPE
    )
}

Day = Annotated[str, Meta(description="A UTC day, YYYY-MM-DD.")]
Number = Annotated[int, Meta(description="How many.")]
Days = Annotated[
    int,
    QueryParameter(
        name="days", ge=1, le=shapes.MAX_DAYS, description="UTC days to look at; the last one is today."
    ),
]
Version = Annotated[
    str | None, QueryParameter(name="version", max_length=params.MAX_TEXT, description="Version, exactly.")
]
Agent = Annotated[
    str | None,
    QueryParameter(
        name="agent", max_length=100, description="Family of user agents: npm, yarn, pnpm, …, browser, other."
    ),
]
By = Annotated[
    Literal["package", "version", "agent", "client", "day", "week"],
    QueryParameter(name="by", description="What a row stands for; a week is named by its Monday."),
]
RowLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=10_000, description="Rows at most.")]
Period = Annotated[
    str,
    PathParameter(
        description="last-day, last-week, last-month, last-year (up to yesterday), a UTC date, or two of them"
        " with a colon."
    ),
]
Packages = Annotated[
    str, PathParameter(description=f"A package, or up to {shapes.MAX_PACKAGES} with commas.")
]


class DownloadTotals(Answer):
    """Sums over the days."""

    downloads: Annotated[int, Meta(description="GETs of tarballs answered with 2xx or a redirect.")]
    previous_downloads: Annotated[int, Meta(description="Those of as many days before, all of them whole.")]
    not_modified: Annotated[int, Meta(description="GETs of tarballs answered with 304.")]
    failed: Annotated[int, Meta(description="GETs of tarballs answered with 4xx or 5xx.")]
    bytes: Bytes
    publishes: Annotated[int, Meta(description="PUTs of packages that succeeded.")]
    packages: Annotated[int, Meta(description="Packages with a download.")]
    versions: Annotated[int, Meta(description="Versions with a download.")]
    clients: Annotated[int, Meta(description="Addresses with a download.")]


class DownloadRow(Answer, omit_defaults=True):
    """One package, version, agent, client, day or week."""

    name: Annotated[str, Meta(description="What the row stands for; a version as package@version.")]
    downloads: Number
    share: Percent
    last_seen: MaybeEpochMs
    clients: Annotated[int | None, Meta(description="Addresses with a download; not by client.")] = None
    packages: Annotated[int | None, Meta(description="Packages; by client only.")] = None
    not_modified: Annotated[int | None, Meta(description="Answered with 304; not by client.")] = None
    failed: Annotated[int | None, Meta(description="Answered with 4xx or 5xx; not by client.")] = None
    bytes: Annotated[int | None, Meta(description="Size in bytes; not by client.")] = None
    publishes: Annotated[int | None, Meta(description="PUTs that succeeded; not by client.")] = None


class Downloads(Answer):
    """Downloads of a number of days."""

    start: Day
    end: Day
    by: Annotated[str, Meta(description="What a row stands for.")]
    totals: DownloadTotals
    rows: Annotated[list[DownloadRow], Meta(description="Most downloads first; days, weeks newest first.")]


class UnusedPackage(Answer):
    """A package of the inventory without a download."""

    name: Annotated[str, Meta(description="Package name.")]
    versions: Annotated[int, Meta(description="Its versions in the bucket.")]
    bytes: Bytes
    stored_at: Annotated[int, Meta(description="When its newest object was stored, in epoch milliseconds.")]


class UnusedPackages(Answer):
    """Packages that nobody downloaded."""

    start: Day
    end: Day
    count: Annotated[int, Meta(description="All of them.")]
    packages: Annotated[list[UnusedPackage], Meta(description="The largest first.")]


class Point(Struct, omit_defaults=True):
    """npm's count over a period."""

    downloads: Number
    start: Day
    end: Day
    package: Annotated[str | None, Meta(description="Absent for all packages together.")] = None


class DayCount(Struct):
    """npm's count of one day."""

    downloads: Number
    day: Day


class Range(Struct, omit_defaults=True):
    """npm's counts by day."""

    start: Day
    end: Day
    downloads: Annotated[list[DayCount], Meta(description="Oldest first; days without any are there.")]
    package: Annotated[str | None, Meta(description="Absent for all packages together.")] = None


class DownloadsController(Controller):
    """Who installs which package."""

    path = "/downloads"
    tags = ("Downloads",)

    @get(sync_to_thread=True, summary="Downloads by package, version, client …", responses=_PROBLEMS)
    def downloads(
        self,
        warehouse: TheWarehouse,
        days: Days = 30,
        by: By = "package",
        package: params.Package = None,
        version: Version = None,
        agent: Agent = None,
        limit: RowLimit = 100,
    ) -> Downloads:
        """From GETs of tarballs; 304 and errors are told apart. Days are UTC days, today included."""
        given = params.given
        found = warehouse.downloads(
            days, by, limit, package=given(package), version=given(version), agent=given(agent)
        )
        return shaped(Downloads, found)

    @get("/unused", sync_to_thread=True, summary="Packages that nobody installs", responses=_PROBLEMS)
    def unused(self, warehouse: TheWarehouse, days: Days = 90, limit: RowLimit = 100) -> UnusedPackages:
        """Packages that lay in the bucket all these days and had no download."""
        return shaped(UnusedPackages, warehouse.unused_packages(days, limit))

    @get("/point/{period:str}", sync_to_thread=True, summary="npm's count of a period", responses=_PROBLEMS)
    def point_of_all(self, warehouse: TheWarehouse, period: Period) -> Point:
        """Downloads of all packages, in the shape of npm's public API."""
        return _point(warehouse.downloads_by_day(period, None)[None], None)

    @get(
        "/point/{period:str}/{package:path}",
        sync_to_thread=True,
        summary="npm's count of a period and package",
        responses=_PROBLEMS | _UNKNOWN,
    )
    def point(
        self, warehouse: TheWarehouse, period: Period, package: Packages
    ) -> Point | dict[str, Point | None]:
        """In the shape of npm's public API; several packages give an object with one count each."""
        return _each(warehouse, period, package, _point)

    @get("/range/{period:str}", sync_to_thread=True, summary="npm's counts by day", responses=_PROBLEMS)
    def range_of_all(self, warehouse: TheWarehouse, period: Period) -> Range:
        """Downloads of all packages by day, in the shape of npm's public API."""
        return _range(warehouse.downloads_by_day(period, None)[None], None)

    @get(
        "/range/{period:str}/{package:path}",
        sync_to_thread=True,
        summary="npm's counts by day of a package",
        responses=_PROBLEMS | _UNKNOWN,
    )
    def range(
        self, warehouse: TheWarehouse, period: Period, package: Packages
    ) -> Range | dict[str, Range | None]:
        """In the shape of npm's public API; several packages give an object with the counts of each."""
        return _each(warehouse, period, package, _range)


def _point(found: dict[str, Any], package: str | None) -> Point:
    return Point(downloads=found["total"], start=found["start"], end=found["end"], package=package)


def _range(found: dict[str, Any], package: str | None) -> Range:
    return Range(downloads=found["days"], start=found["start"], end=found["end"], package=package)


def _each(
    warehouse: Warehouse,
    period: str,
    text: str,
    shape: Callable[[dict[str, Any], str | None], Shape],
) -> Shape | dict[str, Shape | None]:
    """One package's answer, or an object of several packages' answers, as npm gives them."""
    names = shapes.package_names(text)
    found = warehouse.downloads_by_day(period, names)
    if len(names) > 1:
        return {name: shape(found[name], name) if name in found else None for name in names}
    if names[0] not in found:
        raise NotFoundError(f"package {names[0]} is neither in the bucket nor was it asked for in {period}")
    return shape(found[names[0]], names[0])

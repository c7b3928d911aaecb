"""Downloads of packages: the window that is asked for, and npm's own shapes (`sql/endpoints/downloads*.sql`).

Days are UTC. Counts are downloads; sizes are bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from warehouse.engine import Engine
from warehouse.errors import BadRequestError

Row = dict[str, Any]

#: What downloads are counted by.
KINDS = ("package", "version", "agent", "client", "day", "week")
MAX_DAYS = 3_660
#: Packages that one question of npm's may name, as there.
MAX_PACKAGES = 128
#: npm's names of periods, in days; they end with the last whole day.
_PERIODS = {"last-day": 1, "last-week": 7, "last-month": 30, "last-year": 365}
_DAY = timedelta(days=1)
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?::(\d{4}-\d\d-\d\d))?")


class DownloadFilter(Struct, frozen=True):
    """Which downloads: whole UTC days, both included; None means all."""

    first: date
    last: date
    package: str | None = None
    version: str | None = None
    agent: str | None = None

    @classmethod
    def latest(cls, days: int, today: date, **names: str | None) -> DownloadFilter:
        """Today and the days before it."""
        return cls(today - timedelta(days=days - 1), today, **names)


def figures(engine: Engine, wanted: DownloadFilter, by: str, limit: int) -> Row:
    """GET /downloads: sums, and one row per package, version, agent, client, day or week."""
    parameters = _parameters(wanted) | {"by": by, "limit": limit}
    query = "downloads_clients" if by == "client" else "downloads_by"
    # Totals tell of as many days before, too.
    before = min(wanted.last - wanted.first + _DAY, wanted.first - date.min)
    return {
        "start": wanted.first.isoformat(),
        "end": wanted.last.isoformat(),
        "by": by,
        "totals": engine.run("downloads_totals", parameters, since=wanted.first - before)[0],
        "rows": engine.run(query, parameters, since=wanted.first),
    }


def unused(engine: Engine, wanted: DownloadFilter, limit: int) -> Row:
    """GET /downloads/unused: packages that nobody downloaded."""
    rows = engine.run("downloads_unused", _parameters(wanted) | {"limit": limit})
    return {
        "start": wanted.first.isoformat(),
        "end": wanted.last.isoformat(),
        "count": rows[0]["total"] if rows else 0,
        "packages": [{name: row[name] for name in row if name != "total"} for row in rows],
    }


def period(text: str, today: date) -> tuple[date, date]:
    """The first and the last day of npm's periods: last-week, 2026-11-23, or 2026-11-01:2026-11-23.

    Of any length (`told_days`). Raises BadRequestError (field period) for anything else.
    """
    if text in _PERIODS:
        last = today - timedelta(days=1)
        return last - timedelta(days=_PERIODS[text] - 1), last
    if found := _DAYS.fullmatch(text):
        try:
            first, last = (date.fromisoformat(day) for day in (found[1], found[2] or found[1]))
        except ValueError as error:
            raise BadRequestError(f"period has no such day: {text}", field="period") from error
        if first > last:
            raise BadRequestError(f"period ends before it begins: {text}", field="period")
        return first, last
    raise BadRequestError(
        f"period must be {', '.join(_PERIODS)}, a date or two dates with a colon, not {text[:80]!r}",
        field="period",
    )


def told_days(engine: Engine, first: date, last: date, today: date) -> tuple[date, date]:
    """The days of a period that an answer tells: of one beyond MAX_DAYS those that there are entries of.

    shields.io asks for the years 1000 to 3000, as npm answers with the days that it keeps.
    """
    if (last - first).days < MAX_DAYS:
        return first, last
    asked = {"first": first, "last": last, "today": today, "most": MAX_DAYS}
    (row,) = engine.run("downloads_days", asked)
    return row["first"], row["last"]


def package_names(text: str) -> list[str]:
    """The packages that a path names, separated by commas. Raises BadRequestError for too many or none."""
    names = [name for name in text.strip("/").split(",") if name]
    if not names or len(names) > MAX_PACKAGES:
        raise BadRequestError(f"package must be 1 to {MAX_PACKAGES} names with commas", field="package")
    return names


def by_day(engine: Engine, first: date, last: date, packages: Sequence[str] | None) -> dict[str | None, Row]:
    """npm's answers by package (None: all together): downloads by day and their total.

    A package that nobody knows is missing.
    """
    found: dict[str | None, Row] = {}
    names = list(packages) if packages is not None else None
    for row in engine.run("downloads_range", {"first": first, "last": last, "packages": names}, since=first):
        answer = found.setdefault(
            row["package"],
            {"total": row["total"], "start": first.isoformat(), "end": last.isoformat(), "days": []},
        )
        answer["days"].append({"downloads": row["downloads"], "day": row["day"]})
    return found


def _parameters(wanted: DownloadFilter) -> Row:
    return {name: getattr(wanted, name) for name in wanted.__struct_fields__}

"""Gaps: stretches without an entry where entries were to be expected (`sql/endpoints/gaps.sql`).

Answers hold epoch milliseconds and minutes.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

from warehouse import duck
from warehouse.engine import Engine
from warehouse.errors import WarehouseError
from warehouse.manifest import Manifest
from warehouse.moments import millis
from warehouse.settings import Settings

#: What is searched when nobody says otherwise: a week.
HOURS = 168
#: The longest window whose gaps are told by the minute; longer ones by 5 minutes and by the hour.
_MINUTES_HOURS = 744


def window(engine: Engine, hours: float, now: datetime) -> dict[str, Any]:
    """What is searched and how finely (sql/endpoints/gaps_window.sql); `now` is UTC without a zone."""
    (found,) = engine.run("gaps_window", {"hours": hours, "now": now}, since=date.min)
    return {"hours": hours} | found


def report(engine: Engine, searched: dict[str, Any]) -> dict[str, Any]:
    """GET /gaps: the gaps that reach into a window, newest first."""
    found = engine.run("gaps", searched, since=searched["history_start"])
    return {
        "gaps": found,
        "count": len(found),
        "hours": searched["hours"],
        "resolutionSeconds": searched["step"],
        "windowStart": millis(searched["window_start"]),
        "windowEnd": millis(searched["window_end"]),
        "lastSync": searched["last_sync"],
    }


def newest_us(manifest: Manifest) -> int:
    """The newest log entry's time in epoch microseconds; 0 when there is none."""
    return max((file.max_us for file in manifest.files("logs") if file.max_us is not None), default=0)


def after_sync(settings: Settings, manifest: Manifest, before_us: int) -> str | None:
    """What a person should know of gaps before entries that came with a sync, of the last 31 days.

    `before_us` is the newest entry's time before it. A silence that lasts is none of them: it may end with
    the next sync.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    try:
        with closing(Engine(settings.data_dir, manifest)) as engine:
            found = engine.run("gaps", window(engine, _MINUTES_HOURS, now))
    except (WarehouseError, duck.Error, OSError) as error:
        # What the sync was asked for is done and committed: this must not make it a failed one.
        return f"gaps could not be looked for: {error}"
    fresh = [gap for gap in found if not gap["open"] and gap["endsAt"] * 1000 > before_us]
    if not fresh:
        return None
    latest = fresh[0]
    ended = datetime.fromtimestamp(latest["endsAt"] / 1000, UTC)
    return (
        f"{len(fresh):,} {'gap' if len(fresh) == 1 else 'gaps, the last one'} of {length(latest['minutes'])}"
        f" until {ended:%Y-%m-%d %H:%M} UTC, where about {latest['expectedEntries']:,} entries were to be"
        " expected (`warehouse gaps` tells more)"
    )


def length(minutes: int) -> str:
    """Minutes for people: 45 min, 3 h 20 min, 2 d 1 h."""
    hours, rest = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h" if hours_left else f"{days} d"
    if hours:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{rest} min"

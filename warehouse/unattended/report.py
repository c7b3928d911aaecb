"""What a reader is told of the schedule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from warehouse.manifest import Manifest
from warehouse.settings import Settings


def of_schedule(settings: Settings, manifest: Manifest) -> dict[str, Any] | None:
    """When syncs are due, and how the last scheduled one ended; None without a schedule.

    Times are in epoch milliseconds.

    `outcome` is ok, partial, failed or busy, and null before the first.
    """
    if not settings.schedule:
        return None
    from warehouse.unattended.plan import planned  # croniter is needed only where there is a schedule

    plan = planned(settings)
    state = manifest.state("schedule")
    return {
        "schedule": settings.schedule,
        "timezone": settings.schedule_timezone,
        "nextSync": _ms(plan.after(datetime.now(UTC)) if plan else None),
        "lastEnded": _ms(datetime.fromisoformat(state["ended"]) if "ended" in state else None),
        "outcome": state.get("outcome"),
        "error": state.get("error"),
    }


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)

"""What a reader is told of the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from warehouse.manifest import Manifest
from warehouse.settings import Settings
from warehouse.worker import Attempt, Worker


def of_workers(settings: Settings, manifest: Manifest, workers: Sequence[Worker]) -> dict[str, Any]:
    """How the work beside the serving is: the schedule, each worker, and whether somebody should look."""
    schedule = of_schedule(
        settings, manifest, next((worker for worker in workers if worker.name == "schedule"), None)
    )
    failed = schedule is not None and schedule["outcome"] == "failed"
    return {
        "schedule": schedule,
        "troubled": failed or any(worker.troubled for worker in workers),
        "background": [worker.state() for worker in workers],
    }


def of_schedule(
    settings: Settings, manifest: Manifest, worker: Worker | None = None
) -> dict[str, Any] | None:
    """When syncs are due, and how the last scheduled one ended; None without a schedule.

    Times are in epoch milliseconds. `outcome` is ok, partial, failed or busy, and null before the first.
    `worker` is this process's scheduler: it knows of an end that could not be noted in the manifest, and
    without it nothing is due (`nextSync` is null then).
    """
    if not settings.schedule:
        return None
    from warehouse.unattended.plan import planned  # croniter is needed only where there is a schedule

    plan = planned(settings)
    state = manifest.state("schedule")
    last = (
        Attempt(datetime.fromisoformat(state["ended"]), state["outcome"], state.get("error"))
        if "ended" in state
        else None
    )
    own = worker.last if worker else None
    if own is not None and (last is None or own.ended > last.ended):
        last = own
    due = worker is None or worker.alive
    return {
        "schedule": settings.schedule,
        "timezone": settings.schedule_timezone,
        "nextSync": _ms(plan.after(datetime.now(UTC)) if plan and due else None),
        "lastEnded": _ms(last.ended if last else None),
        "outcome": last.outcome if last else None,
        "error": last.error if last else None,
    }


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)

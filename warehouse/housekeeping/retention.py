"""The retention that each sync keeps to: what is too old, or too much for the disk, leaves the warehouse.

The buckets keep their objects; only `warehouse cleanup` deletes there.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

from warehouse import duck
from warehouse.errors import WarehouseError
from warehouse.housekeeping import cleanup
from warehouse.ingest.rollups import LOG_ROLLUPS
from warehouse.manifest import Manifest
from warehouse.settings import Settings


def after_sync(settings: Settings, manifest: Manifest, now: datetime | None = None) -> str | None:
    """Delete what the settings say; tells what went, or why it failed.

    A sync that mirrored everything has not failed because of it, and the next one tries again.
    """
    try:
        cutoff = cutoff_of(settings, manifest, now or datetime.now(UTC))
        if cutoff is None:
            return None
        done = cleanup.within(settings, manifest, cutoff, kind="retention")
    except (WarehouseError, OSError) as error:
        return f"the retention failed: {error}"
    return (
        f"retention: {done.deleted_count:,} entries from before {cutoff:%Y-%m-%d %H:%M} UTC left the"
        f" warehouse, {done.freed_space:,} bytes freed"
    )


def cutoff_of(settings: Settings, manifest: Manifest, now: datetime) -> datetime | None:
    """From before when entries are to go; None when none are."""
    cutoffs = [_of_disk(settings, manifest)]
    if settings.retention_days:
        cutoffs.append(now - timedelta(days=settings.retention_days))
    cutoff = max((item for item in cutoffs if item is not None), default=None)
    if cutoff is None:
        return None
    oldest = min(
        (file.min_us for file in manifest.files() if file.table == "logs" and file.min_us is not None),
        default=None,
    )
    return cutoff if oldest is not None and oldest < cutoff.timestamp() * 1_000_000 else None


def _of_disk(settings: Settings, manifest: Manifest) -> datetime | None:
    """The midnight before which whole days have to go for the warehouse to keep to its share of the disk.

    The newest day stays, whatever its size.
    """
    if not settings.retention_disk_percent:
        return None
    allowed = shutil.disk_usage(settings.data_dir).total * settings.retention_disk_percent // 100
    files = manifest.files()
    used = sum(file.bytes for file in files)
    sizes: dict[str, int] = defaultdict(int)
    for file in files:
        if file.table == "logs" or (file.table in LOG_ROLLUPS and duck.PARTITIONS[file.table] == "date"):
            sizes[file.partition] += file.bytes
    cutoff = None
    for day in sorted(sizes)[:-1]:
        if used <= allowed:
            break
        used -= sizes[day]
        cutoff = datetime.combine(date.fromisoformat(day) + timedelta(days=1), datetime.min.time(), UTC)
    return cutoff

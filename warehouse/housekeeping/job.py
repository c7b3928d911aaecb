"""One run of housekeeping: its row in `runs`, its DuckDB connection with bounded memory, its end."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime

from msgspec import Struct

from warehouse import billing, catalog, duck, lock
from warehouse.errors import WarehouseError
from warehouse.lake import Lake
from warehouse.manifest import Manifest, Run, now_us
from warehouse.settings import Settings

#: Where DuckDB puts what does not fit its memory, below the data directory.
_SPILL = ".spill-"


class Job(Struct):
    """What a job of housekeeping works with."""

    settings: Settings
    manifest: Manifest
    lake: Lake
    con: duck.Connection
    run: Run


@contextmanager
def locked(settings: Settings) -> Iterator[Manifest]:
    """The manifest, with the writer's lock held. Raises BusyError when another writer runs."""
    with lock.writer(settings.data_dir), closing(Manifest(settings.data_dir)) as manifest:
        yield manifest


@contextmanager
def bounded(settings: Settings) -> Iterator[duck.Connection]:
    """A connection whose memory is bounded by a setting: what does not fit goes to the data directory."""
    spill = settings.data_dir.resolve() / f"{_SPILL}{uuid.uuid4().hex[:12]}"
    con = duck.connect(threads=2, memory_limit=f"{settings.compact_mib}MiB")
    try:
        con.execute(f"SET temp_directory = {duck.quoted(spill)}")
        yield con
    finally:
        con.close()
        shutil.rmtree(spill, ignore_errors=True)


@contextmanager
def job(settings: Settings, manifest: Manifest, kind: str, *, outdated: bool = False) -> Iterator[Job]:
    """A run of the holder of the writer's lock; it ends as ok or failed, and the catalog follows.

    `outdated` jobs can do with files that lack columns of today.
    """
    started = now_us()
    run = Run(
        run_id=f"{datetime.fromtimestamp(started / 1e6, UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        kind=kind,
        status="running",
        started_us=started,
    )
    billing.price(run, settings)
    lake = Lake(settings.data_dir)
    for left in settings.data_dir.glob(f"{_SPILL}*"):  # of killed runs
        with suppress(OSError):
            shutil.rmtree(left)
    if lake.begin(manifest, run, outdated=outdated):
        # A killed run told the catalog nothing of what it committed.
        catalog.publish_if_possible(settings.data_dir, manifest)
    try:
        with bounded(settings) as con:
            yield Job(settings, manifest, lake, con, run)
        run.status = "ok"
    except BaseException as error:
        run.status = "failed"
        run.detail = str(error) if isinstance(error, WarehouseError) else type(error).__name__
        raise
    finally:
        run.finished_us = now_us()
        manifest.finish_run(run)
        # A damaged file, of which the error that is on its way tells, must not put another in its place.
        publish = catalog.publish if run.status == "ok" else catalog.publish_if_possible
        publish(settings.data_dir, manifest)

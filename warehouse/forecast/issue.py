"""Makes the forecast and looks for anomalies after a sync, and keeps both as Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta

from warehouse import catalog, duck
from warehouse.engine import Engine
from warehouse.errors import WarehouseError
from warehouse.forecast import steps
from warehouse.ingest.rollups import Change
from warehouse.lake import Lake
from warehouse.manifest import DataFile, Manifest
from warehouse.moments import naive
from warehouse.settings import Settings

#: Logs older than this say nothing of what comes.
_OLDEST = timedelta(days=30)
#: Dates that are judged anew each time, because logs come late; at first, all of the last month.
_AGAIN = timedelta(days=2)
_FIRST = timedelta(days=31)


def after_sync(
    settings: Settings, manifest: Manifest, run_id: str, entries: int, now: datetime | None = None
) -> str | None:
    """Forecast from the hour that the sync made whole; tells why that failed, if it did.

    Nothing is done where it would say the same as the stored one. For the holder of the writer's lock.
    """
    moment = naive(now or datetime.now(UTC))
    try:
        if not _is_due(manifest, moment, entries):
            return None
        with closing(Engine(settings.data_dir, manifest)) as engine:
            refresh(settings, manifest, engine, run_id, moment)
    except (WarehouseError, duck.Error, OSError) as error:
        # What the sync was asked for is done and committed: this must not make it a failed one.
        return f"no forecast could be made: {error}"
    return None


def refresh(settings: Settings, manifest: Manifest, engine: Engine, run_id: str, now: datetime) -> bool:
    """Make and commit what is not there yet; tells whether anything was. `now` is UTC without a zone."""
    newest = steps.newest(engine, now)
    origin: datetime | None = newest["origin"]
    if origin is None:
        return False
    history = steps.history(engine, origin)
    same = (newest["issued"], newest["entries"]) == (origin, history["entries"])
    if history["hours"] < steps.LEAST_HOURS or same:
        return False
    lake = Lake(settings.data_dir)
    current = manifest.files()
    change = Change()
    try:
        with steps.forecast(engine, origin, history["entries"], steps.HORIZON) as con:
            for table, step in (("forecasts", "stored"), ("forecast_models", "described")):
                change.extend(_issued(con, lake, current, table, f"forecast_{step}", origin, run_id))
        since = _judged_since(current, origin)
        with steps.anomalies(engine, origin, since) as con:
            change.extend(_by_date(con, lake, current, "anomalies", "anomaly_stored", since, run_id))
    except BaseException:
        lake.discard(change.add)
        raise
    manifest.commit(add=change.add, remove=change.remove)
    catalog.publish_if_possible(settings.data_dir, manifest)
    return True


def _is_due(manifest: Manifest, now: datetime, entries: int) -> bool:
    """Can a new forecast say anything new? Told from the manifest alone, because most syncs are idle."""
    newest = max((file.max_us or 0 for file in manifest.files("logs")), default=0)
    issued = max((file.max_us or 0 for file in manifest.files("forecast_models")), default=0)
    hour = now.replace(minute=0, second=0, microsecond=0)
    return newest > _us(now - _OLDEST) and (entries > 0 or issued < _us(hour))


def _us(moment: datetime) -> int:
    return round(moment.replace(tzinfo=UTC).timestamp() * 1e6)


def _judged_since(current: Iterable[DataFile], origin: datetime) -> datetime:
    judged = max((file.partition for file in current if file.table == "anomalies"), default=None)
    first = datetime.fromisoformat(judged) - _AGAIN if judged else origin - _FIRST
    return max(first, origin - _FIRST).replace(hour=0, minute=0, second=0, microsecond=0)


def _issued(
    con: duck.Connection,
    lake: Lake,
    current: Iterable[DataFile],
    table: str,
    fresh: str,
    origin: datetime,
    run_id: str,
) -> Change:
    """A forecast in its date's file, beside those of other hours."""
    partition = str(origin.date())
    old = [file for file in current if file.table == table and file.partition == partition]
    kept = duck.parquet_relation(table, [lake.path(file) for file in old])
    file = lake.write(
        con,
        f"SELECT {duck.column_list(table)} FROM ({kept}) WHERE issued <> TIMESTAMP '{origin}'"
        f" UNION ALL SELECT {duck.column_list(table)} FROM {fresh} ORDER BY issued, metric, model",
        table=table,
        partition=partition,
        run_id=run_id,
        time_column="issued",
    )
    return Change(add=[file] if file else [], remove=[item.path for item in old])


def _by_date(
    con: duck.Connection,
    lake: Lake,
    current: Iterable[DataFile],
    table: str,
    fresh: str,
    since: datetime,
    run_id: str,
) -> Change:
    """Every date's file from `since` on, made anew."""
    change = Change(
        remove=[file.path for file in current if file.table == table and file.partition >= str(since.date())]
    )
    dates = con.execute(f"SELECT DISTINCT CAST(slot AS DATE) FROM {fresh} ORDER BY 1").fetchall()
    for (date,) in dates:
        file = lake.write(
            con,
            f"SELECT * FROM {fresh} WHERE CAST(slot AS DATE) = DATE '{date}' ORDER BY metric, subject, slot",
            table=table,
            partition=str(date),
            run_id=run_id,
            time_column="slot",
        )
        change.add += [file] if file else []
    return change

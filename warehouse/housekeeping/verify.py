"""Verifying: is everything that the manifest names there and true? Reads only; what is wrong is a finding.

Files against their checksums and counts, log rows against the ledger and the audits, rollups against rollups
made anew from the log rows, the storage figures against the ledger, the ledger against the bucket.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain

import pyarrow as pa
from msgspec import Struct

from warehouse import duck, sqlfiles
from warehouse.bucket import Bucket
from warehouse.columns import lacks
from warehouse.errors import WarehouseError
from warehouse.housekeeping.cleanup import CUTOFF
from warehouse.housekeeping.job import bounded, locked
from warehouse.ingest.rollups import LOG_ROLLUPS, STORED_OBJECTS
from warehouse.ingest.stored import stored_objects
from warehouse.lake import Lake
from warehouse.ledger import everything
from warehouse.manifest import DataFile, Manifest
from warehouse.settings import Settings
from warehouse.settings_file import targets

REBUILD = "`warehouse rebuild --date` makes it again"
REBUILD_ALL = "`warehouse rebuild --all` makes it again"
RESTORE = "restore it from a backup, or move the data directory away and sync again"


class Finding(Struct, frozen=True):
    """Something that is not as it should be: which check found it, where, what it is, what to do."""

    check: str
    where: str
    what: str
    advice: str


class VerifySummary(Struct, frozen=True):
    """What was looked at and found. `unchecked` files have no checksum: an older version wrote them."""

    files: int
    unchecked: int
    dates: int
    objects: int
    findings: list[Finding]


def run(
    settings: Settings,
    *,
    quick: bool = False,
    now: datetime | None = None,
    told: Callable[[str], None] = lambda what: None,
) -> VerifySummary:
    """Look at everything; with `quick` neither at checksums and rollups nor into the bucket.

    `told` hears what is being looked at. Raises BusyError when a writer runs (it holds the writer's lock
    itself, so that nothing moves meanwhile). A bucket that does not answer is a finding.
    """
    with locked(settings) as manifest, bounded(settings) as con:
        work = _Verify(settings, manifest, con, told, now or datetime.now(UTC))
        findings = list(work.files(quick))
        findings += list(work.rows(complete=not findings))
        if not quick:
            findings += work.rollups()
            findings += work.storage()
            findings += work.buckets()
        return VerifySummary(
            files=len(work.named),
            unchecked=0 if quick else sum(file.sha256 is None for file in work.named),
            dates=len(work.dates),
            objects=work.objects,
            findings=findings,
        )


class _Verify:
    def __init__(
        self,
        settings: Settings,
        manifest: Manifest,
        con: duck.Connection,
        told: Callable[[str], None],
        now: datetime,
    ) -> None:
        self._settings = settings
        self._manifest = manifest
        self._con = con
        self._told = told
        self._now = now.astimezone(UTC).replace(tzinfo=None)
        self._lake = Lake(settings.data_dir)
        self.named = manifest.files()
        #: Files that are there, by table and partition: what cannot be read is told once, not by each check.
        self._sound: dict[tuple[str, str], list[DataFile]] = defaultdict(list)
        self.dates = sorted({file.partition for file in self.named if file.table == "logs"})
        self.objects = 0
        #: Dates of which a log file is damaged or gone: what was made of their rows cannot be made again.
        self._unsound: set[str] = set()

    def files(self, quick: bool) -> Iterator[Finding]:
        """Each file that the manifest names: there, whole, with the rows and times it should have."""
        for number, file in enumerate(self.named, start=1):
            self._told(f"file {number:,} of {len(self.named):,}")
            finding = self._file(file, quick)
            if finding is None:
                self._sound[file.table, file.partition].append(file)
            else:
                if file.table == "logs":
                    self._unsound.add(file.partition)
                yield finding
        for path in self._lake.leftovers(self._manifest):
            where = str(path.relative_to(self._lake.root))
            advice = "the next run sweeps it; if rows are missing elsewhere, restore the manifest before that"
            yield Finding("files", where, "no transaction names it", advice)

    def _file(self, file: DataFile, quick: bool) -> Finding | None:
        path = self._lake.path(file)
        advice = REBUILD_ALL if file.table in (*LOG_ROLLUPS, "storage") else RESTORE
        if not path.is_file():
            return Finding("files", file.path, "is missing", advice)
        if path.stat().st_size != file.bytes:
            return Finding(
                "files", file.path, f"has {path.stat().st_size:,} bytes, not {file.bytes:,}", advice
            )
        if not quick and file.sha256 is not None:
            with path.open("rb") as body:
                if hashlib.file_digest(body, "sha256").hexdigest() != file.sha256:
                    return Finding("files", file.path, "has another content than was written", advice)
        time = "ts" if file.table == "logs" else "CAST(NULL AS TIMESTAMP)"
        relation = duck.parquet_relation(file.table, [path])
        named = {
            "path": [file.path],
            "entries": [file.entries],
            "first_ts": pa.array([file.min_us], pa.timestamp("us")),
            "last_ts": pa.array([file.max_us], pa.timestamp("us")),
        }
        duck.register(self._con, "named_files", pa.table(named))
        try:
            if missing := lacks(self._con, self._lake.root, file):
                what = f"an older version wrote it, without {', '.join(sorted(missing))}"
                return Finding("files", file.path, what, "`warehouse rebuild --all` writes it anew")
            self._con.execute(
                "CREATE OR REPLACE TEMP VIEW held_rows AS"
                f" SELECT {duck.quoted(file.path)} AS path, {time} AS ts FROM ({relation})"
            )
            differing = self._con.execute(sqlfiles.read("audits", "file_rows")).fetchall()
        except (duck.Error, UnicodeDecodeError) as error:
            return Finding("files", file.path, f"cannot be read: {str(error).splitlines()[0]}", advice)
        if differing:
            _, entries, held = differing[0]
            return Finding(
                "files", file.path, f"holds {held:,} rows, or other times, than its {entries:,}", advice
            )
        return None

    def rows(self, *, complete: bool) -> Iterator[Finding]:
        """The log rows, date by date, and each object's rows against the ledger.

        Without `complete` files are known to be missing, and rows are so too.
        """
        for date in self.dates:
            self._told(f"logs of {date}")
            self._con.execute(f"CREATE OR REPLACE TEMP VIEW audited_logs AS {self._relation('logs', [date])}")
            for bucket, key, line, count in self._audit("duplicate_lines"):
                yield Finding("duplicates", f"{bucket}/{key}", f"line {line} became {count} rows", RESTORE)
            for bucket, key, entries, latest in self._audit("future_entries", {"now": self._now}):
                yield Finding(
                    "times",
                    f"{bucket}/{key}",
                    f"entries of a time to come: {entries:,}, up to {latest} UTC",
                    "look at the clock of what wrote it",
                )
        self._told("days")
        months = sorted({date[:7] for date in self.dates})
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW daily_counts AS {self._relation('daily', months)}")
        for day, expected in self._audit("gaps"):
            yield Finding(
                "gaps",
                str(day),
                f"no entry, where about {expected:,} are usual",
                "`warehouse sync --full` fetches what the bucket has of it; `warehouse gaps` tells more",
            )
        self._told("rows of each object")
        ledger = self._manifest.query(
            "SELECT bucket, key, accepted, rejected, first_us, last_us FROM objects WHERE format IS NOT NULL"
        )
        self.objects = len(ledger)
        names = ("bucket", "object_key", "accepted", "rejected", "first_us", "last_us")
        columns = {name: [row[place] for row in ledger] for place, name in enumerate(names)}
        types = (pa.string(), pa.string(), *[pa.int64()] * 4)
        arrays = [pa.array(columns[name], kind) for name, kind in zip(names, types, strict=True)]
        duck.register(self._con, "ledger_objects", pa.table(arrays, names=list(names)))
        quarantine = sorted({part for table, part in self._sound if table == "quarantine"})
        self._con.execute(
            "CREATE OR REPLACE TEMP VIEW held_lines AS"
            f" SELECT bucket, object_key, true AS accepted FROM ({self._relation('logs', self.dates)})"
            " UNION ALL"
            f" SELECT bucket, object_key, false FROM ({self._relation('quarantine', quarantine)})"
        )
        for bucket, key, accepted, rows, rejected, quarantined in self._audit(
            "object_rows",
            {"complete": complete, "cutoff_us": self._manifest.state(CUTOFF[0]).get(CUTOFF[1])},
        ):
            yield Finding(
                "objects",
                f"{bucket}/{key}",
                f"{rows:,} rows and {quarantined:,} quarantined lines of {accepted:,} and {rejected:,} read",
                RESTORE,
            )

    def rollups(self) -> Iterator[Finding]:
        """Each rollup, date by date, against the same made anew from the log rows."""
        for rollup, time_column in LOG_ROLLUPS.items():
            by_month = duck.PARTITIONS[rollup] == "month"
            partitions = sorted({partition for table, partition in self._sound if table == rollup})
            for date in sorted({*self.dates, *self._dates_of(rollup, partitions)} - self._unsound):
                self._told(f"{rollup} of {date}")
                held = self._relation(rollup, partitions if by_month else [date])
                if by_month:
                    held = f"SELECT * FROM ({held}) WHERE CAST({time_column} AS DATE) = DATE '{date}'"
                fresh = self._relation("logs", [date])
                self._con.execute(f"CREATE OR REPLACE TEMP VIEW fresh_logs AS {fresh}")
                yield from self._rollup(rollup, f"{rollup} {date}", held, REBUILD)

    def _dates_of(self, rollup: str, partitions: list[str]) -> list[str]:
        """The dates of which a rollup holds rows."""
        if duck.PARTITIONS[rollup] == "date":
            return partitions
        rows = self._con.execute(
            f"SELECT DISTINCT CAST({LOG_ROLLUPS[rollup]} AS DATE) FROM ({self._relation(rollup, partitions)})"
        )
        return [str(day) for (day,) in rows.fetchall()]

    def storage(self) -> Iterator[Finding]:
        """The storage figures against the same made anew from the ledger."""
        self._told("storage figures")
        objects = (stored_objects(items, []).to_batches() for items in everything(self._manifest))
        reader = pa.RecordBatchReader.from_batches(STORED_OBJECTS, chain.from_iterable(objects))
        duck.register(self._con, "ledger_reader", reader)
        self._con.execute("CREATE OR REPLACE TEMP TABLE fresh_objects AS FROM ledger_reader")
        partitions = sorted({partition for table, partition in self._sound if table == "storage"})
        held = self._relation("storage", partitions)
        yield from self._rollup("storage", "storage", held, REBUILD_ALL)

    def _rollup(self, rollup: str, where: str, held: str, advice: str) -> Iterator[Finding]:
        """What a rollup holds against what its query makes of what was bound for it."""
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW held AS {held}")
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW prior AS {duck.empty_relation(rollup)}")
        query = sqlfiles.read("rollups", rollup)
        columns = duck.column_list(rollup)
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE rebuilt AS SELECT {columns} FROM ({query})")
        ((missing, surplus),) = self._audit("rollup")
        if missing or surplus:
            what = f"{missing:,} rows are missing and {surplus:,} are too many"
            yield Finding("rollups", where, what, advice)

    def buckets(self) -> Iterator[Finding]:
        """The ledger of each bucket against a listing of all its logs and packages."""
        for target in targets(self._settings):
            if target.bucket is None:
                continue
            try:
                with closing(Bucket(target)) as bucket:
                    self._told(f"bucket {bucket.name}")
                    # What lies below the log prefix and was listed for the inventory only was not read.
                    yield from self._listed(bucket, target.log_prefix, "AND format IS NOT NULL")
                    yield from self._listed(bucket, target.package_prefix)
            except WarehouseError as error:
                advice = error.hint or "`warehouse doctor` tells more"
                yield Finding("bucket", target.bucket, f"cannot be compared: {error.detail}", advice)

    def _listed(self, bucket: Bucket, prefix: str, condition: str = "") -> Iterator[Finding]:
        ledger = {
            row["key"]: row["etag"]
            for row in self._manifest.query(
                "SELECT key, etag FROM objects WHERE bucket = ? AND gone = 0"
                f" AND substr(key, 1, length(?)) = ? {condition}",
                [bucket.name, prefix, prefix],
            )
        }
        for info in bucket.list(prefix):
            if info.key.endswith("/"):
                continue
            mirrored = ledger.pop(info.key, None)
            if mirrored != info.etag:
                what = "is not mirrored" if mirrored is None else "changed since it was mirrored"
                yield Finding("bucket", f"{bucket.name}/{info.key}", what, "`warehouse sync --full`")
        for key in ledger:
            what = "is no longer in the bucket"
            yield Finding("bucket", f"{bucket.name}/{key}", what, "`warehouse sync --full` notes it")

    def _relation(self, table: str, partitions: list[str]) -> str:
        files = [file for partition in partitions for file in self._sound.get((table, partition), [])]
        return duck.parquet_relation(table, [self._lake.path(file) for file in files])

    def _audit(self, name: str, parameters: dict[str, object] | None = None) -> list[tuple[object, ...]]:
        return self._con.execute(sqlfiles.read("audits", name), parameters or {}).fetchall()

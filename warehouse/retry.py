"""Reads quarantined lines again with the formats and mappings of today.

Lines that have become readable leave quarantine as log rows of their object and line; files, rollups and
the ledger change in one transaction per portion. What is still unreadable stays as it is, reason and time
too, so that a second retry changes nothing. It works from the kept text and asks the bucket for nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from warehouse import billing, catalog, duck, formats, lock
from warehouse.errors import IntegrityError, WarehouseError
from warehouse.ingest import heads, longlines, rewrite
from warehouse.ingest.conform import Converted, Converter, ObjectCount
from warehouse.ingest.lines import Batch
from warehouse.ingest.rollups import Change, DateChange, refresh_logs
from warehouse.lake import Lake
from warehouse.manifest import DataFile, LedgerObject, Manifest, Run, ledger_object, now_us
from warehouse.quarantine import QuarantineFilter
from warehouse.settings import MIB, Settings

#: Lines whose text in quarantine is the text of the object: damaged bytes are only shown there, and of lines
#: that are too long there is the beginning only.
_EXACT = (
    "line > 0 AND NOT starts_with(reason, 'not valid UTF-8')"
    f" AND NOT starts_with(reason, '{longlines.LONGER} ')"
)
#: Lines that are taken from the lake together.
_ROWS = 1_000
#: The bucket and key of an object.
Place = tuple[str, str]


class RetrySummary(Struct, frozen=True):
    """What a retry did: lines read again, those that became entries, those that stay.

    `damaged` lines and objects were not read again: their bytes are damaged, or the compressed data are.
    """

    run_id: str
    lines: int
    entries: int
    still_rejected: int
    damaged: int
    objects: int


class _Line(NamedTuple):
    place: Place
    number: int
    text: bytes


def run(settings: Settings, wanted: QuarantineFilter | None = None) -> RetrySummary:
    """Read the lines that match again (all without a filter; its limit counts for nothing).

    Raises BusyError when another writer runs, UnavailableError when the disk takes no more.
    """
    with lock.writer(settings.data_dir):
        manifest = Manifest(settings.data_dir)
        try:
            return _Retry(settings, manifest, wanted or QuarantineFilter()).run()
        finally:
            manifest.close()


class _Retry:
    def __init__(self, settings: Settings, manifest: Manifest, wanted: QuarantineFilter) -> None:
        self._settings = settings
        self._manifest = manifest
        self._wanted = wanted
        self._lake = Lake(settings.data_dir)
        self._con = duck.connect()
        started = now_us()
        self._run = Run(
            run_id=f"{datetime.fromtimestamp(started / 1e6, UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
            kind="retry",
            status="running",
            started_us=started,
        )
        billing.price(self._run, settings)
        self._mended: set[Place] = set()
        self._known_forms: dict[Place, str] = {}

    def run(self) -> RetrySummary:
        if self._lake.begin(self._manifest, self._run):
            # A killed run told the catalog nothing of what it committed.
            catalog.publish_if_possible(self._settings.data_dir, self._manifest)
        lines = 0
        try:
            damaged = self._bind_quarantine()
            today = f"{datetime.fromtimestamp(self._run.started_us / 1e6, UTC):%Y-%m-%d}"
            converter = Converter(self._lake, self._run.run_id, today, self._settings)
            try:
                for portion in self._portions():
                    lines += len(portion)
                    self._take(converter, portion)
            finally:
                converter.close()
            self._run.status = "ok"
        except BaseException as error:
            self._run.status = "failed"
            self._run.detail = str(error) if isinstance(error, WarehouseError) else type(error).__name__
            raise
        finally:
            self._con.close()
            self._run.finished_us = now_us()
            self._run.objects = len(self._mended)
            self._manifest.finish_run(self._run)
            publish = catalog.publish if self._run.status == "ok" else catalog.publish_if_possible
            publish(self._settings.data_dir, self._manifest)
        return RetrySummary(
            run_id=self._run.run_id,
            lines=lines,
            entries=self._run.entries,
            still_rejected=lines - self._run.entries,
            damaged=damaged,
            objects=len(self._mended),
        )

    def _bind_quarantine(self) -> int:
        """Make `waiting` of the quarantine as it is now; gives how many of it cannot be read again."""
        held = [self._lake.path(file) for file in self._manifest.files("quarantine")]
        since = self._wanted.since
        self._con.execute(
            "CREATE TABLE wanted AS SELECT CAST($reason AS VARCHAR) AS reason,"
            " CAST($object AS VARCHAR) AS object, CAST($since AS TIMESTAMP) AS since",
            {
                "reason": self._wanted.reason,
                "object": self._wanted.object,
                "since": since.astimezone(UTC).replace(tzinfo=None) if since else None,
            },
        )
        self._con.execute(
            "CREATE VIEW waiting AS SELECT q.* FROM"
            f" ({duck.parquet_relation('quarantine', held)}) AS q, wanted AS w"
            " WHERE quarantine_matches(q.reason, q.object_key, q.quarantined_at, w.reason, w.object, w.since)"
        )
        row = self._con.execute(f"SELECT count(*) FROM waiting WHERE NOT ({_EXACT})").fetchone()
        return int(row[0]) if row else 0

    def _portions(self) -> Iterator[list[_Line]]:
        """The lines by object, about a batch of text at a time."""
        # A cursor of its own: the connection does other work before the next rows are asked for.
        cursor = self._con.cursor()
        cursor.execute(
            f"SELECT bucket, object_key, line, raw FROM waiting WHERE {_EXACT}"
            " ORDER BY bucket, object_key, line"
        )
        portion: list[_Line] = []
        size = 0
        while rows := cursor.fetchmany(_ROWS):
            for bucket, key, number, raw in rows:
                portion.append(_Line((bucket, key), number, raw.encode(errors="surrogatepass") + b"\n"))
                size += len(portion[-1].text)
                if size >= self._settings.batch_mib * MIB:
                    yield portion
                    portion, size = [], 0
        if portion:
            yield portion

    def _take(self, converter: Converter, portion: list[_Line]) -> None:
        """Convert a portion and commit those of its lines that became rows."""
        forms = self._forms(portion)
        change = Change()
        objects: list[LedgerObject] = []
        try:
            for form in sorted(set(forms.values()) - {formats.SKIP}):
                lines = [line for line in portion if forms[line.place] == form]
                places = dict(enumerate(dict.fromkeys(line.place for line in lines)))
                converted = converter.convert(_batch(lines, places, form), places)
                # What is still rejected is in quarantine already, with the time at which it was met.
                self._lake.discard(file for file in converted.files if file.table != "logs")
                change.add += [file for file in converted.files if file.table == "logs"]
                objects += self._ledger(converted, places, form)
            logs = list(change.add)
            if not logs:
                return
            current = self._manifest.files()
            self._leave_quarantine(logs, current, change)
            dates: dict[str, DateChange] = {}
            for file in logs:
                dates.setdefault(file.partition, DateChange()).files.append(self._lake.path(file))
            change.extend(refresh_logs(self._con, self._lake, dates, current, self._run.run_id))
        except BaseException:
            self._lake.discard(change.add)
            raise
        self._run.entries += sum(file.entries for file in logs)
        self._mended |= {(item.bucket, item.key) for item in objects}
        # Outside: whoever interrupts a commit cannot know whether the manifest names the files already.
        self._manifest.commit(objects=objects, add=change.add, remove=change.remove, run=self._run)

    def _forms(self, portion: list[_Line]) -> dict[Place, str]:
        """The format of each object of a portion.

        As it was, when it served for other lines of the object; else what the first lines say today. What a
        prefix of the settings says holds in any case.
        """
        texts: dict[Place, list[bytes]] = {}
        for line in portion:
            texts.setdefault(line.place, []).append(line.text)
        for place in texts.keys() - self._known_forms.keys():
            key = place[1]
            item = self._ledger_object(place)
            ruled = any(rule.format and key.startswith(rule.prefix) for rule in self._settings.prefixes)
            if item is None or not item.accepted or item.format is None or ruled:
                head = heads.Head(b"".join(texts[place][: heads.LINES]))
                self._known_forms[place] = formats.detect(head, key, self._settings)
            else:
                self._known_forms[place] = item.format
        return {place: self._known_forms[place] for place in texts}

    def _ledger_object(self, place: Place) -> LedgerObject | None:
        rows = self._manifest.query("SELECT * FROM objects WHERE bucket = ? AND key = ?", place)
        return ledger_object(rows[0]) if rows else None

    def _leave_quarantine(self, logs: list[DataFile], current: list[DataFile], change: Change) -> None:
        """Take out of quarantine exactly the lines that became rows."""
        paths = [self._lake.path(file) for file in logs]
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE mended AS SELECT bucket, object_key, line"
            f" FROM ({duck.parquet_relation('logs', paths)})"
        )
        result = rewrite.without(
            self._con,
            self._lake,
            [file for file in current if file.table == "quarantine"],
            "(bucket, object_key, line) IN (SELECT (bucket, object_key, line) FROM mended)",
            {},
            self._run.run_id,
        )
        change.extend(result.change)
        rows = sum(file.entries for file in logs)
        if result.rows != rows:
            raise IntegrityError(f"{rows} lines became entries, {result.rows} of them are in quarantine")

    def _ledger(self, converted: Converted, places: dict[int, Place], form: str) -> list[LedgerObject]:
        """The objects that gained rows, with their counts moved from rejected to accepted."""
        objects = []
        for number, counts in converted.counts.items():
            if not counts.accepted:
                continue
            item = self._ledger_object(places[number])
            if item is None or item.rejected < counts.accepted:
                raise IntegrityError(
                    f"{places[number][1]}: {counts.accepted} lines became entries, the ledger counts less"
                )
            objects.append(_moved(item, counts, form))
        return objects


def _batch(portion: list[_Line], places: dict[int, Place], form: str) -> Batch:
    """Lines as the ingest takes them: every one is a piece of its own, because they are not in a row."""
    numbers = {place: number for number, place in places.items()}
    batch = Batch(format=form)
    for line in portion:
        batch.append(numbers[line.place], line.number, [line.text], 1)
    return batch


def _moved(item: LedgerObject, counts: ObjectCount, form: str) -> LedgerObject:
    firsts = [us for us in (item.first_us, counts.first_us) if us is not None]
    lasts = [us for us in (item.last_us, counts.last_us) if us is not None]
    changes: dict[str, Any] = {
        "format": form,
        "accepted": item.accepted + counts.accepted,
        "rejected": item.rejected - counts.accepted,
        "first_us": min(firsts, default=None),
        "last_us": max(lasts, default=None),
    }
    return msgspec.structs.replace(item, **changes)

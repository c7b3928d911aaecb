"""Commits what a sync found: each chunk of objects is one transaction, with its files and rollups.

A run that is killed leaves whole chunks and no parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from warehouse import duck
from warehouse.billing import note
from warehouse.bucket import Bucket
from warehouse.ingest import rewrite
from warehouse.ingest.pipeline import Fetched, Ingested
from warehouse.ingest.rollups import Change, DateChange, refresh_logs, refresh_storage
from warehouse.ingest.stored import stored_objects
from warehouse.lake import Lake
from warehouse.manifest import DataFile, LedgerObject, Manifest, Run
from warehouse.settings import Settings


class Committer:
    """Adds to the warehouse what one run ingested, and counts it in the run."""

    def __init__(
        self,
        settings: Settings,
        bucket: Bucket,
        manifest: Manifest,
        lake: Lake,
        con: duck.Connection,
        run: Run,
    ) -> None:
        self._settings = settings
        self._bucket = bucket
        self._manifest = manifest
        self._lake = lake
        self._con = con
        self._run = run
        #: Files that were written, and objects that could not be read.
        self.files = 0
        self.skipped = 0

    def chunk(
        self,
        ingested: Ingested,
        prior: Mapping[str, LedgerObject],
        state: Mapping[tuple[str, str], Any],
    ) -> None:
        """One chunk: its objects, files and rollups in one transaction.

        `prior` is what the ledger has of the chunk's keys already, `state` what to remember with them.
        """
        taken = [item for item in ingested.objects if item.skipped is None]
        replaced = [prior[item.info.key] for item in taken if item.info.key in prior]
        change = Change(add=list(ingested.files))
        try:
            current = self._manifest.files()
            dates = self._take_out(replaced, current, change)
            for file in ingested.files:
                if file.table == "logs":
                    dates.setdefault(file.partition, DateChange()).files.append(self._lake.path(file))
            change.extend(refresh_logs(self._con, self._lake, dates, current, self._run.run_id))
            objects = [self._ledger_row(item) for item in taken]
            moved = stored_objects(objects, [item for item in replaced if not item.gone])
            change.extend(refresh_storage(self._con, self._lake, moved, current, self._run.run_id))
        except BaseException:
            self._lake.discard(change.add)
            raise
        self.files += len(change.add)
        self.skipped += len(ingested.objects) - len(taken)
        self._run.objects += len(taken)
        self._run.replaced += len(replaced)
        self._run.entries += sum(item.counts.accepted for item in taken)
        self._run.rejected += sum(item.counts.rejected + item.counts.faults for item in taken)
        self._run.compressed_bytes += sum(item.info.size for item in taken)
        self._run.raw_bytes += sum(item.counts.raw_bytes for item in taken)
        note(self._run, [self._bucket], self._settings)
        # Outside: whoever interrupts a commit cannot know whether the manifest names the files already.
        self._manifest.commit(
            objects=objects, add=change.add, remove=change.remove, state=state, run=self._run
        )

    def _take_out(
        self, replaced: Sequence[LedgerObject], current: list[DataFile], change: Change
    ) -> dict[str, DateChange]:
        """Take the rows of objects that changed out of the lake; gives the dates to build again."""
        if not replaced:
            return {}
        keys = [item.key for item in replaced]
        first = min((item.first_us for item in replaced if item.first_us is not None), default=None)
        last = max((item.last_us for item in replaced if item.last_us is not None), default=None)
        candidates = [
            file
            for file in current
            if file.table == "quarantine"
            or (
                file.table == "logs"
                and None not in (first, last, file.min_us, file.max_us)
                and file.min_us <= last  # type: ignore[operator]
                and file.max_us >= first  # type: ignore[operator]
            )
        ]
        # A semi-join: a list of thousands of keys would be walked for every row.
        duck.register(self._con, "replaced_keys", pa.table({"key": keys}))
        condition = "bucket = $bucket AND object_key IN (SELECT key FROM replaced_keys)"
        parameters: dict[str, object] = {"bucket": self._bucket.name}
        rebuilt: dict[str, DateChange] = {}
        for table in ("logs", "quarantine"):
            files = [file for file in candidates if file.table == table]
            result = rewrite.without(self._con, self._lake, files, condition, parameters, self._run.run_id)
            change.extend(result.change)
            if table == "logs":
                staying = [*current, *result.change.add]
                removed = set(result.change.remove)
                for date in result.partitions:
                    rebuilt[date] = DateChange(
                        files=[
                            self._lake.path(file)
                            for file in staying
                            if file.table == "logs" and file.partition == date and file.path not in removed
                        ],
                        rebuild=True,
                    )
        return rebuilt

    def gone(self, items: list[LedgerObject]) -> None:
        """Objects that left the bucket: their rows stay, the storage figures move."""
        change = self._storage([], items)
        self._manifest.commit(
            gone=[(item.bucket, item.key) for item in items], add=change.add, remove=change.remove
        )

    def back(self, items: list[LedgerObject]) -> None:
        """Objects that left the bucket and came back unchanged: the storage figures move."""
        change = self._storage(items, [])
        self._manifest.commit(objects=items, add=change.add, remove=change.remove)

    def _storage(self, came: list[LedgerObject], went: list[LedgerObject]) -> Change:
        moved = stored_objects(came, went)
        return refresh_storage(self._con, self._lake, moved, self._manifest.files(), self._run.run_id)

    def _ledger_row(self, item: Fetched) -> LedgerObject:
        counts = item.counts
        return LedgerObject(
            bucket=self._bucket.name,
            key=item.info.key,
            prefix=self._settings.log_prefix,
            etag=item.info.etag,
            size=item.info.size,
            modified_us=_us(item.info.last_modified),
            storage_class=item.info.storage_class,
            format=item.format,
            raw_bytes=counts.raw_bytes,
            lines=counts.lines,
            accepted=counts.accepted,
            rejected=counts.rejected + counts.faults,
            first_us=counts.first_us,
            last_us=counts.last_us,
            run_id=self._run.run_id,
        )


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)

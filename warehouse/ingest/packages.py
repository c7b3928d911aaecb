"""Mirrors the inventory of the packages prefix: the listing, plus each object's own metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pyarrow as pa

from warehouse import duck, sqlfiles
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.errors import ObjectError
from warehouse.ingest.inventory import Inventory, Page
from warehouse.lake import Lake
from warehouse.ledger import Ledger
from warehouse.manifest import LedgerObject, Manifest
from warehouse.settings import Settings

#: The part of the manifest's state that names buckets whose table is behind their ledger.
_STATE = "packages"

_PACKAGE_OBJECTS = pa.schema(
    [
        ("bucket", pa.string()),
        ("object_key", pa.string()),
        ("path", pa.string()),
        ("etag", pa.string()),
        ("size", pa.int64()),
        ("last_modified", pa.timestamp("us")),
        ("storage_class", pa.string()),
        ("metadata", pa.string()),
    ]
)


class PackageSync:
    """Brings the inventory of one bucket up to date."""

    def __init__(
        self,
        settings: Settings,
        bucket: Bucket,
        manifest: Manifest,
        lake: Lake,
        con: duck.Connection,
        run_id: str,
    ) -> None:
        self._settings = settings
        self._bucket = bucket
        self._manifest = manifest
        self._lake = lake
        self._con = con
        self._run_id = run_id
        #: Files that the inventory took to write.
        self.files = 0

    def run(self) -> int:
        """List, ask for the metadata of what is new, replace the inventory; returns how many changed."""
        name, prefix = self._bucket.name, self._settings.package_prefix
        stale = {(_STATE, name): True}
        inventory = Inventory(name, self._manifest, self._lake, self._con, self._run_id)
        with ThreadPoolExecutor(self._settings.fetch_threads, "head") as pool:
            for page in inventory.pages(self._listed(prefix)):
                inventory.commit(self._news(inventory, page, pool), stale)
        inventory.vanished(prefix, state=stale)
        self.files = inventory.files
        # Also what a run left that was killed between the ledger and the table.
        if name in self._manifest.state(_STATE):
            self._replace_table(prefix)
        return inventory.changed

    def _listed(self, prefix: str) -> Iterator[ObjectInfo]:
        return (info for info in self._bucket.list(prefix) if not info.key.endswith("/"))

    def _news(self, inventory: Inventory, page: Page, pool: ThreadPoolExecutor) -> list[LedgerObject]:
        """What is new or changed on a page, with its metadata, and what came back as it was."""
        fresh, back = [], {}
        for info in page.infos:
            known = page.known.get(info.key)
            if known is None or known.etag != info.etag:
                fresh.append(info)
            elif known.gone:
                back[info.key] = info
        came = [item for item in pool.map(self._ledger_row, fresh) if item is not None]
        return came + [
            msgspec.structs.replace(item, gone=False, modified_us=_us(back[key]))
            for key, item in inventory.objects(back).items()
        ]

    def _replace_table(self, prefix: str) -> None:
        """Write the table `packages` anew: this bucket's objects from the ledger, the others' as they are."""
        held = (self._batch(items) for items in Ledger(self._manifest, self._bucket.name).held(prefix))
        duck.register(self._con, "package_objects", pa.RecordBatchReader.from_batches(_PACKAGE_OBJECTS, held))
        old = self._manifest.files("packages")
        before = [self._lake.path(file) for file in old]
        self._con.execute(
            "CREATE OR REPLACE TEMP VIEW other_packages AS SELECT * FROM"
            f" ({duck.parquet_relation('packages', before)}) WHERE bucket <> {duck.quoted(self._bucket.name)}"
        )
        table = self._lake.write(
            self._con,
            sqlfiles.read("inventory", "packages"),
            table="packages",
            partition="",
            run_id=self._run_id,
        )
        self._manifest.commit(
            add=[table] if table else [],
            remove=[file.path for file in old],
            state={(_STATE, self._bucket.name): None},
        )
        self.files += 1 if table else 0

    def _ledger_row(self, info: ObjectInfo) -> LedgerObject | None:
        """One object with its metadata; None when it went away since the listing."""
        try:
            metadata = self._bucket.head(info.key).metadata
        except ObjectError:
            return None
        return LedgerObject(
            bucket=self._bucket.name,
            key=info.key,
            prefix=self._settings.package_prefix,
            etag=info.etag,
            size=info.size,
            modified_us=_us(info),
            storage_class=info.storage_class,
            metadata=metadata,
            run_id=self._run_id,
        )

    def _batch(self, items: list[LedgerObject]) -> pa.RecordBatch:
        prefix = self._settings.package_prefix
        return pa.record_batch(
            [
                [item.bucket for item in items],
                [item.key for item in items],
                [item.key.removeprefix(prefix) for item in items],
                [item.etag for item in items],
                [item.size for item in items],
                pa.array([item.modified_us for item in items], pa.timestamp("us")),
                [item.storage_class for item in items],
                [json.dumps(item.metadata, sort_keys=True) for item in items],
            ],
            schema=_PACKAGE_OBJECTS,
        )


def _us(info: ObjectInfo) -> int:
    return round(info.last_modified.timestamp() * 1_000_000)

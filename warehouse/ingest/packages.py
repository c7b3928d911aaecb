"""Mirrors the inventory of the packages prefix: the listing, plus each object's own metadata."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pyarrow as pa

from warehouse import duck, sqlfiles
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.errors import ObjectError
from warehouse.ingest.rollups import refresh_storage
from warehouse.ingest.stored import stored_objects
from warehouse.lake import Lake
from warehouse.manifest import LedgerObject, Manifest
from warehouse.settings import Settings

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
        prefix = self._settings.package_prefix
        ledger = self._manifest.objects(self._bucket.name, prefix)
        listed = {info.key: info for info in self._bucket.list(prefix) if not info.key.endswith("/")}
        fresh = [info for key, info in listed.items() if key not in ledger or ledger[key].etag != info.etag]
        back = [
            msgspec.structs.replace(
                item, gone=False, modified_us=round(listed[key].last_modified.timestamp() * 1_000_000)
            )
            for key, item in ledger.items()
            if item.gone and key in listed and item.etag == listed[key].etag
        ]
        gone = [item for key, item in ledger.items() if not item.gone and key not in listed]
        if not (fresh or back or gone):
            return 0
        with ThreadPoolExecutor(self._settings.fetch_threads, "head") as pool:
            came = [item for item in pool.map(self._ledger_row, fresh) if item is not None]
        came += back
        went = gone + [ledger[item.key] for item in came if item.key in ledger and not ledger[item.key].gone]
        staying = {key: item for key, item in ledger.items() if key in listed}
        held = staying | {item.key: item for item in came}
        current = self._manifest.files()
        change = refresh_storage(self._con, self._lake, stored_objects(came, went), current, self._run_id)
        duck.register(self._con, "package_objects", self._table(list(held.values())))
        before = [self._lake.path(file) for file in current if file.table == "packages"]
        self._con.execute(
            "CREATE OR REPLACE TEMP VIEW other_packages AS SELECT * FROM"
            f" ({duck.parquet_relation('packages', before)}) WHERE bucket <> {duck.quoted(self._bucket.name)}"
        )
        inventory = self._lake.write(
            self._con,
            sqlfiles.read("inventory", "packages"),
            table="packages",
            partition="",
            run_id=self._run_id,
        )
        change.add += [inventory] if inventory else []
        change.remove += [file.path for file in current if file.table == "packages"]
        self._manifest.commit(
            objects=came,
            gone=[(item.bucket, item.key) for item in gone],
            add=change.add,
            remove=change.remove,
        )
        self.files = len(change.add)
        return len(came) + len(gone)

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
            modified_us=round(info.last_modified.timestamp() * 1_000_000),
            storage_class=info.storage_class,
            metadata=metadata,
            run_id=self._run_id,
        )

    def _table(self, items: list[LedgerObject]) -> pa.Table:
        prefix = self._settings.package_prefix
        return pa.table(
            [
                [item.bucket for item in items],
                [item.key for item in items],
                [item.key.removeprefix(prefix) for item in items],
                [item.etag for item in items],
                [item.size for item in items],
                [item.modified_us for item in items],
                [item.storage_class for item in items],
                [json.dumps(item.metadata, sort_keys=True) for item in items],
            ],
            schema=_PACKAGE_OBJECTS,
        )

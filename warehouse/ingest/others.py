"""Lists what the bucket holds besides logs and packages, for the inventory: names and sizes, no content."""

from __future__ import annotations

from collections.abc import Iterator

from warehouse import duck
from warehouse.bucket import Bucket, ObjectInfo
from warehouse.ingest.inventory import Inventory
from warehouse.lake import Lake
from warehouse.ledger import Known
from warehouse.manifest import LedgerObject, Manifest
from warehouse.settings import Settings

_EVERYTHING = "*"


class OtherObjects:
    """Brings the ledger of the prefixes of `inventory_prefixes` up to date, in one bucket."""

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
        #: Prefixes that are mirrored with their content or metadata.
        self._theirs = (settings.log_prefix, settings.package_prefix)
        #: Files that it took to write.
        self.files = 0

    def run(self) -> int:
        """List and compare with the ledger; returns how many objects came, changed or went."""
        wanted = self._settings.inventory_prefixes.split()
        if not wanted:
            return 0
        inventory = Inventory(self._bucket.name, self._manifest, self._lake, self._con, self._run_id)
        for prefix in wanted:
            for page in inventory.pages(self._list(prefix)):
                came = [self._row(info) for info in page.infos if _is_news(info, page.known.get(info.key))]
                inventory.commit(came)
        for prefix in wanted:
            inventory.vanished("" if prefix == _EVERYTHING else prefix, without=self._theirs)
        self.files = inventory.files
        return inventory.changed

    def _list(self, prefix: str) -> Iterator[ObjectInfo]:
        """The objects below a prefix but logs and packages, which are not listed once more for `*`."""
        if prefix != _EVERYTHING:
            yield from (info for info in self._bucket.list(prefix) if self._counts(info.key))
            return
        for page in self._bucket.level(""):
            yield from (info for info in page.objects if self._counts(info.key))
            for folder in page.folders:
                if not self._mirrored(folder):
                    yield from (info for info in self._bucket.list(folder) if self._counts(info.key))

    def _counts(self, key: str) -> bool:
        return not key.endswith("/") and not self._mirrored(key)

    def _mirrored(self, key: str) -> bool:
        return key.startswith(self._theirs)

    def _row(self, info: ObjectInfo) -> LedgerObject:
        first, slash, _ = info.key.partition("/")
        return LedgerObject(
            bucket=self._bucket.name,
            key=info.key,
            prefix=first + slash if slash else "",
            etag=info.etag,
            size=info.size,
            modified_us=round(info.last_modified.timestamp() * 1_000_000),
            storage_class=info.storage_class,
            run_id=self._run_id,
        )


def _is_news(info: ObjectInfo, known: Known | None) -> bool:
    return known is None or known.gone or known.etag != info.etag

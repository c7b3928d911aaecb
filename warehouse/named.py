"""Keys that somebody named (event notifications) against the ledger, without a listing.

Each key is asked for once (HEAD, Class B): what is there now counts, in whatever order its events came. A key
whose named versions are all the one that is mirrored already is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from warehouse.bucket import Bucket
from warehouse.comparison import Comparison, Findings, batches
from warehouse.ledger import Known
from warehouse.manifest import LedgerObject, Manifest
from warehouse.settings import Settings

#: The versions (ETags) that were named of each key; None stands for a deletion.
Keys = Mapping[str, Set[str | None]]

#: Keys that are asked for before what they gave is compared with the ledger.
_PAGE = 1_000


class Named(Comparison):
    """Named keys of one bucket."""

    def __init__(
        self, settings: Settings, bucket: Bucket, manifest: Manifest, now_us: int, keys: Keys
    ) -> None:
        super().__init__(settings, bucket, manifest, now_us)
        self._keys = keys
        self._threads = settings.fetch_threads
        self._absent: list[str] = []

    def pages(self) -> Iterator[Findings]:
        """What is new, changed or back of the keys. Raises BucketError."""
        with ThreadPoolExecutor(self._threads, "head") as pool:
            for keys in batches(iter(sorted(self._keys)), _PAGE):
                known = self._ledger.known(keys)
                asked = [key for key in keys if not self._is_here(key, known.get(key))]
                infos = [*pool.map(self._head, asked)]
                self._absent += [key for key, info in zip(asked, infos, strict=True) if info is None]
                yield self._compared([info for info in infos if info is not None])

    def _is_here(self, key: str, known: Known | None) -> bool:
        return known is not None and not known.gone and self._keys[key] == {known.etag}

    def vanished(self) -> Iterator[list[LedgerObject]]:
        """Objects of the ledger whose keys were named and are no longer there. Raises BucketError."""
        if not self._absent:
            return
        # An answer that a key is not there says the same of a bucket that is not.
        self._bucket.check()
        for keys in batches(iter(self._absent), _PAGE):
            if went := [item for item in self._ledger.objects(keys).values() if not item.gone]:
                yield went

    def remember(self) -> dict[tuple[str, str], Any]:
        """That keys which are gone need not be asked for again."""
        return self._forgotten(self._skipped.intersection(self._absent))

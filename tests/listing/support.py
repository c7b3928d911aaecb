"""A bucket that lists in pages and counts them, and a mirror that only keeps the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tests.warehouse_builder import MemoryBucket, _Stored
from warehouse.bucket import Level, ObjectInfo
from warehouse.listing import Listing
from warehouse.manifest import LedgerObject, Manifest
from warehouse.settings import Settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR_US = 3_600_000_000


def micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def key_at(folder: str, hours_ago: float) -> str:
    """The key that the registry gives an object of that time before NOW."""
    return f"logs/{folder}/{micros(NOW - timedelta(hours=hours_ago)) // 1000}.jsonl.gz"


def binary(key: str) -> Any:
    return key.encode()


def folders_first(key: str) -> Any:
    """The order of a server that keeps folders: `a/b` comes before `a-b`."""
    return [part.encode() for part in key.split("/")]


class PagedBucket(MemoryBucket):
    """Lists pages of `page` keys, ordered by `order`; `calls` are (prefix, after, level) of each."""

    def __init__(self, page: int = 1_000, order: Callable[[str], Any] = binary) -> None:
        super().__init__()
        self.page = page
        self.order = order
        self.calls: list[tuple[str, str | None, bool]] = []
        self._puts = 0

    def put(self, key: str, body: bytes = b"", size: int = 1) -> None:
        self._puts += 1
        info = ObjectInfo(key, f"etag-{self._puts}", size, NOW, "STANDARD")
        self.objects[key] = _Stored(info, body, {})

    def list(self, prefix: str, start_after: str | None = None) -> Iterator[ObjectInfo]:
        for page in self._pages(self._keys(prefix, start_after), prefix, start_after, False):
            yield from (self.objects[key].info for key in page)

    def level(self, prefix: str, start_after: str | None = None) -> Iterator[Level]:
        entries = {}
        for key in self._keys(prefix, start_after):
            folder, slash, _ = key[len(prefix) :].partition("/")
            entries[prefix + folder + slash if slash else key] = bool(slash)
        for page in self._pages([*entries], prefix, start_after, True):
            yield Level(
                [self.objects[key].info for key in page if not entries[key]],
                [key for key in page if entries[key]],
            )

    def _keys(self, prefix: str, after: str | None) -> list[str]:
        keys = [key for key in self.objects if key.startswith(prefix)]
        keys.sort(key=self.order)
        return [key for key in keys if after is None or self.order(key) > self.order(after)]

    def _pages(self, keys: list[str], prefix: str, after: str | None, level: bool) -> Iterator[list[str]]:
        for first in range(0, max(len(keys), 1), self.page):
            self.class_a += 1
            self.calls.append((prefix, after, level))
            yield keys[first : first + self.page]


class Mirror:
    """Mirrors a bucket's listing into a ledger, as a sync does, without reading the objects."""

    def __init__(self, data_dir: Path, bucket: PagedBucket, **settings: Any) -> None:
        self.settings = msgspec.structs.replace(
            Settings(bucket="memory", data_dir=data_dir, compact_days=0), **settings
        )
        self.bucket = bucket
        self.manifest = Manifest(data_dir)
        #: Of the last run.
        self.fetched: list[str] = []
        self.gone: list[str] = []
        self.notes: list[str] = []
        self.full = False

    def run(
        self,
        now: datetime = NOW,
        *,
        full: bool = False,
        skip: frozenset[str] = frozenset(),
        killed: bool = False,
    ) -> int:
        """List and commit; `skip` cannot be read, `killed` ends before the starts move. Gives the calls."""
        before = self.bucket.class_a
        listing = Listing(self.settings, self.bucket, self.manifest, micros(now), full=full)  # type: ignore[arg-type]
        self.fetched, self.gone, self.full = [], [], listing.full
        for page in listing.pages():
            infos = [found.info for found in page.fetch]
            taken = [info for info in infos if info.key not in skip]
            missed = [info.key for info in infos if info.key in skip]
            self.manifest.commit(
                objects=[*map(self._row, taken), *page.back],
                state=listing.missed([info.key for info in taken], missed),
            )
            self.fetched += [info.key for info in taken]
        for items in listing.vanished():
            self.manifest.commit(gone=[(item.bucket, item.key) for item in items])
            self.gone += [item.key for item in items]
        if not killed:
            self.manifest.remember(listing.remember())
            self.notes = listing.notes
        return self.bucket.class_a - before

    def held(self) -> dict[str, str]:
        """Key and version of all that the ledger believes to be in the bucket."""
        rows = self.manifest.objects("memory", "")
        return {key: item.etag for key, item in rows.items() if not item.gone}

    def there(self) -> dict[str, str]:
        """Key and version of all that is in the bucket."""
        return {key: stored.info.etag for key, stored in self.bucket.objects.items()}

    def _row(self, info: ObjectInfo) -> LedgerObject:
        return LedgerObject(
            bucket="memory",
            key=info.key,
            prefix=self.settings.log_prefix,
            etag=info.etag,
            size=info.size,
            modified_us=micros(info.last_modified),
            storage_class=info.storage_class,
            format="registry",
            run_id="r",
        )

"""Objects of a bucket against the ledger: what is to be fetched, what came back, what went.

Which objects there are comes from a listing (`warehouse.listing`) or from keys that somebody named
(`warehouse.named`). An object that could not be read is noted with the commit it is missing from (`skipped`),
and is asked for again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from warehouse.bucket import Bucket, ObjectInfo
from warehouse.errors import ObjectError
from warehouse.ledger import Ledger
from warehouse.manifest import LedgerObject, Manifest
from warehouse.settings import Settings

T = TypeVar("T")

#: The part of the manifest's state that knows what could not be read.
SKIPPED = "skipped"


class Found(Struct, frozen=True):
    """An object to fetch, and what the ledger holds of its key already."""

    info: ObjectInfo
    prior: LedgerObject | None


class Findings(Struct, frozen=True):
    """Objects together: what is to be fetched, and what came back unchanged."""

    fetch: list[Found]
    back: list[LedgerObject]


class Comparison(ABC):
    """Objects of the log prefix and the ledger. Take `pages` to the end, then `vanished`, then `remember`."""

    def __init__(self, settings: Settings, bucket: Bucket, manifest: Manifest, now_us: int) -> None:
        self._bucket = bucket
        self._prefix = settings.log_prefix
        self._now_us = now_us
        self._ledger = Ledger(manifest, bucket.name)
        #: Keys that an earlier run could not read and that this one has not read yet.
        self._skipped = {
            name.removeprefix(f"{bucket.name}/")
            for name in manifest.state(SKIPPED)
            if name.startswith(f"{bucket.name}/{self._prefix}")
        }
        #: Everything below the prefix is listed.
        self.full = False
        #: What was named so far: objects, and their bytes as stored.
        self.objects = 0
        self.bytes = 0
        #: What a person should know.
        self.notes: list[str] = []

    @abstractmethod
    def pages(self) -> Iterator[Findings]:
        """What is new, changed or back. Raises BucketError."""

    @abstractmethod
    def vanished(self) -> Iterator[list[LedgerObject]]:
        """Objects that the ledger has and the bucket no longer."""

    @abstractmethod
    def remember(self) -> dict[tuple[str, str], Any]:
        """What to remember now that everything which was found is committed."""

    def missed(self, taken: Iterable[str], missed: Iterable[str]) -> dict[tuple[str, str], Any]:
        """What to remember with the commit of objects that were read and of others that could not be."""
        state = self._forgotten(self._skipped.intersection(taken))
        state |= {(SKIPPED, f"{self._bucket.name}/{key}"): self._now_us for key in missed}
        self._skipped.difference_update(name.removeprefix(f"{self._bucket.name}/") for _, name in state)
        return state

    def _forgotten(self, keys: Iterable[str]) -> dict[tuple[str, str], Any]:
        """What to remember of keys that need not be asked for again."""
        return {(SKIPPED, f"{self._bucket.name}/{key}"): None for key in keys}

    def _compared(self, infos: list[ObjectInfo]) -> Findings:
        """What of these objects is to be fetched and what came back, by the ledger."""
        # A key that ends with a slash is a folder marker of some S3 browser.
        infos = [info for info in infos if not info.key.endswith("/")]
        fresh = self._ledger.note([info.key for info in infos])
        infos = [info for info in infos if info.key in fresh]
        self.objects += len(infos)
        self.bytes += sum(info.size for info in infos)
        known = self._ledger.known([info.key for info in infos])
        fetch = [info for info in infos if info.key not in known or known[info.key].etag != info.etag]
        back = [
            info
            for info in infos
            if info.key in known and known[info.key].gone and known[info.key].etag == info.etag
        ]
        prior = self._ledger.objects([info.key for info in [*fetch, *back] if info.key in known])
        self._note_new([info.key for info in fetch if info.key not in known])
        return Findings(
            [Found(info, prior.get(info.key)) for info in fetch],
            [
                msgspec.structs.replace(
                    prior[info.key], gone=False, modified_us=round(info.last_modified.timestamp() * 1_000_000)
                )
                for info in back
            ],
        )

    def _note_new(self, keys: list[str]) -> None:  # noqa: B027 - nothing by default
        """Keys that the ledger did not know."""

    def _head(self, key: str) -> ObjectInfo | None:
        """The object of a key as it is now (Class B); None when there is none."""
        try:
            return self._bucket.head(key).info
        except ObjectError:
            return None


def batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter."""
    while batch := [*islice(items, size)]:
        yield batch

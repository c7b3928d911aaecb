"""Brings the ledger of an inventory up to date page by page, so that memory does not grow with the bucket.

An inventory is a listing of which nobody reads the content: each page of it is compared with the ledger and
committed, with the storage figures that it moves. What the listing did not name is looked for at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from warehouse import duck
from warehouse.bucket import ObjectInfo
from warehouse.ingest.rollups import refresh_storage
from warehouse.ingest.stored import stored_objects
from warehouse.lake import Lake
from warehouse.ledger import Known, Ledger, Scope
from warehouse.manifest import LedgerObject, Manifest

#: Objects of a listing that are compared and committed together.
PAGE = 10_000


class Page(Struct, frozen=True):
    """Objects that a listing named for the first time, and what the ledger has of their keys."""

    infos: list[ObjectInfo]
    known: dict[str, Known]


class Inventory:
    """One listing of one bucket for the inventory, and the ledger that it brings up to date."""

    def __init__(
        self, bucket: str, manifest: Manifest, lake: Lake, con: duck.Connection, run_id: str
    ) -> None:
        self._manifest = manifest
        self._lake = lake
        self._con = con
        self._run_id = run_id
        self._ledger = Ledger(manifest, bucket)
        #: Files that it took to write, and objects that came, changed or went.
        self.files = 0
        self.changed = 0

    def pages(self, listing: Iterable[ObjectInfo]) -> Iterator[Page]:
        """A listing page by page; a key that was listed before, here or in another listing, is left out."""
        infos = iter(listing)
        while taken := {info.key: info for info in islice(infos, PAGE)}:
            fresh = self._ledger.note(taken)
            found = [info for key, info in taken.items() if key in fresh]
            yield Page(found, self._ledger.known(fresh, unread=True))

    def objects(self, keys: Collection[str]) -> dict[str, LedgerObject]:
        """The ledger's rows of these keys."""
        return self._ledger.objects(keys)

    def commit(
        self, came: Sequence[LedgerObject], state: Mapping[tuple[str, str], Any] | None = None
    ) -> None:
        """Objects that came, came back or changed."""
        before = self._ledger.objects([item.key for item in came])
        self._commit(came, [item for item in before.values() if not item.gone], (), state)

    def vanished(
        self,
        prefix: str,
        without: tuple[str, ...] = (),
        state: Mapping[tuple[str, str], Any] | None = None,
    ) -> None:
        """Objects below a prefix that no listing named, but for those below prefixes of `without`."""
        for gone in self._ledger.vanished(Scope(prefix, without=without)):
            self._commit((), gone, gone, state)

    def _commit(
        self,
        came: Sequence[LedgerObject],
        went: Sequence[LedgerObject],
        gone: Sequence[LedgerObject],
        state: Mapping[tuple[str, str], Any] | None,
    ) -> None:
        if not (came or went):
            return
        moved = stored_objects(came, went)
        change = refresh_storage(self._con, self._lake, moved, self._manifest.files(), self._run_id)
        self._manifest.commit(
            objects=came,
            gone=[(item.bucket, item.key) for item in gone],
            add=change.add,
            remove=change.remove,
            state=state,
        )
        self.files += len(change.add)
        self.changed += len(came) + len(gone)

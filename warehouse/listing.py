"""What of a prefix is to be fetched: the bucket's listing against the ledger, as few calls as are safe.

A small prefix is listed whole. A large one is listed incrementally: its folders are asked for on every run,
so that new ones are always found, and in a folder that grows by time (`warehouse.keytimes`) the listing
starts a look-back before the newest name that was seen. Objects further back that change, vanish or come
late are found by a listing of everything: on demand, and by itself after a number of days.

Where a listing may start moves only after what was listed is committed (`remember`). An object that was
listed but could not be read is noted (`warehouse.comparison`), and is asked for again.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from itertools import chain, islice
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from warehouse.bucket import Bucket, Level, ObjectInfo
from warehouse.comparison import Comparison, Findings, batches
from warehouse.keytimes import BY_NAME, Watch, day_us
from warehouse.ledger import Scope
from warehouse.manifest import LedgerObject, Manifest
from warehouse.settings import Settings

T = TypeVar("T")

#: Keys that one call lists at most.
_PAGE = 1_000
#: A prefix with fewer objects is listed in one go, and sorted in memory.
_SMALL = 10_000
#: Folders that are listed at the same time, each two pages ahead at most; their objects come oldest first.
_TOGETHER = 16
#: With more folders than this, listing them one by one costs more than listing them all in one go.
_MOST_FOLDERS = 1_000
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US

#: The part of the manifest's state that knows where listings start.
_STARTS = "listing"


class Folder(Struct, omit_defaults=True):
    """What is remembered of a folder (its name relative to the prefix; empty for what lies in none)."""

    layout: str | None = None
    until_us: int = 0
    keys: int = 0
    unordered: bool = False


class Starts(Struct, omit_defaults=True):
    """What is remembered of a prefix: when all of it was listed, how many keys it has, its folders."""

    full_us: int
    keys: int
    folders: dict[str, Folder] | None = None


class Listing(Comparison):
    """One listing of the log prefix. Take `pages` to the end, then `vanished`, then `remember`."""

    def __init__(
        self, settings: Settings, bucket: Bucket, manifest: Manifest, now_us: int, *, full: bool = False
    ) -> None:
        super().__init__(settings, bucket, manifest, now_us)
        self._lookback_us = settings.lookback_hours * _HOUR_US
        self._name = f"{bucket.name}/{self._prefix}"
        remembered = manifest.state(_STARTS).get(self._name)
        self._prior = msgspec.convert(remembered, Starts) if remembered else None
        self._watches: dict[str, Watch] | None = {}
        self._scopes: list[Scope] = []
        self._left: set[str] = set()
        self._new = 0
        self._late = 0
        cheaper = self._prior is None or self._whole_is_cheaper(self._prior)
        due = self._prior is not None and not 0 <= now_us - self._prior.full_us < (
            settings.reconcile_days * _DAY_US
        )
        self._reconciles = not cheaper and (full or due)
        self.full = full or cheaper or due

    # -- what it gives ---------------------------------------------------------------------------

    def pages(self) -> Iterator[Findings]:
        """What is new, changed or back, while the listing goes on. Raises BucketError."""
        for infos in self._whole() if self.full else self._increments():
            yield self._compared(infos)
        hidden = [
            key for key in sorted(self._skipped) if not any(scope.covers(key) for scope in self._scopes)
        ]
        for keys in batches(iter(hidden), _PAGE):
            yield self._compared([info for key in keys if (info := self._head(key)) is not None])
        if self._late:
            self.notes.append(
                f"objects found only now, more than {self._lookback_us // _HOUR_US} hours late: {self._late};"
                " WAREHOUSE_LOOKBACK_HOURS widens the look-back"
            )

    def vanished(self) -> Iterator[list[LedgerObject]]:
        """Objects that the ledger has and that the listing, now at its end, should have named but did not."""
        for scope in self._scopes:
            yield from self._ledger.vanished(scope)

    def remember(self) -> dict[tuple[str, str], Any]:
        """What to remember now that everything which was listed is committed."""
        # Whatever was skipped once and has not been read by now is gone, or came to be as the ledger has it.
        state = self._forgotten(self._skipped)
        starts = self._starts()
        if starts != self._prior:
            state[_STARTS, self._name] = msgspec.to_builtins(starts)
        return state

    # -- how it lists ----------------------------------------------------------------------------

    def _whole_is_cheaper(self, prior: Starts) -> bool:
        """Whether listing everything takes no more calls than listing the folders and then each of them."""
        if prior.folders is None:
            return True
        calls = 1
        for name in self._open(prior.folders):
            folder = prior.folders[name]
            calls += 1 if folder.layout else 1 + folder.keys // _PAGE
        return 1 + prior.keys // _PAGE <= calls

    def _whole(self) -> Iterator[list[ObjectInfo]]:
        """Everything: a small prefix sorted oldest first, a large one folder by folder, merged."""
        self._scopes = [Scope(self._prefix)]
        if self._prior is None or self._prior.keys < _SMALL:
            stream = self._bucket.list(self._prefix)
            first = list(islice(stream, _SMALL))
            if len(first) < _SMALL:
                self._see(first)
                first.sort(key=_age)
                yield from batches(iter(first), _PAGE)
                return
        folders: list[str] = []
        for level in self._bucket.level(self._prefix):
            self._see(level.objects)
            yield level.objects
            folders += level.folders
            if len(folders) > _MOST_FOLDERS:
                self._watches = None
                yield from batches(self._bucket.list(self._prefix), _PAGE)
                return
        yield from self._merged([Scope(folder) for folder in folders])

    def _increments(self) -> Iterator[list[ObjectInfo]]:
        """The folders that there are, and what is new in each."""
        known = self._known
        watches = self._watches = {
            name: Watch(BY_NAME[folder.layout], folder.until_us)
            for name, folder in known.items()
            if folder.layout in BY_NAME
        }
        loose = Scope(self._prefix, self._start(""), loose=True)
        found: list[str] = []
        for level in self._levels(loose.after):
            self._see(level.objects)
            yield level.objects
            found += [folder.removeprefix(self._prefix) for folder in level.folders]
        opened = self._open(found)
        scopes = {name: Scope(self._prefix + name, self._start(name)) for name in found if name in opened}
        yield from self._merged([*scopes.values()])
        odd = [name for name, scope in scopes.items() if scope.after and watches[name].unordered]
        for name in odd:
            # The start may have left out anything.
            watches[name] = Watch()
            scopes[name] = Scope(self._prefix + name)
        yield from self._merged([scopes[name] for name in odd])
        for name in odd:
            watches[name].unordered = True
        # A folder that is no longer there is listed by that.
        self._left = {name for name in known if name and name not in found}
        self._scopes = [loose, *scopes.values(), *(Scope(self._prefix + name) for name in self._left)]

    def _levels(self, start: str | None) -> Iterator[Level]:
        """The folders and loose objects of the prefix; loose ones that are named by time only from `start`.

        Between the first page and the start only names are passed over that are like a time, or lie between
        two of them.
        """
        for level in self._bucket.level(self._prefix):
            yield level
            last = max([info.key for info in level.objects[-1:]] + level.folders[-1:], default="")
            if start is not None and level.objects and last < start:
                yield from self._bucket.level(self._prefix, start)
                return

    def _merged(self, scopes: list[Scope]) -> Iterator[list[ObjectInfo]]:
        """What folders hold, listed at the same time, oldest first as far as their names sort by time."""
        with ThreadPoolExecutor(_TOGETHER, "list") as pool:
            for group in batches(iter(scopes), _TOGETHER):
                streams = [
                    _ahead(pool, batches(self._bucket.list(scope.prefix, scope.after), _PAGE))
                    for scope in group
                ]
                merged = heapq.merge(*map(chain.from_iterable, streams), key=_age)
                for infos in batches(merged, _PAGE):
                    self._see(infos)
                    yield infos

    def _see(self, infos: Iterable[ObjectInfo]) -> None:
        """Show names to the watches of their folders, in the order in which the server listed them."""
        if self._watches is None:
            return
        for info in infos:
            folder, slash, name = info.key[len(self._prefix) :].partition("/")
            folder, name = (folder + slash, name) if slash else ("", folder)
            watch = self._watches.get(folder)
            if watch is None:
                watch = self._watches[folder] = Watch()
            watch.see(name)

    def _note_new(self, keys: list[str]) -> None:
        self._new += len(keys)
        if self._reconciles:
            self._late += sum(map(self._is_late, keys))

    # -- where it starts -------------------------------------------------------------------------

    @property
    def _known(self) -> dict[str, Folder]:
        return (self._prior.folders if self._prior else None) or {}

    def _start(self, name: str) -> str | None:
        """After which key the listing of a folder starts; None for its beginning."""
        folder = self._known.get(name, Folder())
        if folder.layout not in BY_NAME:
            return None
        return self._prefix + name + BY_NAME[folder.layout].name_at(folder.until_us - self._lookback_us)

    def _is_late(self, key: str) -> bool:
        """Whether an incremental listing would have left a key out."""
        folder, slash, _ = key[len(self._prefix) :].partition("/")
        start = self._start(folder + slash if slash else "")
        return start is not None and key <= start

    def _open(self, names: Iterable[str]) -> set[str]:
        """The folders in which something may be new: all but known ones of days before the look-back."""
        days = {name: day for name in names if (day := day_us(name)) is not None}
        end = min(max(days.values(), default=0), self._now_us) - self._lookback_us
        return {
            name
            for name in names
            if name and not (name in self._known and name in days and days[name] + _DAY_US < end)
        }

    def _starts(self) -> Starts:
        """What the next listing has to know."""
        if self._watches is None or len(self._watches) > _MOST_FOLDERS:
            return Starts(full_us=self._now_us, keys=self.objects)
        folders = {} if self.full else {n: f for n, f in self._known.items() if n not in self._left}
        for name, watch in self._watches.items():
            if self.full or name not in self._left:
                folders[name] = self._folder(name, watch)
        if self.full or self._prior is None:
            return Starts(full_us=self._now_us, keys=self.objects, folders=folders)
        return Starts(full_us=self._prior.full_us, keys=self._prior.keys + self._new, folders=folders)

    def _folder(self, name: str, watch: Watch) -> Folder:
        result = watch.result(self._now_us)
        if result is None:
            return Folder(keys=watch.keys)
        layout, until_us = result
        if not watch.unordered:
            return Folder(layout=layout.name, until_us=until_us)
        if not self._known.get(name, Folder()).unordered:
            self.notes.append(
                f"{self._prefix}{name} is not listed in the order of its keys' bytes by this server,"
                " so it is listed in full every time"
            )
        return Folder(keys=watch.keys, unordered=True)


def _age(info: ObjectInfo) -> tuple[datetime, str]:
    return info.last_modified, info.key


def _ahead(pool: ThreadPoolExecutor, pages: Iterator[T]) -> Iterator[T]:
    """The pages, each asked for by a thread of the pool while the one before it is worked on."""
    return _taken(pool, pages, pool.submit(next, pages, None))


def _taken(pool: ThreadPoolExecutor, pages: Iterator[T], following: Future[T | None]) -> Iterator[T]:
    while (page := following.result()) is not None:
        following = pool.submit(next, pages, None)
        yield page

"""Syncs what the queue names: pull, mirror, and only then acknowledge.

A message is acknowledged when the manifest says that its object is committed. So a kill at any moment loses
nothing, and what comes twice changes nothing: the ledger knows the version. Events that never came are found
by the listings of the other syncs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import closing, suppress

from msgspec import Struct

from warehouse import lock, sync
from warehouse.comparison import SKIPPED
from warehouse.errors import QueueError, WarehouseError
from warehouse.ledger import Ledger
from warehouse.manifest import Manifest
from warehouse.settings import Settings
from warehouse.settings_file import targets
from warehouse.sync_summary import SyncSummary, together
from warehouse.unattended.events import Event, read
from warehouse.unattended.queue import Message, Queue

log = logging.getLogger("warehouse.events")

#: Messages that are pulled before what they name is mirrored together.
_TOGETHER = 2_000


class Malformed(Struct, frozen=True):
    """A message that is no event of R2, and why; the queue keeps it for its dead-letter queue."""

    id: str
    reason: str


class EventsSummary(Struct, frozen=True):
    """What a run did with the messages of the queue; `status` is ok, partial or failed, as that of its syncs.

    Of the messages that were pulled (deliveries), some were acknowledged, and `ignored` of those were about
    other buckets or prefixes; the rest was given back. `sync` sums up the syncs, null when none was needed.
    """

    status: str
    messages: int
    acknowledged: int
    ignored: int
    given_back: int
    malformed: list[Malformed]
    sync: SyncSummary | None


class _Leased(Struct, frozen=True):
    message: Message
    event: Event


class EventSync:
    """One run: pulls until the queue is empty. Use it once."""

    def __init__(self, settings: Settings, progress: sync.Progress | None = None) -> None:
        self._settings = settings
        self._progress = progress
        self._prefixes = {target.bucket: target.log_prefix for target in targets(settings)}
        self._seen: set[str] = set()
        self._empty = False
        self._messages = self._acknowledged = self._ignored = self._given_back = 0
        self._malformed: list[Malformed] = []
        self._syncs: list[SyncSummary] = []

    def run(self) -> WarehouseError | None:
        """Mirror what the queue names until it is empty; a failure of the bucket is given back.

        Raises BusyError when another writer runs, and what Queue raises.
        """
        with closing(Queue(self._settings)) as queue:
            # Messages that are pulled in vain would be used up: each delivery of one is counted.
            with lock.writer(self._settings.data_dir):
                pass
            while not self._empty:
                if error := self._round(queue, self._pulled(queue)):
                    return error
        return None

    def summary(self) -> EventsSummary:
        """What was done so far."""
        total = together(self._syncs) if self._syncs else None
        return EventsSummary(
            status=total.status if total else "ok",
            messages=self._messages,
            acknowledged=self._acknowledged,
            ignored=self._ignored,
            given_back=self._given_back,
            malformed=self._malformed,
            sync=total,
        )

    def _pulled(self, queue: Queue) -> list[Message]:
        """The next messages, until the queue is empty or gives only what it gave before."""
        messages: list[Message] = []
        while not self._empty and len(messages) < _TOGETHER:
            if self._progress is not None:
                self._progress.advance(0, 0)  # may end the run
            batch = queue.pull()
            fresh = [message for message in batch if message.id not in self._seen]
            self._seen.update(message.id for message in fresh)
            messages += batch
            self._empty = not fresh
        self._messages += len(messages)
        return messages

    def _round(self, queue: Queue, messages: list[Message]) -> WarehouseError | None:
        """Mirror what messages name, and settle them."""
        leased, ignored, broken = self._sorted(messages)
        self._ignored += len(ignored)
        self._settle(queue, ignored, broken)
        if not leased:
            return None
        keys: dict[str, dict[str, set[str | None]]] = {}
        for item in leased:
            keys.setdefault(item.event.bucket, {}).setdefault(item.event.key, set()).add(item.event.etag)
        try:
            summary, error = sync.attempt(self._settings, self._progress, keys=keys)
        except Exception:
            # What was committed before need not come again, and the rest need not wait for its lease's end.
            with suppress(WarehouseError):
                self._settle_leased(queue, leased, set())
            raise
        self._syncs.append(summary)
        self._settle_leased(queue, leased, {each.bucket for each in summary.buckets if each.error is None})
        return error

    def _sorted(self, messages: Iterable[Message]) -> tuple[list[_Leased], list[Message], list[Message]]:
        """Messages about our logs, messages about anything else, messages that are no events."""
        leased: list[_Leased] = []
        ignored: list[Message] = []
        broken: list[Message] = []
        for message in messages:
            try:
                event = read(message)
            except QueueError as error:
                broken.append(message)
                self._malformed.append(Malformed(message.id, error.detail))
                log.info("%s (delivery %d)", error.detail, message.attempts)
                continue
            prefix = self._prefixes.get(event.bucket)
            if prefix is None or not event.key.startswith(prefix) or event.key.endswith("/"):
                ignored.append(message)
            else:
                leased.append(_Leased(message, event))
        return leased, ignored, broken

    def _committed(self, leased: list[_Leased], mirrored: set[str]) -> set[str]:
        """The ids of the messages whose objects the manifest has as they are, or knows to be gone.

        Of a bucket that was mirrored to its end (`mirrored`) these are all but what could not be read; of
        another one, those whose version the ledger has.
        """
        done: set[str] = set()
        with closing(Manifest(self._settings.data_dir)) as manifest:
            skipped = manifest.state(SKIPPED)
            for bucket in {item.event.bucket for item in leased}:
                ours = [item for item in leased if item.event.bucket == bucket]
                known = Ledger(manifest, bucket).known([item.event.key for item in ours])
                for item in ours:
                    event, row = item.event, known.get(item.event.key)
                    whole = bucket in mirrored and f"{bucket}/{event.key}" not in skipped
                    if whole or (row is not None and not row.gone and row.etag == event.etag):
                        done.add(item.message.id)
        return done

    def _settle_leased(self, queue: Queue, leased: list[_Leased], mirrored: set[str]) -> None:
        done = self._committed(leased, mirrored)
        self._settle(
            queue,
            [item.message for item in leased if item.message.id in done],
            [item.message for item in leased if item.message.id not in done],
        )

    def _settle(self, queue: Queue, done: list[Message], again: list[Message]) -> None:
        if done or again:
            queue.settle(done, again)
            self._acknowledged += len(done)
            self._given_back += len(again)


def attempt(
    settings: Settings, progress: sync.Progress | None = None
) -> tuple[EventsSummary, WarehouseError | None]:
    """One run of `EventSync`: its summary, and the failure that ended it if there was one."""
    job = EventSync(settings, progress)
    error = job.run()
    return job.summary(), error

"""Sends what the outbox holds, again and again until it arrives or a day has passed."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping

from msgspec import Struct

from warehouse.alerts.channels import Channel, reason_of
from warehouse.alerts.store import AlertStore
from warehouse.errors import NotifyError
from warehouse.manifest import now_us

log = logging.getLogger("warehouse.alerts")

#: Seconds until the next attempt, by the number of those that failed; after the last one it is given up.
PAUSES = (10, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200)
#: Nobody else takes a message for so long; sending takes 15 seconds at most.
_LEASE_US = 60_000_000
#: Messages of one run: what is left is sent by the next one.
_AT_ONCE = 100


class Deliveries(Struct):
    """What one run did."""

    sent: int = 0
    failed: int = 0


def deliver(store: AlertStore, channels: Mapping[str, Channel], stopped: Callable[[], bool]) -> Deliveries:
    """Send everything that is due, until `stopped` says to leave the rest to the next run."""
    done = Deliveries()
    for _ in range(_AT_ONCE):
        if stopped():
            break
        due = store.claim(now_us(), _LEASE_US)
        if due is None:
            break
        try:
            channel = channels.get(due.channel)
            if channel is None:
                raise NotifyError("the channel is not set any more")
            channel.send(due.id, due.message)
        except Exception as error:  # noqa: BLE001 - a channel may raise anything; the others have their turn
            reason = reason_of(error)
            done.failed += 1
            last = due.attempts >= len(PAUSES) or due.channel not in channels
            pause = None if last else PAUSES[due.attempts] * random.uniform(0.8, 1.2)
            log.warning("%s (%s, attempt %d)", reason, due.channel, due.attempts + 1)
            store.failed(due, reason, None if pause is None else now_us() + round(pause * 1e6))
        else:
            done.sent += 1
            store.sent(due, now_us())
    return done

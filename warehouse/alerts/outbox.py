"""Sends what the outbox holds, again and again until it arrives or a day has passed."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping

from msgspec import Struct

from warehouse.alerts.channels import Channel, reason_of
from warehouse.alerts.store import AlertStore
from warehouse.manifest import now_us

log = logging.getLogger("warehouse.alerts")

#: Seconds until the next attempt, by the number of those that failed; after the last one it is given up.
PAUSES = (10, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200)
#: Nobody else takes a message for so long; sending takes 15 seconds at most.
_LEASE_US = 60_000_000
#: Messages of one run: what is left is sent by the next one.
_AT_ONCE = 100
#: Seconds of one run after which no further message is begun.
_LONGEST = 20.0
#: Seconds after which a channel that fails is left alone for the rest of a run: it does not answer.
_PATIENCE = 2.0
#: When the last attempt of a message is over, however the pauses fell.
_LIFETIME_US = round((1.2 * sum(PAUSES) + 3_600) * 1e6)


class Deliveries(Struct):
    """What one run did."""

    sent: int = 0
    failed: int = 0


def deliver(store: AlertStore, channels: Mapping[str, Channel], stopped: Callable[[], bool]) -> Deliveries:
    """Send what was due when it began, each message once, until `stopped` says to leave the rest.

    It takes 35 seconds at most. Messages to channels of other processes stay for those.
    """
    done = Deliveries()
    begun, started = time.monotonic(), now_us()
    ready = set(channels)
    store.give_up(sorted(channels), started - _LIFETIME_US)
    for _ in range(_AT_ONCE):
        if stopped() or time.monotonic() - begun > _LONGEST:
            break
        due = store.claim(started, sorted(ready), now_us() + _LEASE_US)
        if due is None:
            break
        sending = time.monotonic()
        try:
            channels[due.channel].send(due.id, due.message)
        except Exception as error:  # noqa: BLE001 - a channel may raise anything; the others have their turn
            done.failed += 1
            reason = reason_of(error)
            pause = None if due.attempts >= len(PAUSES) else PAUSES[due.attempts] * random.uniform(0.8, 1.2)
            log.warning("%s (%s, attempt %d)", reason, due.channel, due.attempts + 1)
            store.failed(due, reason, None if pause is None else now_us() + round(pause * 1e6))
            if time.monotonic() - sending > _PATIENCE:
                ready.discard(due.channel)
        else:
            done.sent += 1
            store.sent(due, now_us())
    return done

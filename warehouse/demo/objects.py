"""The demo's objects: log buffers as the registry flushes them, and the packages it stores.

A flush holds the entries of one configuration since the flush before; what the logger adds at that
moment (storedAt, systemInfo) is the same for all of them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import numpy as np
import zstandard
from isal import igzip

from warehouse.demo.catalogue import CONFIGS, REGISTRY_URL, ROLLOUT, STABLE, Catalogue, Config, catalogue
from warehouse.demo.entries import chunks
from warehouse.demo.malformed import damaged
from warehouse.demo.rhythm import HOUR_MS, Window

FLUSH_SECONDS = 300.0
MALFORMED_LINES = 25
_CANARY_FLUSHES = 4
"""The canary has few entries and flushes this many times less often."""
_JITTER_MS = 2000
_RESTART_MS = 84 * HOUR_MS
_PLAIN_EVERY, _ZSTD_EVERY = 40, 25


@dataclass(frozen=True)
class DemoObject:
    """One object: its key and body, and the metadata its writer gave it.

    `entries` and `malformed` count its good and its malformed lines, `raw_bytes` its text before
    compression; all three are 0 for a package.
    """

    key: str
    body: bytes
    metadata: dict[str, str] = field(default_factory=dict)
    entries: int = 0
    malformed: int = 0
    raw_bytes: int = 0


def generate(
    end: datetime,
    days: float = 7,
    entries: int = 200_000,
    seed: int = 42,
    *,
    flush_seconds: float = FLUSH_SECONDS,
    malformed: int = MALFORMED_LINES,
) -> Iterator[DemoObject]:
    """Logs of the `days` before `end`, then the packages. The same arguments give the same bytes.

    There are exactly `entries` good lines and `malformed` others (not more than good ones).
    """
    window = Window.before(end, days)
    shop = catalogue(seed)
    yield from _logs(window, shop, entries, seed, flush_seconds, min(malformed, entries))
    yield from packages(shop, seed)


class _Buffer:
    """The lines of one configuration since its last flush."""

    def __init__(self, config: Config, flushes: np.ndarray, seed: int) -> None:
        self.config = config
        self.flushes = flushes
        self.seed = seed
        self.slot = -1
        self.tail = b""
        self.lines: list[bytes] = []
        self.malformed = 0

    @property
    def stored_at(self) -> int:
        return int(self.flushes[self.slot])

    def open(self, slot: int) -> None:
        """Start the buffer of one flush."""
        self.slot, self.lines, self.malformed = slot, [], 0
        self.tail = b"," + msgspec.json.encode(
            {
                "storedAt": self.stored_at,
                "configVersion": self.config.version,
                "registryUrl": REGISTRY_URL,
                "systemInfo": _system_info(self.config, self.stored_at, self.seed),
            }
        ).removeprefix(b"{")

    def object(self, number: int) -> DemoObject:
        """What is flushed: most objects are gzip, a few zstd or plain."""
        text = b"\n".join(self.lines) + b"\n"
        key = f"logs/{self.config.spelled}/{self.stored_at}.jsonl"
        if number % _PLAIN_EVERY == 7:
            body = text
        elif number % _ZSTD_EVERY == 3:
            key, body = f"{key}.zst", zstandard.compress(text, 3)
        else:
            key, body = f"{key}.gz", igzip.compress(text, 2, mtime=0)
        good = len(self.lines) - self.malformed
        return DemoObject(key, body, {}, good, self.malformed, len(text))


def _logs(
    window: Window, shop: Catalogue, entries: int, seed: int, flush_seconds: float, malformed: int
) -> Iterator[DemoObject]:
    rng = np.random.default_rng([seed, 4, window.end])
    to_damage = np.sort(rng.choice(entries, malformed, replace=False)) if malformed else np.empty(0, np.int64)
    flushes = _flush_times(rng, window, flush_seconds)
    often_and_seldom = (flushes, flushes[::-1][::_CANARY_FLUSHES][::-1])
    buffers = [_Buffer(config, often_and_seldom[i == 2], seed) for i, config in enumerate(CONFIGS)]
    written = before = 0
    for chunk in chunks(window, shop, entries, seed):
        numbers = np.searchsorted(to_damage, [before, before + len(chunk.times)])
        here = {int(to_damage[number]) - before: number for number in range(*numbers.tolist())}
        before += len(chunk.times)
        slots = np.where(
            chunk.configs == 2,
            np.searchsorted(often_and_seldom[1], chunk.times, side="right"),
            np.searchsorted(often_and_seldom[0], chunk.times, side="right"),
        )
        rows = zip(chunk.configs.tolist(), slots.tolist(), chunk.heads, strict=True)
        for position, (config, slot, head) in enumerate(rows):
            buffer = buffers[config]
            if slot != buffer.slot:
                if buffer.lines:
                    yield buffer.object(written)
                    written += 1
                buffer.open(slot)
            buffer.lines.append(head + buffer.tail)
            if position in here:
                buffer.lines.append(damaged(buffer.lines[-1], here[position]))
                buffer.malformed += 1
    for buffer in buffers:
        if buffer.lines:
            yield buffer.object(written)
            written += 1


def _flush_times(rng: np.random.Generator, window: Window, flush_seconds: float) -> np.ndarray:
    """When buffers are flushed (epoch ms, ascending): the last time at the end."""
    step = max(1, round(flush_seconds * 1000))
    back = np.arange(-(-(window.end - window.start) // step), dtype=np.int64)
    jitter = rng.integers(0, min(_JITTER_MS, max(1, step // 4)), len(back))
    return np.asarray((window.end - back * step - np.where(back > 0, jitter, 0))[::-1])


def _system_info(config: Config, stored_at: int, seed: int) -> dict[str, object]:
    """What the logger says of its process: memory in bytes, uptime in seconds."""
    rng = np.random.default_rng([seed, 5, int(config.hash, 16), stored_at])
    up_ms = (stored_at + int(config.hash[-4:], 16) * 1000) % _RESTART_MS
    heap = int(90_000_000 + 40 * up_ms / 1000 + rng.integers(0, 60_000_000))
    return {
        "nodeVersion": "v22.12.0" if config is STABLE else "v22.13.1",
        "platform": "linux",
        "memory": {
            "rss": heap + int(rng.integers(60_000_000, 90_000_000)),
            "heapTotal": heap + int(rng.integers(8_000_000, 24_000_000)),
            "heapUsed": heap,
            "external": int(rng.integers(2_000_000, 9_000_000)),
            "arrayBuffers": int(rng.integers(100_000, 900_000)),
        },
        "uptime": round(up_ms / 1000 + float(rng.random()), 3),
    }


def packages(shop: Catalogue, seed: int) -> Iterator[DemoObject]:
    """The packages in the bucket: the company's newest versions, and the most popular public ones."""
    rng = np.random.default_rng([seed, 6])
    own = [package for package in shop.packages if package.own]
    public = [package for package in shop.packages if not package.own]
    for config, group, newest in ((STABLE, own, 3), (ROLLOUT, own, 2), (STABLE, public[:20], 1)):
        for package in group:
            for version in package.versions[-newest:]:
                body = rng.bytes(int(rng.integers(300, 6000)))
                digest = base64.b64encode(hashlib.sha512(body).digest()).decode()
                key = f"packages/{config.spelled}/{package.name}/{version.number}.tgz"
                yield DemoObject(key, body, {"integrity": f"sha512-{digest}"})

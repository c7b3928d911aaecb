"""The demo's log entries: one per answered request or step of a worker, as the registry writes them.

Response times are milliseconds, sizes bytes. Numbers are drawn for an hour at once (numpy), the entries
are put together one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from warehouse.demo import failures
from warehouse.demo.catalogue import CONFIGS, Catalogue, Package, Version
from warehouse.demo.rhythm import (
    MINUTE_MS,
    SLOW_FACTOR,
    Window,
    entries_per_minute,
    people_and_builds,
    within,
)

_CHUNK_MINUTES = 60
_CANARY_SHARE = 0.05
_CACHE_MISS = 0.14
_MISS_FACTOR = 5.0
_INCIDENT_FAILURES = 0.55
"""Share of the requests for public packages that fail while upstream does not answer."""
_BACKGROUND_FAILURES = 0.004
_SLOW_ANSWER_MS = 1500.0
_BYTES_PER_MS = 40_000.0


@dataclass(frozen=True)
class _Kind:
    """A kind of entry: its share of all, who writes it, median and spread of its log-normal time."""

    name: str
    share: float
    source: str
    method: str
    median_ms: float
    sigma: float


_KINDS = (
    _Kind("metadata", 0.345, "registry-api", "GET", 18.0, 0.6),
    _Kind("tarball", 0.385, "tarball-proxy", "GET", 22.0, 0.7),
    _Kind("version", 0.045, "registry-api", "GET", 11.0, 0.5),
    _Kind("dist-tags", 0.015, "registry-api", "GET", 6.0, 0.4),
    _Kind("audit", 0.035, "registry-api", "POST", 130.0, 0.5),
    _Kind("ping", 0.025, "registry-api", "GET", 1.1, 0.4),
    _Kind("whoami", 0.02, "auth-service", "GET", 6.0, 0.5),
    _Kind("search", 0.012, "registry-api", "GET", 95.0, 0.5),
    _Kind("publish", 0.003, "registry-api", "PUT", 480.0, 0.5),
    _Kind("login", 0.004, "auth-service", "PUT", 85.0, 0.4),
    _Kind("missing", 0.022, "registry-api", "GET", 24.0, 0.5),
    _Kind("unauthorized", 0.009, "auth-service", "GET", 3.0, 0.4),
    _Kind("cache", 0.08, "cache-worker", "", 0.0, 0.0),
)
_SHARES = np.array([kind.share for kind in _KINDS]) / sum(kind.share for kind in _KINDS)
_MISSING = ("@acme/legacy-grid", "@acme/ui-kit", "acme-utils", "reactt", "lodahs", "@types/acme__ui")
_SEARCHES = ("ui", "button", "date", "form", "chart", "auth", "icon", "eslint")


@dataclass(frozen=True)
class Chunk:
    """The entries of about an hour, oldest first.

    `heads[i]` is entry i as JSON up to where what its flush adds begins (without the closing brace);
    `configs[i]` is the index of its configuration.
    """

    times: np.ndarray
    configs: np.ndarray
    heads: list[bytes]


def chunks(window: Window, shop: Catalogue, entries: int, seed: int) -> Iterator[Chunk]:
    """All entries of the window, hour by hour."""
    begins, counts = entries_per_minute(window, entries, seed)
    for first in range(0, len(begins), _CHUNK_MINUTES):
        part = slice(first, first + _CHUNK_MINUTES)
        rng = np.random.default_rng([seed, 3, int(begins[first])])
        minutes = np.repeat(begins[part], counts[part])
        lower = np.maximum(minutes, window.start)
        times = np.sort(lower + (rng.random(len(minutes)) * (minutes + MINUTE_MS - lower)).astype(np.int64))
        if len(times):
            configs = _configs(rng, window, times)
            yield Chunk(times, configs, _heads(rng, window, shop, times, configs))


def _configs(rng: np.random.Generator, window: Window, times: np.ndarray) -> np.ndarray:
    """Which configuration answered: the old one, after its rollout the new one, a few times the canary."""
    begin, end = window.rollout
    drawn = rng.random(len(times))
    rolled_out = drawn < np.clip((times - begin) / (end - begin), 0, 1)
    return np.where(rng.random(len(times)) < _CANARY_SHARE, 2, rolled_out.astype(np.int64))


def _heads(
    rng: np.random.Generator, window: Window, shop: Catalogue, times: np.ndarray, configs: np.ndarray
) -> list[bytes]:
    """Draw everything about the requests at these times and write them down."""
    n = len(times)
    people, builds = people_and_builds(times)
    by_people = rng.random(n) < people / (people + builds)
    clients = np.where(
        by_people,
        rng.choice(len(shop.clients), n, p=shop.developer_shares),
        rng.choice(len(shop.clients), n, p=shop.ci_shares),
    )
    kinds = rng.choice(len(_KINDS), n, p=_SHARES)
    medians = np.array([kind.median_ms for kind in _KINDS])[kinds]
    sigmas = np.array([kind.sigma for kind in _KINDS])[kinds]
    base_ms = medians * np.exp(sigmas * rng.standard_normal(n))
    base_ms[within(times, window.slow)] *= SLOW_FACTOR
    rows = zip(
        times.tolist(),
        [CONFIGS[i].hash for i in configs.tolist()],
        [_KINDS[i] for i in kinds.tolist()],
        [shop.packages[i] for i in rng.choice(len(shop.packages), n, p=shop.package_shares).tolist()],
        rng.geometric(0.45, n).tolist(),
        [shop.clients[i] for i in clients.tolist()],
        base_ms.tolist(),
        rng.random((n, 3)).tolist(),
        rng.integers(1, 4, n).tolist(),
        within(times, window.incident).tolist(),
        _request_ids(rng, n),
        strict=True,
    )
    encode = msgspec.json.Encoder().encode
    heads = []
    for time, config_hash, kind, package, age, client, ms, dice, digits, incident, request_id in rows:
        version = package.versions[-min(age, len(package.versions))]
        facts = _Facts(kind, package, version, ms, dice, digits, incident)
        level, message, metadata = _worker(facts) if kind.name == "cache" else _answer(facts)
        if kind.name != "cache":
            metadata["userAgent"] = client.user_agent
            metadata["clientIP"] = client.ip
        metadata["requestId"] = request_id
        entry = {
            "timestamp": time,
            "level": level,
            "message": message,
            "metadata": metadata,
            "configHash": config_hash,
            "source": kind.source,
        }
        heads.append(encode(entry)[:-1])
    return heads


def _request_ids(rng: np.random.Generator, count: int) -> list[str]:
    digits = rng.bytes(8 * count).hex()
    return [digits[i : i + 16] for i in range(0, 16 * count, 16)]


class _Facts:
    """What was drawn for one entry. `dice` are three numbers from 0 to 1."""

    __slots__ = ("dice", "digits", "incident", "kind", "ms", "package", "version")

    def __init__(
        self,
        kind: _Kind,
        package: Package,
        version: Version,
        ms: float,
        dice: list[float],
        digits: int,
        incident: bool,
    ) -> None:
        self.kind, self.package, self.version = kind, package, version
        self.ms, self.dice, self.digits, self.incident = ms, dice, digits, incident


_Entry = tuple[str, str, dict[str, Any]]


def _answer(facts: _Facts) -> _Entry:
    """Level, message and metadata of one answered request."""
    kind, ms = facts.kind, facts.ms
    path, status, about = _request(facts)
    failure = _failure(facts)
    if failure is not None:
        about.pop("bytes", None)
        status, ms = failure.status, failure.after_ms(ms)
        about["error"] = failure.as_json(facts.package.name)
    elif "cache" in about and about["cache"] == "miss":
        ms *= _MISS_FACTOR
    if status == 200 and "bytes" in about:
        ms += about["bytes"] / _BYTES_PER_MS
    ms = round(ms, facts.digits)
    metadata = {"endpoint": path, "method": kind.method, "responseTime": ms, "status": status, **about}
    if failure is not None:
        return "error", failure.message_for(facts.package.name, facts.version.number), metadata
    if status == 404:
        return "warn", f"Package not found: {about['package']}", metadata
    if status == 401:
        return "warn", "Authentication failed: token expired", metadata
    if ms > _SLOW_ANSWER_MS:
        return "warn", f"Slow response: {kind.method} {path}", metadata
    return "info", f"{kind.method} {path} {status}", metadata


def _request(facts: _Facts) -> tuple[str, int, dict[str, Any]]:
    """Path, status and further facts of a request that goes well."""
    name, package, version, dice = facts.kind.name, facts.package, facts.version, facts.dice
    escaped = package.name.replace("/", "%2f")
    cache = "miss" if not package.own and dice[1] < _CACHE_MISS else "hit"
    if name == "metadata":
        if dice[0] < 0.45:
            facts.ms *= 0.25
            return f"/{escaped}", 304, {"package": package.name}
        size = 900 * len(package.versions) + int(4000 * dice[2])
        return f"/{escaped}", 200, {"package": package.name, "cache": cache, "bytes": size}
    about = {"package": package.name, "version": version.number}
    if name == "tarball":
        path = package.tarball_path(version)
        if dice[0] < 0.04:
            facts.ms *= 0.25
            return path, 304, about
        return path, 200, {**about, "cache": cache, "bytes": version.tarball_bytes}
    if name == "version":
        return f"/{escaped}/{version.number}", 200, {**about, "cache": cache}
    if name == "publish":
        number = facts.package.versions[-1].number
        return f"/{escaped}", 201, {**about, "version": number, "bytes": version.tarball_bytes}
    if name == "dist-tags":
        return f"/-/package/{escaped}/dist-tags", 200, {"package": package.name}
    if name == "missing":
        missing = _MISSING[int(dice[0] * len(_MISSING))]
        return f"/{missing.replace('/', '%2f')}", 404, {"package": missing}
    if name == "unauthorized":
        return f"/{escaped}", 401, {"package": package.name}
    if name == "search":
        return f"/-/v1/search?text={_SEARCHES[int(dice[0] * len(_SEARCHES))]}&size=20", 200, {}
    if name == "login":
        return f"/-/user/org.couchdb.user:dev{int(dice[0] * 36):02d}", 201, {}
    return (
        {
            "audit": "/-/npm/v1/security/advisories/bulk",
            "ping": "/-/ping",
            "whoami": "/-/whoami",
        }[name],
        200,
        {},
    )


def _failure(facts: _Facts) -> failures.Failure | None:
    """What goes wrong with this request, if anything does."""
    needs_upstream = facts.kind.name in ("metadata", "tarball", "version", "audit") and not facts.package.own
    if facts.incident and needs_upstream and facts.dice[2] < _INCIDENT_FAILURES:
        return failures.pick(failures.UPSTREAM, facts.dice[2] / _INCIDENT_FAILURES)
    if facts.dice[2] > 1 - _BACKGROUND_FAILURES and facts.kind.name in ("metadata", "tarball", "publish"):
        return failures.pick(failures.BACKGROUND, (1 - facts.dice[2]) / _BACKGROUND_FAILURES)
    return None


def _worker(facts: _Facts) -> _Entry:
    """A step of the cache worker: no request, so neither status nor response time."""
    package, version = facts.package, facts.version
    about = {"package": package.name, "version": version.number, "bytes": version.tarball_bytes}
    if facts.dice[0] < 0.7:
        return "debug", f"Stored {package.basename}-{version.number}.tgz in the cache", about
    if facts.dice[0] < 0.97:
        return "debug", f"Evicted {package.basename}-{version.number}.tgz from the cache", about
    free = 5 + int(facts.dice[1] * 10)
    return "warn", f"Cache volume is nearly full: {free} percent free", {"freePercent": free}

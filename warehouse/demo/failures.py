"""What goes wrong in the demo: the errors of the incident, and the few that every day has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from warehouse.demo.catalogue import UPSTREAM_URL


@dataclass(frozen=True)
class Failure:
    """One way to fail. `share` among its group; `waits_ms` is a timeout that was waited for, if any."""

    share: float
    status: int
    name: str
    code: str
    message: str
    waits_ms: float | None = None

    def message_for(self, package: str, version: str) -> str:
        """The entry's message; most failures say the same whatever was asked for."""
        return self.message.format(package=package, version=version)

    def after_ms(self, ms: float) -> float:
        """Response time of a request that fails like this and would have taken `ms`."""
        return ms if self.waits_ms is None else self.waits_ms + ms / 10

    def as_json(self, package: str) -> dict[str, Any]:
        """The `error` of the entry's metadata."""
        reason = f"request to {UPSTREAM_URL}/{package} failed, reason: {self.code}"
        return {"name": self.name, "code": self.code, "message": reason if self in UPSTREAM else self.code}


UPSTREAM = (
    Failure(0.5, 504, "TimeoutError", "ETIMEDOUT", "Upstream timeout: no answer within 10000 ms", 10_000.0),
    Failure(0.28, 502, "FetchError", "ECONNRESET", "Bad gateway: upstream closed the connection"),
    Failure(0.15, 502, "FetchError", "ECONNREFUSED", "Bad gateway: upstream refused the connection"),
    Failure(0.07, 502, "CircuitOpenError", "ECIRCUITOPEN", "Upstream circuit breaker is open"),
)
BACKGROUND = (
    Failure(0.4, 502, "FetchError", "ECONNRESET", "Bad gateway: upstream closed the connection"),
    Failure(0.25, 500, "IntegrityError", "EINTEGRITY", "Integrity check failed for {package}@{version}"),
    Failure(0.2, 500, "StorageError", "EIO", "Storage write timed out after 5000 ms", 5_000.0),
    Failure(0.15, 500, "TypeError", "EUNCAUGHT", "Cannot read properties of undefined (reading 'dist')"),
)


def pick(group: tuple[Failure, ...], fraction: float) -> Failure:
    """The failure at this fraction (0 to 1) of the group's shares."""
    for failure in group[:-1]:
        fraction -= failure.share
        if fraction < 0:
            return failure
    return group[-1]

"""What 50 live viewers cost, and whether the former pages are answered; part of tests/bench/dashboard.py."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

from api.paths import PREFIX
from warehouse.manifest import Manifest

VIEWERS = 50
SECONDS = 10
#: What the former pages poll, at most so many times a second in all.
FORMER = (
    "/logs?limit=50",
    "/logs/stats",
    "/stats",
    "/packages",
    "/analytics",
    "/analytics/trends?hours=24",
    "/analytics/alerts",
    "/analytics/predict",
    "/analytics/report",
)
RATE = 90
#: What the overview asks again after a commit.
ASKED = (
    "/analytics?hours=24",
    "/analytics/history?hours=24&points=24",
    "/analytics/anomalies?hours=24&limit=20",
    "/analytics/alerts?hours=24",
    "/analytics/alerts/rules",
    "/analytics/predict?hours=24",
    "/analytics/trends?hours=48&points=48",
    "/downloads?days=1&limit=6",
    "/downloads?days=14&by=day&limit=60",
    "/analytics/errors?hours=24&limit=6&points=24",
    "/stats",
)
_TICKS = os.sysconf("SC_CLK_TCK")


def measure(pid: int, url: str, manifest: Manifest) -> None:
    """Print what a server costs and answers. `manifest` is of its warehouse: commits are made through it."""
    asyncio.run(_measure(pid, url, manifest))


async def _measure(pid: int, url: str, manifest: Manifest) -> None:
    address = urlsplit(url)
    assert address.hostname
    assert address.port
    server = (address.hostname, address.port)
    for asking in (False, True):
        for every in (0, 5):
            if asking and not every:
                continue
            cost = await _live(pid, server, manifest, every, asking)
            what = f"a commit every {every} s" if every else "no commit"
            also = ", each asks for the whole overview after it" if asking else ""
            print(f"{VIEWERS} live viewers, {what}{also}: {100 * cost:.1f} % of one core", flush=True)
    times, failed = await _former(server)
    times.sort()
    print(
        f"the former pages' requests, {RATE} a second for {SECONDS} s: {failed} of {len(times)} failed,"
        f" median {1000 * statistics.median(times):.1f} ms,"
        f" 99th percentile {1000 * times[len(times) * 99 // 100]:.1f}"
    )


async def _live(pid: int, server: tuple[str, int], manifest: Manifest, every: int, asking: bool) -> float:
    """The share of a core that the server takes while all listen."""
    tasks = [asyncio.create_task(_viewer(server, asking)) for _ in range(VIEWERS)]
    await asyncio.sleep(2)
    begun, used = time.monotonic(), _cpu(pid)
    while time.monotonic() - begun < SECONDS * 2:
        if every:
            manifest.commit()
        await asyncio.sleep(every or SECONDS)
    cost = (_cpu(pid) - used) / (time.monotonic() - begun)
    for task in tasks:
        assert not task.done(), "a stream ended"
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return cost


async def _viewer(server: tuple[str, int], asking: bool) -> None:
    """Listens; after each commit asks what a page asks, one request after the other."""
    reader, writer = await asyncio.open_connection(*server)
    writer.write(_request("/live"))
    try:
        while line := await reader.readline():
            if asking and line.startswith(b"event: generation"):
                await _ask(server, *ASKED)
    finally:
        writer.close()


async def _former(server: tuple[str, int]) -> tuple[list[float], int]:
    """How long each answer took, and how many failed. Requests begin by the clock, answered or not."""
    begun, tasks = time.monotonic(), []
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
        tasks.append(asyncio.create_task(_ask(server, FORMER[number % len(FORMER)])))
    answered = await asyncio.gather(*tasks)
    return [took for took, _ in answered], sum(not good for _, good in answered)


async def _ask(server: tuple[str, int], *paths: str) -> tuple[float, bool]:
    begun = time.monotonic()
    reader, writer = await asyncio.open_connection(*server)
    good = True
    for path in paths:
        writer.write(_request(path))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        good = good and head.startswith(b"http/1.1 200")
    writer.close()
    return time.monotonic() - begun, good


def _request(path: str) -> bytes:
    return f"GET {PREFIX}{path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()


def _cpu(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS

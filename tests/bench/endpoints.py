"""How long each endpoint takes at 1 and at 10 million entries: `python -m tests.bench.endpoints`.

Medians in milliseconds. First over HTTP, as a client asks: the same question again and again on a connection
that is kept open. Then the facade's calls, each about another window, so that no kept answer helps. The two
sizes take turns in the same run, so their ratio holds on a noisy machine.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from tests.bench import synthetic
from warehouse.analytics import MetricFilter
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse
from warehouse.settings import load

#: The last midnight, so that the server's own clock finds entries in its windows.
END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

Call = Callable[[Warehouse, datetime], Callable[[], object]]


def _next_page(warehouse: Warehouse, now: datetime) -> Callable[[], object]:
    """The second page alone; the first, which gives its cursor, was read before."""
    first = LogFilter(limit=50, end=now)
    return partial(warehouse.logs, replace(first, cursor=warehouse.logs(first)["nextCursor"]))


#: One question about the window that ends then, ready to be asked.
CALLS: dict[str, Call] = {
    "analytics": lambda w, now: partial(w.analytics, 24, now),
    "analytics 7d": lambda w, now: partial(w.analytics, 168, now),
    "trends": lambda w, now: partial(w.trends, 24, now=now),
    "trends 7d": lambda w, now: partial(w.trends, 168, now=now),
    "alerts": lambda w, now: partial(w.alerts, 24, now),
    "report": lambda w, now: partial(w.report, 24, now),
    "predict": lambda w, now: partial(w.outlook.predict, 6, now),
    "gaps 7d": lambda w, now: partial(w.gaps, 168, now),
    "logs": lambda w, now: partial(w.logs, LogFilter(limit=50, end=now)),
    "logs errors": lambda w, now: partial(w.logs, LogFilter(limit=50, levels=["error"], end=now)),
    "logs text": lambda w, now: partial(w.logs, LogFilter(limit=50, q="case 7", end=now)),
    "logs rare word": lambda w, now: partial(w.logs, LogFilter(limit=50, search="needle", end=now)),
    "logs next page": _next_page,
    "logs facets, errors": lambda w, now: partial(w.log_viewer.facets, LogFilter(levels=["error"], end=now)),
    "history 24h, 100": lambda w, now: partial(w.history, 24, 100, now),
    "history 7d, 1000": lambda w, now: partial(w.history, 168, 1_000, now),
    "analytics of a package": lambda w, now: partial(w.analytics, 24, now, MetricFilter(package="pkg-3")),
    "analytics of two filters": lambda w, now: partial(
        w.analytics, 24, now, MetricFilter("source-1", "pkg-3")
    ),
    "errors": lambda w, now: partial(w.errors, 24, now=now),
    "uptime": lambda w, now: partial(w.uptime, 24, now),
    "downloads": lambda w, now: partial(w.downloads, 7, limit=100 + now.hour, now=now),
    "alert rules": lambda w, now: partial(w.alert_book.check, now),
}

PATHS = (
    "analytics",
    "analytics?hours=168",
    "analytics/trends",
    "analytics/trends?hours=168",
    "analytics/alerts",
    "analytics/report",
    "analytics/predict",
    "logs/stats",
    "stats",
    "packages",
    "logs?limit=50",
    "analytics?package=pkg-3",
    "analytics/history?hours=168&points=1000",
    "analytics/errors",
    "analytics/uptime",
    "downloads?days=7",
    "downloads/range/last-week/pkg-3",
    "logs/facets?level=error",
)


def main() -> None:
    """Build the two warehouses, take turns, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=21)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warehouses = []
        for size in (options.small, options.large):
            data_dir = Path(folder) / str(size)
            started = time.perf_counter()
            synthetic.build(data_dir, size, END)
            print(f"# {size:,} entries built in {time.perf_counter() - started:.1f} s")
            warehouses.append(Warehouse(load({}, data_dir=data_dir)))
            # As the server does: the newest rollups are in memory.
            warehouses[-1].warm()
        _over_http([Path(folder) / str(size) for size in (options.small, options.large)], options.runs)
        print(f"{'fresh':28} {'small ms':>9} {'large ms':>9} {'ratio':>6}")
        for name, call in CALLS.items():
            small, large = [], []
            for turn in range(options.runs + 3):
                # Another hour each time for predict, whose answer holds for an hour.
                now = END - timedelta(hours=turn + 1, seconds=30 * turn)
                times = [_timed(call(warehouse, now)) for warehouse in warehouses]
                if turn >= 3:
                    small.append(times[0])
                    large.append(times[1])
            _print(name, small, large)
        for warehouse in warehouses:
            warehouse.close()


def _print(name: str, small: list[float], large: list[float]) -> None:
    a, b = statistics.median(small), statistics.median(large)
    print(f"{name:28} {a:9.2f} {b:9.2f} {b / a:6.2f}")


def _over_http(data_dirs: list[Path], runs: int) -> None:
    servers, clients = [], []
    for data_dir in data_dirs:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = os.environ | {"WAREHOUSE_DATA_DIR": str(data_dir), "WAREHOUSE_PORT": str(port)}
        command = [sys.executable, "-m", "api.main", "serve"]
        servers.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
        clients.append(http.client.HTTPConnection("127.0.0.1", port))
    time.sleep(3)
    print(f"{'over HTTP':28} {'small ms':>9} {'large ms':>9} {'ratio':>6}")
    for path in PATHS:
        times: list[list[float]] = [[], []]
        for turn in range(runs + 3):
            for place, client in enumerate(clients):
                started = time.perf_counter()
                client.request("GET", f"/_dashboard/api/r2/{path}")
                answer = client.getresponse()
                answer.read()
                assert answer.status == 200
                if turn >= 3:
                    times[place].append((time.perf_counter() - started) * 1000)
        _print(path, *times)
    for server in servers:
        server.terminate()
        server.wait()


def _timed(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()

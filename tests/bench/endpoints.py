"""How long each endpoint takes at 1 and at 10 million entries: `python -m tests.bench.endpoints`.

Medians of the facade's calls, in milliseconds. "fresh" asks about another window each time, so that no kept
answer helps; "kept" asks the same again. The two sizes take turns in the same run, so their ratio holds on a
noisy machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench import synthetic
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse
from warehouse.settings import load

END = datetime(2026, 11, 23, tzinfo=UTC)

Call = Callable[[Warehouse, datetime], object]
CALLS: dict[str, Call] = {
    "analytics": lambda w, now: w.analytics(24, now),
    "analytics 7d": lambda w, now: w.analytics(168, now),
    "trends": lambda w, now: w.trends(24, now=now),
    "trends 7d": lambda w, now: w.trends(168, now=now),
    "alerts": lambda w, now: w.alerts(24, now),
    "report": lambda w, now: w.report(24, now),
    "predict": lambda w, now: w.predict(6, now),
    "logs": lambda w, now: w.logs(LogFilter(limit=50)),
    "logs errors": lambda w, now: w.logs(LogFilter(limit=50, levels=["error"])),
    "logs text": lambda w, now: w.logs(LogFilter(limit=50, q="case 7")),
}


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
        print(f"{'question':14} {'small ms':>9} {'large ms':>9} {'ratio':>6} {'kept ms':>8}")
        for name, call in CALLS.items():
            small, large, kept = [], [], []
            for turn in range(options.runs + 3):
                # Another hour each time for predict, whose answer holds for an hour.
                now = END - timedelta(hours=turn + 1, seconds=30 * turn)
                times = [_timed(call, warehouse, now) for warehouse in warehouses]
                again = _timed(call, warehouses[1], now)
                if turn >= 3:
                    small.append(times[0])
                    large.append(times[1])
                    kept.append(again)
            a, b, c = (statistics.median(values) for values in (small, large, kept))
            print(f"{name:14} {a:9.2f} {b:9.2f} {b / a:6.2f} {c:8.2f}")
        for warehouse in warehouses:
            warehouse.close()


def _timed(call: Call, warehouse: Warehouse, now: datetime) -> float:
    started = time.perf_counter()
    call(warehouse, now)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()

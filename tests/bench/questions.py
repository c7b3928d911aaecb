"""The same questions of the warehouse and of chdb over the same Parquet: `python -m tests.bench.questions`.

The warehouse answers figures from its rollups and searches from the rows; chdb answers all from the rows.
They take turns in one run, each turn about another window. Medians in milliseconds.
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
from warehouse.analytics import MetricFilter
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse
from warehouse.settings import load

END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
#: One question: ours about the window that ends then, and the peer's SQL with {rows}, {start} and {end}.
Ours = Callable[[Warehouse, datetime], object]
_FIGURES = (
    "SELECT count(), countIf(level = 'error') / count(), countIf(level = 'warn') / count(), avg(response_ms),"
    " quantilesExact(0.5, 0.95, 0.99)(response_ms) FROM {rows} WHERE ts >= '{start}' AND ts < '{end}'"
)
_PAGE = "SELECT ts, level, message, source, config_hash, metadata, extra, object_key, line FROM {rows}"
QUESTIONS: dict[str, tuple[Ours, list[str]]] = {
    "figures of 24 hours": (lambda w, now: w.analytics(24, now), [_FIGURES]),
    "figures of 7 days": (lambda w, now: w.analytics(168, now), [_FIGURES.replace("{start}", "{week}")]),
    "figures of a package": (
        lambda w, now: w.analytics(24, now, MetricFilter(package="pkg-3")),
        [f"{_FIGURES} AND package = 'pkg-3'"],
    ),
    "trends": (
        lambda w, now: w.trends(24, now=now),
        [
            "SELECT toStartOfHour(ts) AS h, count(), countIf(level = 'error'), avg(response_ms),"
            " quantileExact(0.95)(response_ms) FROM {rows} WHERE ts >= '{start}' AND ts < '{end}'"
            " GROUP BY h ORDER BY h"
        ],
    ),
    "faults": (
        lambda w, now: w.errors(24, now=now),
        [
            "SELECT replaceRegexpAll(message, '[0-9]+', '<n>') AS t, count(), min(ts), max(ts) FROM {rows}"
            " WHERE level = 'error' AND ts >= '{start}' AND ts < '{end}' GROUP BY t ORDER BY 2 DESC LIMIT 20"
        ],
    ),
    "downloads of 7 days": (
        lambda w, now: w.downloads(7, limit=100 + now.hour, now=now),
        [
            "SELECT package, count(), uniqExact(client_ip), max(ts) FROM {rows} WHERE path LIKE '%/-/%.tgz'"
            " AND method = 'GET' AND status < 400 AND ts >= '{week}' AND ts < '{end}' GROUP BY package"
        ],
    ),
    "search for a rare word": (
        lambda w, now: w.logs(LogFilter(limit=50, search="needle", end=now)),
        [
            f"{_PAGE} WHERE ts <= '{{end}}' AND hasToken(message, 'needle') ORDER BY ts DESC LIMIT 50",
            "SELECT count() FROM {rows} WHERE ts <= '{end}' AND hasToken(message, 'needle')",
        ],
    ),
    "latest 50 errors": (
        lambda w, now: w.logs(LogFilter(limit=50, levels=["error"])),
        [
            f"{_PAGE} WHERE level = 'error' ORDER BY ts DESC LIMIT 50",
            "SELECT count() FROM {rows} WHERE level = 'error'",
        ],
    ),
}


def main() -> None:
    """Build, take turns, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    import chdb

    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        synthetic.build(data_dir, options.entries, END)
        warehouse = Warehouse(load({}, data_dir=data_dir))
        warehouse.warm()
        rows = f"file('{data_dir}/lake/logs/*/*.parquet', Parquet)"
        print(f"# {options.entries:,} entries over seven days, medians of {options.runs} runs")
        print(f"{'':28} {'ours ms':>9} {'chdb ms':>9} {'ratio':>6}")
        for name, (ours, texts) in QUESTIONS.items():
            mine, theirs = [], []
            for turn in range(options.runs + 1):
                now = END - timedelta(hours=turn)
                mine.append(_timed(lambda ours=ours, now=now: ours(warehouse, now)))
                times = {
                    "rows": rows,
                    "start": f"{now - timedelta(hours=24):%Y-%m-%d %H:%M:%S}",
                    "week": f"{now - timedelta(hours=168):%Y-%m-%d %H:%M:%S}",
                    "end": f"{now:%Y-%m-%d %H:%M:%S}",
                }
                asked = [text.format(**times) for text in texts]
                theirs.append(_timed(lambda asked=asked: [chdb.query(text, "Arrow") for text in asked]))
            a, b = statistics.median(mine[1:]), statistics.median(theirs[1:])
            print(f"{name:28} {a:9.2f} {b:9.2f} {b / a:6.2f}", flush=True)
        warehouse.close()


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()

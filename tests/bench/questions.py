"""The same questions of the warehouse and of chdb over the same Parquet: `python -m tests.bench.questions`.

The warehouse answers figures from its rollups and searches from the rows; chdb answers all from the rows.
The peer is asked for what the answer holds: with the window before, the five most frequent messages, an
example of each fault, its trend, whether it was seen in the month before, and with trends what was unusual
(storage aside). They take turns in one run, each turn about another window, so that no answer is kept;
then ours is asked once more, as whoever polls does. Medians in milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
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

END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
#: One question: ours about the window that ends then, ready to be asked; the peer's SQL without its times.
Ours = Callable[[Warehouse, datetime], Callable[[], object]]
#: The times in the peer's SQL, by the days before the end.
_TIMES = {"end": 0, "start": 1, "before": 2, "week": 7, "week_before": 14, "month_before": 31}
_FIGURES = (
    "SELECT ts >= '{start}' AS latter, count(), countIf(level = 'error') / count(),"
    " countIf(level = 'warn') / count(), avg(response_ms), count(response_ms) / count(),"
    " quantilesExact(0.5, 0.95, 0.99)(response_ms), countIf(response_ms <= 500),"
    " countIf(response_ms <= 2000), countIf(status >= 500)"
    " FROM {rows} WHERE ts >= '{before}' AND ts < '{end}' {filter} GROUP BY latter"
)
_TOP = (
    "SELECT message, count() FROM {rows} WHERE level = 'error' AND ts >= '{start}' AND ts < '{end}' {filter}"
    " GROUP BY message ORDER BY 2 DESC LIMIT 5"
)
#: Whether an hour is unusual can be told from those before it alone: here the least of it, their medians.
_UNUSUAL = (
    "SELECT h, n, errors, mean, quantileExact(0.5)(n) OVER () AS usual,"
    " quantileExact(0.5)(errors) OVER () AS usual_errors, quantileExact(0.5)(mean) OVER () AS usual_mean"
    " FROM (SELECT toStartOfHour(ts) AS h, count() AS n, countIf(level = 'error') AS errors,"
    " avg(response_ms) AS mean FROM {rows} WHERE ts >= '{month_before}' AND ts < '{end}' GROUP BY h)"
)
_TEMPLATE = "replaceRegexpAll(message, '[0-9]+', '<n>') AS template"
_PAGE = "SELECT ts, level, message, source, config_hash, metadata, extra, object_key, line FROM {rows}"


def _next_page(warehouse: Warehouse, now: datetime) -> Callable[[], object]:
    """The page after the latest 50 errors; that one was read before."""
    first = LogFilter(limit=50, levels=["error"], end=now)
    return partial(warehouse.logs, replace(first, cursor=warehouse.logs(first)["nextCursor"]))


QUESTIONS: dict[str, tuple[Ours, list[str]]] = {
    "figures of 24 hours": (lambda w, now: partial(w.analytics, 24, now), [_FIGURES, _TOP]),
    "figures of 7 days": (
        lambda w, now: partial(w.analytics, 168, now),
        [text.replace("{before}", "{week_before}").replace("{start}", "{week}") for text in (_FIGURES, _TOP)],
    ),
    "figures of a package": (
        lambda w, now: partial(w.analytics, 24, now, MetricFilter(package="pkg-3")),
        [text.replace("{filter}", "AND package = 'pkg-3'") for text in (_FIGURES, _TOP)],
    ),
    "trends": (
        lambda w, now: partial(w.trends, 24, now=now),
        [
            "SELECT toStartOfHour(ts) AS h, count(), countIf(level = 'error'), countIf(level = 'warn'),"
            " avg(response_ms), quantileExact(0.95)(response_ms)"
            " FROM {rows} WHERE ts >= '{start}' AND ts < '{end}' GROUP BY h ORDER BY h",
            _UNUSUAL,
        ],
    ),
    "history": (
        lambda w, now: partial(w.history, 24, 100, now),
        [
            "SELECT toStartOfInterval(ts, INTERVAL 864 SECOND) AS p, count(), countIf(level = 'error'),"
            " countIf(level = 'warn'), countIf(status > 0), countIf(status >= 500), avg(response_ms),"
            " quantilesExact(0.5, 0.95, 0.99)(response_ms), count(response_ms), countIf(response_ms <= 500),"
            " countIf(response_ms <= 2000)"
            " FROM {rows} WHERE ts >= '{start}' AND ts < '{end}' GROUP BY p ORDER BY p"
        ],
    ),
    "faults": (
        lambda w, now: partial(w.errors, 24, now=now),
        [
            f"SELECT {_TEMPLATE}, countIf(ts >= '{{start}}') AS latter,"
            " countIf(ts < '{start}' AND ts >= '{before}'), min(ts), max(ts),"
            " argMinIf((message, bucket, object_key, line), ts, ts >= '{start}')"
            " FROM {rows} WHERE level = 'error' AND ts >= '{month_before}' AND ts < '{end}'"
            " GROUP BY template ORDER BY latter DESC LIMIT 20",
            f"SELECT {_TEMPLATE}, toStartOfHour(ts) AS h, count() FROM {{rows}} WHERE level = 'error'"
            " AND ts >= '{start}' AND ts < '{end}' GROUP BY template, h",
        ],
    ),
    "downloads of 7 days": (
        lambda w, now: partial(w.downloads, 7, limit=100 + now.hour, now=now),
        [
            "SELECT package, count(), uniqExact(client_ip), max(ts) FROM {rows} WHERE path LIKE '%/-/%.tgz'"
            " AND method = 'GET' AND status < 400 AND ts >= '{week}' AND ts < '{end}' GROUP BY package"
        ],
    ),
    "search for a rare word": (
        lambda w, now: partial(w.logs, LogFilter(limit=50, search="needle", end=now)),
        [
            f"{_PAGE} WHERE ts <= '{{end}}' AND hasToken(message, 'needle') ORDER BY ts DESC LIMIT 50",
            "SELECT count() FROM {rows} WHERE ts <= '{end}' AND hasToken(message, 'needle')",
        ],
    ),
    "latest 50 errors": (
        lambda w, now: partial(w.logs, LogFilter(limit=50, levels=["error"], end=now)),
        [
            f"{_PAGE} WHERE level = 'error' AND ts <= '{{end}}' ORDER BY ts DESC LIMIT 50",
            "SELECT count() FROM {rows} WHERE level = 'error' AND ts <= '{end}'",
        ],
    ),
    "the next page of errors": (
        _next_page,
        [
            f"{_PAGE} WHERE level = 'error' AND ts <= '{{end}}' ORDER BY ts DESC LIMIT 50, 50",
            "SELECT count() FROM {rows} WHERE level = 'error' AND ts <= '{end}'",
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
        print(f"{'':28} {'ours ms':>9} {'again ms':>9} {'chdb ms':>9} {'ratio':>6}")
        for name, (ours, texts) in QUESTIONS.items():
            mine, again, theirs = [], [], []
            for turn in range(options.runs + 1):
                now = END - timedelta(hours=turn)
                ask = ours(warehouse, now)
                mine.append(_timed(ask))
                again.append(_timed(ask))
                times = {"rows": rows, "filter": ""} | {
                    name: f"{now - timedelta(days=days):%Y-%m-%d %H:%M:%S}" for name, days in _TIMES.items()
                }
                asked = [text.format(**times) for text in texts]
                theirs.append(_timed(lambda asked=asked: [chdb.query(text, "Arrow") for text in asked]))
            a, kept, b = (statistics.median(times[1:]) for times in (mine, again, theirs))
            print(f"{name:28} {a:9.2f} {kept:9.2f} {b:9.2f} {b / a:6.2f}", flush=True)
        warehouse.close()


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()

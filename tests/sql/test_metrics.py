"""Figures by any filter: functions/metrics, endpoints/history, endpoints/analytics_changes, endpoints/uptime,
rollups/activity_by, tables/activity_by; each against the same figure computed in Python from the entries.
"""

from __future__ import annotations

import math
import random
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import MB, Builder, log, millis, utc, window_of
from warehouse.alerts import evaluate
from warehouse.alerts.rules import AlertRule
from warehouse.analytics import MetricFilter
from warehouse.errors import BadRequestError
from warehouse.housekeeping import rebuild
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse

NOW = utc("2026-03-04T15:00:00")
Entry = dict[str, Any]


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """4,000 entries of three days; some without a source, a package, a status, a hash or a time."""
    rng = random.Random(7)
    return [
        {
            "at": NOW - timedelta(milliseconds=rng.randrange(1, 72 * 3_600_000)),
            "level": rng.choices(["info", "warn", "error"], [80, 12, 8])[0],
            "message": f"message {rng.randrange(7)}",
            "source": rng.choice(["api", "proxy", None]),
            "package": rng.choice(["react", "@acme/ui", None]),
            "status": rng.choice([200, 201, 304, 404, 500, 503, None]),
            "config": rng.choice(["0xaaaa1111", "0xbbbb2222", None]),
            "ms": round(rng.lognormvariate(5, 1.5), 3) if rng.random() < 0.7 else None,
        }
        for _ in range(4_000)
    ]


def as_log(entry: Entry) -> dict[str, Any]:
    names = {"source": "source", "package": "package", "status": "status", "config": "configHash",
        "ms": "responseTime"}  # fmt: skip
    fields = {name: entry[key] for key, name in names.items() if entry[key] is not None}
    return log(entry["at"], entry["level"], entry["message"], **fields)


@pytest.fixture(scope="module")
def filled(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """They arrive in four syncs, so the rollup merges; one object was stored in the last hour."""
    builder = Builder(tmp_path_factory.mktemp("metrics"))
    for part in range(4):
        builder.put([as_log(entry) for entry in entries[part::4]])
        if part == 3:
            builder.put([], size=3 * MB, stored=NOW - timedelta(minutes=10))
        builder.sync()
    return builder


@pytest.fixture(scope="module", params=["files", "memory"])
def warehouse(filled: Builder, synced_once: Open, request: pytest.FixtureRequest) -> Warehouse:
    """It answers from the files as a command does, or from memory as a server does."""
    opened = synced_once(filled)
    if request.param == "memory":
        opened.warm()
    return opened


FILTERS = [
    MetricFilter(),
    MetricFilter(source="api"),
    MetricFilter(package="@acme/ui"),
    MetricFilter(status_class="5xx"),
    MetricFilter(config_hash="0xAAAA1111"),
    MetricFilter(config_hash="bbbb2222"),
    MetricFilter(source="proxy", package="react"),
    MetricFilter(source="proxy", package="react", status_class="2xx", config_hash="0xbbbb2222"),
    MetricFilter(source="nobody"),
    # Who names none is called so, as by the log viewer.
    MetricFilter(source="unknown"),
    MetricFilter(config_hash="unknown"),
    MetricFilter(source="unknown", config_hash="0xaaaa1111"),
]


def matching(entries: list[Entry], wanted: MetricFilter, start: datetime, end: datetime) -> list[Entry]:
    hash_ = wanted.config_hash
    if hash_ and hash_ != "unknown":
        hash_ = "0x" + hash_.lower().removeprefix("0x")
    return [
        entry
        for entry in entries
        if start <= entry["at"] < end
        and wanted.source in (None, entry["source"] or "unknown")
        and wanted.package in (None, entry["package"])
        and hash_ in (None, entry["config"] or "unknown")
        and (wanted.status_class is None or str(entry["status"])[0] == wanted.status_class[0])
    ]


#: The figures that distributions tell.
DISTRIBUTED = ("p50ResponseTime", "p95ResponseTime", "p99ResponseTime", "apdex")


def quantile(times: list[float], share: float) -> Any:
    """By nearest rank, within 1 percent as the buckets promise."""
    ranked = sorted(times)
    return pytest.approx(ranked[math.ceil(share * len(times)) - 1], rel=0.0101) if times else None


def expected(here: list[Entry], hours: float) -> dict[str, Any]:
    times = [entry["ms"] for entry in here if entry["ms"] is not None]
    # The Apdex takes each response time for the middle of its bucket, which is within 1 percent.
    middles = [math.exp((math.floor(math.log(ms) / math.log(1.02)) + 0.5) * math.log(1.02)) for ms in times]
    satisfied = sum(ms <= 500 for ms in middles) + sum(500 < ms <= 2000 for ms in middles) / 2
    share = 100 / len(here) if here else 0
    return {
        "totalLogs": len(here),
        "errorRate": pytest.approx(share * sum(entry["level"] == "error" for entry in here)),
        "warnRate": pytest.approx(share * sum(entry["level"] == "warn" for entry in here)),
        "avgResponseTime": pytest.approx(sum(times) / len(times) if times else 0),
        "p50ResponseTime": quantile(times, 0.50),
        "p95ResponseTime": quantile(times, 0.95),
        "p99ResponseTime": quantile(times, 0.99),
        "responseTimeCoverage": pytest.approx(share * len(times)),
        "apdex": pytest.approx(satisfied / len(times)) if times else None,
        "throughput": pytest.approx(len(here) / hours / 60),
    }


@pytest.mark.parametrize("hours", [1, 5, 24, 36])
@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_the_figures_of_a_filter_are_those_of_its_entries(
    warehouse: Warehouse, entries: list[Entry], wanted: MetricFilter, hours: int
) -> None:
    answer = warehouse.analytics(hours, NOW, wanted)
    start, before = NOW - timedelta(hours=hours), NOW - timedelta(hours=2 * hours)
    here = matching(entries, wanted, start, NOW)
    figures = expected(here, hours)
    assert {name: answer[name] for name in figures} == figures
    earlier = expected(matching(entries, wanted, before, start), hours)
    assert {name: answer["previous"][name] for name in earlier} == earlier
    messages = [entry["message"] for entry in here if entry["level"] == "error"]
    given = [value for value in wanted.shown().values() if value]
    if hours in (24, 36) and len(given) == 1 and given != ["unknown"]:
        # From the rollup by dimension they come as templates, and all of these are one.
        messages = ["message <n>"] * len(messages)
    counts = {message: messages.count(message) for message in messages}
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
    assert [(row["message"], row["count"]) for row in answer["topErrorMessages"]] == top
    # What is stored in the bucket has no source and no status.
    assert answer["storageGrowth"] == pytest.approx(3 / hours)


@pytest.mark.parametrize("names", [{"source": "unknown"}, {"config_hash": "unknown"}])
def test_who_names_no_source_or_config_is_unknown_to_every_question(
    warehouse: Warehouse, entries: list[Entry], names: dict[str, str]
) -> None:
    wanted = MetricFilter(**names)
    start = NOW - timedelta(hours=24)
    here = matching(entries, wanted, start, NOW)
    found = LogFilter(start=start, end=NOW - timedelta(milliseconds=1), **names)
    levels = warehouse.log_viewer.facets(found)["facets"]["level"]["values"]
    exported = b"".join(warehouse.log_viewer.export(found, "ndjson")).splitlines()
    assert (
        len(here)
        == warehouse.logs(found)["totalCount"]
        == sum(row["count"] for row in warehouse.log_viewer.histogram(found)["histogram"])
        == sum(row["count"] for row in levels)
        == len(exported)
        == sum(row["logsCount"] for row in warehouse.trends(24, now=NOW, wanted=wanted)["trends"])
        == sum(row["totalLogs"] for row in warehouse.history(24, 24, NOW, wanted)["history"])
    )
    errors = sum(entry["level"] == "error" for entry in here)
    assert warehouse.errors(24, now=NOW, wanted=wanted)["totalErrors"] == errors > 0
    rule = AlertRule(id="r", metric="totalLogs", threshold=0, hours=24, **names)  # type: ignore[arg-type]
    [reading] = evaluate.test(warehouse._engine, rule, NOW.replace(tzinfo=None), 500).readings
    assert reading.value == len(here)


@pytest.mark.parametrize(("hours", "points"), [(24, 24), (24, 100), (72, 6), (6, 720)])
@pytest.mark.parametrize("wanted", FILTERS[:7], ids=str)
def test_the_history_has_the_figures_of_each_period(
    warehouse: Warehouse, entries: list[Entry], wanted: MetricFilter, hours: int, points: int
) -> None:
    answer = warehouse.history(hours, points, NOW, wanted)
    width = timedelta(hours=hours) / points
    assert (len(answer["history"]), answer["periodSeconds"]) == (points, width.total_seconds())
    asked = {"hours": hours, "points": points, "now": NOW.replace(tzinfo=None), **wanted.parameters()}
    slots = window_of(warehouse, asked)
    begins = NOW - timedelta(hours=hours)

    def by_period(grain: int) -> dict[int, list[Entry]]:
        """A slot belongs to the period in which it begins."""
        found: dict[int, list[Entry]] = {}
        for entry in matching(entries, wanted, begins, NOW):
            slot = (entry["at"].timestamp() // grain) * grain
            number = int((slot - begins.timestamp()) // width.total_seconds())
            found.setdefault(number, []).append(entry)
        return found

    of_all = slots["reads"] == "activity"
    found = by_period(slots["grain"])
    distributed = by_period(slots["latency_grain"]) if of_all else found
    for number, row in enumerate(answer["history"]):
        here = found.get(number, [])
        figures = expected(here, width.total_seconds() / 3600)
        # Distributions of all entries have slots of their own.
        others = expected(distributed.get(number, []), width.total_seconds() / 3600)
        figures |= {name: others[name] for name in DISTRIBUTED}
        times = [entry["ms"] for entry in here if entry["ms"] is not None]
        if not here:
            figures |= dict.fromkeys(("errorRate", "warnRate", "responseTimeCoverage"))
        if not times:
            figures |= {"avgResponseTime": None}
        assert {name: row[name] for name in figures} == figures
        assert row["requests"] == sum(entry["status"] is not None for entry in here)
        assert row["serverErrors"] == sum((entry["status"] or 0) >= 500 for entry in here)
        assert (row["performanceScore"] is None) is (not here)
    stored = [row["storageGrowth"] for row in answer["history"] if row["storageGrowth"]]
    assert stored == [pytest.approx(3 * 3600 / width.total_seconds())]


def test_the_rollup_by_dimension_comes_out_the_same_when_it_is_made_anew(filled: Builder) -> None:
    before = filled.rows("SELECT * FROM activity_by ORDER BY ALL")
    assert {row[0] for row in before} == {"source", "package", "status", "config"}
    rebuild.run(filled.settings)
    assert filled.rows("SELECT * FROM activity_by ORDER BY ALL") == before


def test_changes_are_told_in_the_figures_unit_and_in_percent(builder: Builder, synced: Open) -> None:
    at = utc("2026-03-01T10:30:00")
    before = [log(at, "error", responseTime=100), log(at), log(at), log(at)]
    now = [log(at + timedelta(hours=1), level) for level in ("error", "error", "info", "info", "info")]
    builder.put([*before, *now])
    changes = synced(builder).analytics(1, utc("2026-03-01T12:00:00"))["changes"]
    assert changes["totalLogs"] == {"difference": 1, "percent": 25}
    assert changes["errorRate"] == {"difference": pytest.approx(15), "percent": pytest.approx(60)}
    assert changes["avgResponseTime"]["difference"] == pytest.approx(-100)
    assert changes["p95ResponseTime"] == {"difference": None, "percent": None}
    assert changes["storageGrowth"] == {"difference": 0, "percent": None}


def test_the_apdex_counts_tolerated_answers_half(builder: Builder, synced: Open) -> None:
    at = utc("2026-03-01T11:30:00")
    builder.put([log(at, responseTime=ms) for ms in (100, 200, 300, 400, 1_000, 1_900, 2_500, 9_000)])
    # 4 satisfied, 2 tolerated, 2 frustrated: (4 + 2 / 2) / 8.
    assert synced(builder).analytics(1, utc("2026-03-01T12:00:00"))["apdex"] == 0.625


def test_trends_compare_with_earlier_windows_in_other_zones_and_tell_no_mean_as_null(
    builder: Builder, synced: Open
) -> None:
    noon = utc("2026-07-10T12:00:00")
    builder.put([log(noon - timedelta(minutes=30)) for _ in range(3)])
    builder.put([log(noon - timedelta(hours=2, minutes=30)) for _ in range(2)])
    builder.put([log(noon - timedelta(days=7, minutes=90), responseTime=8)])
    answer = synced(builder).trends(
        2, 2, noon, zone="Europe/Berlin", empty_as_null=True, compare=["previous", "week"]
    )
    assert answer["timezone"] == "Europe/Berlin"
    assert [(row["period"], row["logsCount"]) for row in answer["trends"]] == [("12:00", 0), ("13:00", 3)]
    assert [row["responseTime"] for row in answer["trends"]] == [None, None]
    comparisons = answer["comparisons"]
    assert [row["logsCount"] for row in comparisons["previous"]] == [0, 2]
    assert [(row["logsCount"], row["responseTime"]) for row in comparisons["week"]] == [(1, 8), (0, None)]
    assert comparisons["week"][0]["periodStart"] == millis(noon - timedelta(days=7, hours=2))


def test_periods_have_half_a_minute_at_least(warehouse: Warehouse) -> None:
    with pytest.raises(BadRequestError, match="points must not be more than 120 for 1 hours"):
        warehouse.history(1, 121, NOW)


def test_uptime_tells_availability_and_heartbeat_apart(builder: Builder, synced: Open) -> None:
    start = utc("2026-03-01T10:00:00")
    # Every 5 minutes of an hour a request, but at 10:15, 10:20 and 10:40; one of ten answers is a 503.
    minutes = [0, 5, 10, 25, 30, 35, 45, 50, 55]
    builder.put([log(start + timedelta(minutes=minute), status=200) for minute in minutes])
    builder.put([log(start, "error", status=503), log(start, "error", "no request")])
    with closing(synced(builder)) as warehouse:
        answer = warehouse.uptime(1, start + timedelta(minutes=59))
        nothing = warehouse.uptime(1, start - timedelta(hours=5))
    assert (answer["availability"], answer["uptime"]) == (90, 90)
    assert (answer["requests"], answer["serverErrors"]) == (10, 1)
    assert (answer["slots"], answer["missingSlots"], answer["unknownSlots"]) == (12, 3, 0)
    assert answer["knownSlots"] == 12
    assert answer["heartbeat"] == 75
    assert answer["missing"] == [
        {"startsAt": millis(start + timedelta(minutes=15)), "endsAt": millis(start + timedelta(minutes=25))},
        {"startsAt": millis(start + timedelta(minutes=40)), "endsAt": millis(start + timedelta(minutes=45))},
    ]
    assert (nothing["uptime"], nothing["availability"], nothing["heartbeat"]) == (0, None, 0)
    assert nothing["missingSlots"] == 12


def test_what_the_last_sync_cannot_have_seen_is_unknown_not_missing(builder: Builder) -> None:
    builder.put([log(utc("2026-03-01T10:00:00"), status=200)])
    builder.sync()
    with closing(builder.open()) as warehouse:
        tomorrow = datetime.now(NOW.tzinfo) + timedelta(days=1)
        answer = warehouse.uptime(12, tomorrow)
    assert (answer["unknownSlots"], answer["missingSlots"], answer["heartbeat"]) == (144, 0, 0)


def test_apdex_is_never_more_than_all(builder: Builder, synced: Open) -> None:
    # A period's edge cuts a slot of five minutes: an entry is of the one, its distribution of the other.
    builder.put([log("2026-03-02T00:49:00", "info", responseTime=20)])
    rows = synced(builder).history(19, 7, utc("2026-03-02T19:48:30"))["history"]
    assert [row["totalLogs"] for row in rows] == [1, 0, 0, 0, 0, 0, 0]
    assert {row["apdex"] for row in rows} == {None}


@pytest.mark.parametrize("hours", [1, 5, 6, 24, 72, 168, 720])
@pytest.mark.parametrize("now", ["2026-03-02T20:20:00", "2026-03-02T20:21:30", "2026-03-02T20:24:59.999"])
def test_quantiles_are_of_the_entries_that_the_mean_is_of(
    builder: Builder, synced: Open, hours: int, now: str
) -> None:
    ends = utc(now)
    # Slow ones behind the beginning, quick ones at the end; from 6 hours on a slot of 5 minutes is cut there.
    cut = timedelta(minutes=5) if hours >= 6 else timedelta(seconds=30)
    first, last = ends - timedelta(hours=hours) + cut, ends - timedelta(minutes=1)
    builder.put([log(first, responseTime=3_000)] * 50 + [log(last, responseTime=10)] * 50)
    found = synced(builder).analytics(hours, ends)
    assert (found["totalLogs"], found["responseTimeCoverage"], found["avgResponseTime"]) == (100, 100, 1_505)
    assert found["p50ResponseTime"] == pytest.approx(10, rel=0.01)
    assert found["p95ResponseTime"] == pytest.approx(3_000, rel=0.01)
    assert found["apdex"] == 0.5


@pytest.mark.parametrize("reads", ["activity", "logs"])
def test_an_engineer_may_write_the_moments_as_texts(
    warehouse: Warehouse, entries: list[Entry], reads: str
) -> None:
    rows = warehouse.sql(
        "SELECT f.period_starts, f.entries FROM metrics('2026-03-03 15:00:00', '2026-03-04 15:00:00', 2, 30,"
        f" 300, 500, '{reads}', NULL, NULL, NULL, NULL) AS f ORDER BY f.i"
    ).rows
    half = timedelta(hours=12)
    starts = [NOW - 2 * half, NOW - half]
    assert rows == [
        (start.replace(tzinfo=None), len(matching(entries, MetricFilter(), start, start + half)))
        for start in starts
    ]

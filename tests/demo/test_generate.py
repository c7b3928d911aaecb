"""The demo's logs: the same bytes again, the counts asked for, and a week as a registry sees it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from statistics import mean, median
from typing import Any

import pytest
import zstandard

from warehouse.demo import DemoObject, generate

END = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)  # a Thursday
ENTRIES = 60_000
Entry = dict[str, Any]


def text_of(item: DemoObject) -> bytes:
    """The object's text, told by its first bytes as any reader must."""
    if item.body[:2] == b"\x1f\x8b":
        return gzip.decompress(item.body)
    if item.body[:4] == b"\x28\xb5\x2f\xfd":
        return zstandard.ZstdDecompressor().decompress(item.body, max_output_size=1 << 26)
    return item.body


def is_good(line: bytes) -> bool:
    """Whether a strict reader takes the line as a log entry."""
    try:
        entry = json.loads(line.decode("utf-8"))
    except ValueError:
        return False
    return isinstance(entry, dict) and isinstance(entry.get("timestamp"), int)


def lines_of(item: DemoObject) -> list[bytes]:
    text = text_of(item)
    assert text.endswith(b"\n")
    return text[:-1].split(b"\n")


@dataclass
class Week:
    """What was generated once for all tests of this module."""

    logs: list[DemoObject]
    packages: list[DemoObject]
    entries: list[Entry]


@pytest.fixture(scope="module")
def week() -> Week:
    everything = list(generate(END, entries=ENTRIES))
    logs = [item for item in everything if item.key.startswith("logs/")]
    packages = [item for item in everything if item.key.startswith("packages/")]
    assert len(logs) + len(packages) == len(everything)
    good = [json.loads(line) for item in logs for line in lines_of(item) if is_good(line)]
    return Week(logs, packages, good)


def between(entries: Iterable[Entry], hours_before_end: float, hours: float) -> Iterator[Entry]:
    begin = (END - timedelta(hours=hours_before_end)).timestamp() * 1000
    return (entry for entry in entries if begin <= entry["timestamp"] < begin + hours * 3_600_000)


def response_times(entries: Iterable[Entry]) -> list[float]:
    return [e["metadata"]["responseTime"] for e in entries if "responseTime" in e["metadata"]]


def test_the_same_seed_and_end_give_the_same_bytes() -> None:
    first, second = (list(generate(END, days=1, entries=3000, seed=7)) for _ in range(2))
    assert first == second


def test_another_seed_or_another_end_gives_other_logs() -> None:
    def digest(**arguments: Any) -> str:
        bodies = [item.body for item in generate(**{"end": END, "days": 1, "entries": 500, **arguments})]
        return hashlib.sha256(b"".join(bodies)).hexdigest()

    assert len({digest(), digest(seed=43), digest(end=END - timedelta(hours=1))}) == 3


def test_there_are_exactly_as_many_good_and_malformed_lines_as_asked_for(week: Week) -> None:
    good = bad = 0
    for item in week.logs:
        lines = lines_of(item)
        fine = sum(is_good(line) for line in lines)
        assert (item.entries, item.malformed) == (fine, len(lines) - fine), item.key
        good, bad = good + fine, bad + len(lines) - fine
    assert (good, bad) == (ENTRIES, 25)


@pytest.mark.parametrize(("entries", "malformed"), [(1, 0), (1, 25), (40, 3), (2500, 100)])
def test_small_numbers_are_exact_as_well(entries: int, malformed: int) -> None:
    items = list(generate(END, days=2, entries=entries, malformed=malformed))
    assert sum(item.entries for item in items) == entries
    assert sum(item.malformed for item in items) == min(malformed, entries)


def test_the_malformed_lines_are_of_several_kinds_in_several_objects(week: Week) -> None:
    damaged = [line for item in week.logs for line in lines_of(item) if not is_good(line)]
    kinds = {
        "blank": lambda line: line == b"",
        "array": lambda line: line.startswith(b"["),
        "text": lambda line: line.startswith(b"npm error"),
        "no timestamp": lambda line: line.startswith(b'{"level"'),
        "bad UTF-8": lambda line: b"\xff" in line,
        "cut": lambda line: line.startswith(b'{"timestamp"') and not line.endswith(b"}"),
    }
    counts = {name: sum(test(line) for line in damaged) for name, test in kinds.items()}
    assert min(counts.values()) >= 4
    assert sum(counts.values()) == len(damaged)
    assert sum(item.malformed > 0 for item in week.logs) >= 20


def test_every_entry_has_the_fields_of_the_registrys_format(week: Week) -> None:
    for entry in week.entries:
        assert list(entry) == [
            "timestamp", "level", "message", "metadata", "configHash", "source",
            "storedAt", "configVersion", "registryUrl", "systemInfo",
        ]  # fmt: skip
        assert entry["level"] in {"debug", "info", "warn", "error"}
        assert entry["source"] in {"registry-api", "cache-worker", "auth-service", "tarball-proxy"}
        assert entry["message"]
        assert len(entry["configHash"]) == 10
        assert int(entry["configHash"], 16)
        assert set(entry["systemInfo"]) == {"nodeVersion", "platform", "memory", "uptime"}
        assert entry["systemInfo"]["memory"]["rss"] > entry["systemInfo"]["memory"]["heapUsed"] > 0


def test_every_entry_of_a_request_tells_what_was_asked_by_whom_and_how_it_went(week: Week) -> None:
    requests = [entry for entry in week.entries if entry["source"] != "cache-worker"]
    assert 0.85 < len(requests) / len(week.entries) < 0.97
    for entry in requests:
        about = entry["metadata"]
        assert about["endpoint"].startswith("/")
        assert about["method"] in {"GET", "PUT", "POST"}
        assert about["responseTime"] > 0
        assert {"userAgent", "clientIP", "requestId"} <= set(about)
        assert ("error" in about) == (entry["level"] == "error") == (about["status"] >= 500)
    workers = [entry["metadata"] for entry in week.entries if entry["source"] == "cache-worker"]
    assert not any("responseTime" in about or "status" in about for about in workers)


def test_a_package_and_its_version_stand_beside_the_tarball_that_was_asked_for(week: Week) -> None:
    tarballs = [e["metadata"] for e in week.entries if e["metadata"].get("endpoint", "").endswith(".tgz")]
    assert len(tarballs) > ENTRIES / 4
    for about in tarballs:
        base = about["package"].rpartition("/")[2]
        assert about["endpoint"] == f"/{about['package']}/-/{base}-{about['version']}.tgz"
        assert ("bytes" in about) == (about["status"] == 200)


def test_one_flush_is_one_object_named_after_when_it_was_stored(week: Week) -> None:
    previous: dict[str, int] = {}
    for item in week.logs:
        entries = [json.loads(line) for line in lines_of(item) if is_good(line)]
        for same in ("storedAt", "systemInfo", "configHash", "configVersion"):
            assert len({json.dumps(entry[same]) for entry in entries}) == 1, item.key
        folder, name = item.key.split("/")[1:]
        stored_at, config = entries[0]["storedAt"], entries[0]["configHash"]
        assert folder.removeprefix("0x") == config.removeprefix("0x")
        assert name.split(".")[0] == str(stored_at)
        times = [entry["timestamp"] for entry in entries]
        assert times == sorted(times)
        assert previous.get(config, 0) <= times[0]
        assert times[-1] < stored_at <= END.timestamp() * 1000
        previous[config] = stored_at


def test_there_are_more_objects_than_one_listing_gives_and_no_key_twice(week: Week) -> None:
    keys = [item.key for item in week.logs + week.packages]
    assert len(set(keys)) == len(keys)
    assert len(week.logs) > 1500
    suffixes = Counter(item.key.partition(".")[2] for item in week.logs)
    assert suffixes["jsonl.gz"] > 0.9 * len(week.logs)
    assert suffixes["jsonl"] >= 20
    assert suffixes["jsonl.zst"] >= 20


def test_the_name_of_an_object_tells_how_it_is_packed(week: Week) -> None:
    magic = {"jsonl.gz": b"\x1f\x8b", "jsonl.zst": b"\x28\xb5\x2f\xfd", "jsonl": b'{"'}
    assert all(item.body.startswith(magic[item.key.partition(".")[2]]) for item in week.logs)


def test_longer_flushes_give_the_same_entries_in_fewer_and_bigger_objects() -> None:
    def requests(items: Iterable[DemoObject]) -> list[str]:
        return sorted(
            json.loads(line)["metadata"]["requestId"]
            for item in items
            if item.key.startswith("logs/")
            for line in lines_of(item)
        )

    often, seldom = (
        list(generate(END, days=1, entries=2000, malformed=0, flush_seconds=seconds))
        for seconds in (300, 21_600)
    )
    assert requests(often) == requests(seldom)
    assert sum(item.entries > 0 for item in often) > 250
    assert sum(item.entries > 0 for item in seldom) <= 6


def test_the_entries_lie_within_the_days_asked_for(week: Week) -> None:
    times = [entry["timestamp"] for entry in week.entries]
    end = END.timestamp() * 1000
    assert end - 7 * 86_400_000 <= min(times) < end - 7 * 86_400_000 + 1_800_000
    assert end - 1_800_000 < max(times) < end


def test_office_hours_are_busier_than_nights_and_weekdays_than_the_weekend(week: Week) -> None:
    by_hour: Counter[tuple[int, int]] = Counter()
    for entry in week.entries:
        when = datetime.fromtimestamp(entry["timestamp"] / 1000, UTC)
        by_hour[(when.weekday(), when.hour)] += 1
    tuesday_office = mean(by_hour[(1, hour)] for hour in range(8, 17))
    tuesday_night = mean(by_hour[(1, hour)] for hour in (0, 4, 5, 22, 23))
    sunday = mean(by_hour[(6, hour)] for hour in range(8, 17))
    assert tuesday_office > 4 * tuesday_night
    assert tuesday_office > 3 * sunday > 0


def test_the_incident_shows_as_a_burst_of_502_and_504_nine_hours_before_the_end(week: Week) -> None:
    incident = list(between(week.entries, 9, 40 / 60))
    others = [*between(week.entries, 24, 15), *between(week.entries, 9 - 40 / 60, 8)]

    def failures(entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if entry["level"] == "error"]

    assert len(failures(incident)) > 0.15 * len(incident) > 30
    assert len(failures(others)) < 0.01 * len(others)
    assert {entry["metadata"]["status"] for entry in failures(incident)} <= {500, 502, 504}
    messages = Counter(entry["message"] for entry in failures(incident)).most_common()
    assert messages[0][0] == "Upstream timeout: no answer within 10000 ms"
    assert 4 <= len(messages) <= 8
    assert all(
        e["metadata"]["responseTime"] > 10_000 for e in failures(incident) if e["message"] == messages[0][0]
    )


def test_the_slow_hour_takes_about_six_times_as_long(week: Week) -> None:
    slow = median(response_times(between(week.entries, 3, 1)))
    normal = median(response_times(between(week.entries, 2, 2)))
    assert 4.5 < slow / normal < 7.5


def test_response_times_have_one_to_three_decimals_and_a_long_tail(week: Week) -> None:
    times = sorted(response_times(week.entries))
    assert all(round(time, 3) == time for time in times)
    assert any(round(time, 2) != time for time in times)
    assert times[-len(times) // 100] > 5 * median(times)


def test_one_configuration_takes_over_from_another_during_the_week(week: Week) -> None:
    def shares(entries: Iterator[Entry]) -> dict[str, float]:
        counts = Counter(entry["configHash"] for entry in entries)
        return {config: count / counts.total() for config, count in counts.items()}

    first_day, last_day = shares(between(week.entries, 168, 24)), shares(between(week.entries, 24, 24))
    assert first_day["0x7f3a91c2"] > 0.9
    assert last_day["0x2b8de054"] > 0.9
    assert "0x2b8de054" not in first_day
    assert "0x7f3a91c2" not in last_day
    assert 0.02 < first_day["0xc41f6a0d"] < 0.08


def test_a_few_packages_and_clients_are_asked_for_most(week: Week) -> None:
    packages = Counter(entry["metadata"].get("package") for entry in week.entries)
    clients = {
        (e["metadata"]["clientIP"], e["metadata"]["userAgent"])
        for e in week.entries
        if "clientIP" in e["metadata"]
    }
    own = [name for name in packages if name and name.startswith("@acme/")]
    ranked = [count for name, count in packages.most_common() if name]
    assert len(own) >= 20
    assert sum(ranked[:10]) > 0.4 * sum(ranked)
    assert len({ip for ip, _ in clients}) == 60
    assert {agent.split("/")[0] for _, agent in clients} == {"npm", "pnpm", "yarn", "bun"}


def test_the_answers_are_those_of_a_registry(week: Week) -> None:
    statuses = Counter(entry["metadata"].get("status") for entry in week.entries)
    methods = Counter(entry["metadata"].get("method") for entry in week.entries)
    assert {200, 201, 304, 401, 404, 500, 502, 504} <= set(statuses)
    assert statuses[200] > statuses[304] > statuses[404] > statuses[401] > 0
    assert methods["GET"] > methods["POST"] > methods["PUT"] > 0


def test_the_packages_carry_the_digest_of_their_body(week: Week) -> None:
    assert 110 <= len(week.packages) <= 130
    for item in week.packages:
        digest = base64.b64encode(hashlib.sha512(item.body).digest()).decode()
        assert item.metadata == {"integrity": f"sha512-{digest}"}
        assert 300 <= len(item.body) < 6000
        config, _, rest = item.key.removeprefix("packages/").partition("/")
        assert config in {"0x7f3a91c2", "0x2b8de054"}
        assert rest.rpartition("/")[2].removesuffix(".tgz").count(".") == 2
    folders = groupby(sorted(item.key.split("/")[1] for item in week.packages))
    assert len(list(folders)) == 2


def test_the_text_is_about_as_long_as_real_entries_and_packs_well(week: Week) -> None:
    raw = sum(item.raw_bytes for item in week.logs)
    assert raw == sum(len(text_of(item)) for item in week.logs)
    assert 500 < raw / ENTRIES < 900
    assert raw / sum(len(item.body) for item in week.logs) > 3

"""Several formats in one bucket: batches of one format, weights in every figure, challenges skipped."""

from __future__ import annotations

import gzip
from contextlib import closing
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.formats.samples import BUNYAN, COMBINED, HTTP_REQUEST, REGISTRY, SAMPLES, VERDACCIO
from tests.formats.test_detection import CHALLENGE
from tests.warehouse_builder import Builder, ndjson, utc
from warehouse.formats import trial
from warehouse.ingest.lines import Batcher
from warehouse.logquery import LogFilter
from warehouse.manifest import Manifest
from warehouse.settings_tables import MappingRule, PrefixRule

NOW = utc("2026-03-01T10:30:00")


@pytest.fixture
def builder(tmp_path: Any) -> Builder:
    return Builder(tmp_path / "data")


def formats_of(builder: Builder) -> dict[str, tuple[str, int, int]]:
    """Format, lines and rejected lines of each object, as the ledger has them."""
    with closing(Manifest(builder.settings.data_dir)) as manifest:
        ledger = manifest.objects("memory", "logs/")
        return {key: (item.format, item.lines, item.rejected) for key, item in ledger.items()}


def test_every_object_is_read_in_its_own_format(builder: Builder) -> None:
    for name, (_, line) in SAMPLES.items():
        builder.put([line], f"logs/{name}")
    summary = builder.sync()
    assert (summary.entries, summary.rejected_lines) == (len(SAMPLES), 0)
    assert formats_of(builder) == {f"logs/{name}": (form, 1, 0) for name, (form, _) in SAMPLES.items()}
    rows = dict(builder.rows("SELECT object_key, line FROM logs"))
    assert rows == dict.fromkeys(formats_of(builder), 1)


def test_names_and_compression_do_not_matter(builder: Builder) -> None:
    builder.put(gzip.compress(ndjson([COMBINED])), "logs/0x12345678/1.jsonl")
    builder.put(ndjson([VERDACCIO]), "logs/20260301/1.log.gz")
    builder.sync()
    assert [item[0] for item in formats_of(builder).values()] == ["access_combined", "pino"]


def test_a_sync_takes_the_format_that_a_trial_tells(builder: Builder) -> None:
    pino, cut, token = [ndjson([line]) for line in (BUNYAN, '{"level":30,"time":17', CHALLENGE.decode())]
    bodies = {
        "members": b"".join(map(gzip.compress, [b"", b"\n", cut, *[pino] * 9])),
        "blank lines": b"\n" * 300_000 + pino,
        "a token and a line": gzip.compress(token) + gzip.compress(pino[:-1]),
        "a token": gzip.compress(b"") + gzip.compress(token),
        "two and six": pino * 2 + ndjson([COMBINED] * 6),
        "a long line": b"x" * 5_000_000 + b"\n" + pino * 2,
        "nothing": gzip.compress(b""),
        "damage": gzip.compress(token)[:-5],
    }
    for key, body in bodies.items():
        builder.put(body, f"logs/{key}")
    builder.sync()
    told = {key: trial.run(body, f"logs/{key}", builder.settings) for key, body in bodies.items()}
    synced = formats_of(builder)
    assert synced == {
        f"logs/{key}": (item.format, item.counts.get("lines", 0), item.counts.get("rejected", 0))
        for key, item in told.items()
    }
    assert [synced[f"logs/{key}"][0] for key in bodies] == [
        *("pino", "pino", "pino", "skip", "access_combined", "pino", "registry", "registry")
    ]


def test_lines_of_another_format_in_an_object_go_to_quarantine(builder: Builder) -> None:
    builder.put([COMBINED, COMBINED, COMBINED, REGISTRY, COMBINED], "logs/1")
    builder.put([REGISTRY, BUNYAN], "logs/2")
    builder.sync()
    assert formats_of(builder) == {"logs/1": ("access_combined", 5, 1), "logs/2": ("pino", 2, 1)}
    rows = builder.rows("SELECT object_key, line, reason FROM quarantine ORDER BY object_key")
    assert rows == [
        ("logs/1", 4, "not a line of the common or combined log format"),
        ("logs/2", 1, "time is missing"),
    ]


def test_an_ownership_challenge_is_in_the_ledger_without_a_line_and_not_fetched_again(
    builder: Builder,
) -> None:
    builder.put(CHALLENGE, "logs/ownership-challenge-1a2b.txt")
    builder.put([HTTP_REQUEST], "logs/20260301/a.log")
    summary = builder.sync()
    assert (summary.objects, summary.entries, summary.rejected_lines) == (2, 1, 0)
    assert formats_of(builder)["logs/ownership-challenge-1a2b.txt"] == ("skip", 0, 0)
    fetched = builder.bucket.class_b
    assert builder.sync().objects == 0
    assert builder.bucket.class_b == fetched


def test_a_prefix_sets_the_format_and_a_mapping_reads_the_rest(builder: Builder) -> None:
    builder.settings = msgspec.structs.replace(
        builder.settings,
        prefixes=(
            PrefixRule(prefix="logs/shop/", format="mapping:shop", sample=4),
            PrefixRule(prefix="logs/web/", format="pino"),
        ),
        mappings={"shop": MappingRule(ts="at", time_unit="s", message="what")},
    )
    builder.put([{"at": 1772359200, "what": "sold"}, {"what": "no time"}], "logs/shop/1")
    builder.put([COMBINED], "logs/web/1")
    builder.sync()
    assert formats_of(builder) == {"logs/shop/1": ("mapping:shop", 2, 1), "logs/web/1": ("pino", 1, 1)}
    assert builder.rows("SELECT message, weight FROM logs") == [("sold", 4)]


def test_sampled_lines_count_by_their_weight_in_every_figure(builder: Builder) -> None:
    builder.settings = msgspec.structs.replace(
        builder.settings, prefixes=(PrefixRule(prefix="logs/app/", sample=5),)
    )
    slow = HTTP_REQUEST | {"EdgeResponseStatus": 503, "EdgeTimeToFirstByteMs": 200, "SampleInterval": 10}
    fast = HTTP_REQUEST | {"EdgeTimeToFirstByteMs": 50, "SampleInterval": 100}
    builder.put([slow, fast], "logs/20260301/1.log")
    builder.put([REGISTRY | {"metadata": {"responseTime": 50, "status": 200}}], "logs/app/1.jsonl")
    builder.sync()
    with closing(builder.open()) as warehouse:
        answer = warehouse.analytics(1, NOW)
        # 10 errors, 100 and 5 others: 115 entries in three lines; (10*200 + 105*50) / 115 ms.
        assert answer["totalLogs"] == 115
        assert answer["errorRate"] == pytest.approx(100 * 10 / 115)
        assert answer["avgResponseTime"] == pytest.approx(7250 / 115)
        assert answer["p50ResponseTime"] == pytest.approx(50, rel=0.0101)
        assert answer["p95ResponseTime"] == pytest.approx(200, rel=0.0101)
        assert answer["topErrorMessages"] == [
            {"message": "GET /left-pad/-/left-pad-1.3.0.tgz 503", "count": 10}
        ]
        trends = warehouse.trends(1, now=NOW)["trends"]
        assert sum(row["logsCount"] for row in trends) == 115
        assert sum(row["errorCount"] for row in trends) == 10
        stats = warehouse.logs_stats()
        assert stats["totalEntries"] == 115
        assert stats["levelDistribution"] == {"error": 10, "info": 105}
        assert warehouse.report(1, now=NOW)["summary"]["uptime"] == pytest.approx(100 * 105 / 115)
        assert warehouse.sql("SELECT sum(weight), count(*) FROM logs").rows == [(115, 3)]


def test_the_total_of_the_log_viewer_is_the_same_with_and_without_filters(builder: Builder) -> None:
    builder.put([HTTP_REQUEST | {"SampleInterval": 100}, HTTP_REQUEST], "logs/1")
    builder.sync()
    with closing(builder.open()) as warehouse:
        plain = warehouse.logs(LogFilter())
        filtered = warehouse.logs(LogFilter(start=NOW - timedelta(hours=1), method="GET"))
    assert plain["totalCount"] == filtered["totalCount"] == 101
    assert len(plain["logs"]) == 2


# -- batches ----------------------------------------------------------------------------------------------


def test_a_batch_holds_one_format_and_formats_that_alternate_still_fill_batches() -> None:
    batcher = Batcher(1000)
    lines = {"a": b"a" * 99 + b"\n", "b": b"b" * 99 + b"\n"}
    full = [
        batch
        for number in range(40)
        for batch in batcher.add(number, [lines["ab"[number % 2]]], lambda head: head.text[:1].decode())
    ]
    rest = []
    while (batch := batcher.take()).pieces:
        rest.append(batch)
    assert (
        sorted((batch.format, batch.lines) for batch in [*full, *rest]) == [("a", 10)] * 2 + [("b", 10)] * 2
    )
    for batch in [*full, *rest]:
        assert set(batch.text.array.tolist()) == {ord(batch.format), ord("\n")}


def test_open_batches_of_many_formats_hold_no_more_than_two() -> None:
    batcher = Batcher(1000)
    given = 0
    for number in range(20):
        line = bytes([97 + number]) * 499 + b"\n"
        given += sum(
            batch.text.size for batch in batcher.add(number, [line], lambda head: head.text[:1].decode())
        )
        assert 500 * (number + 1) - given <= 2000


def test_an_object_without_log_lines_leaves_nothing_in_a_batch() -> None:
    batcher = Batcher(1000)
    assert list(batcher.add(0, [b"token"], lambda head: None)) == []
    assert list(batcher.add(1, [b"token\n" * 3], lambda head: None)) == []
    assert batcher.take().pieces == []

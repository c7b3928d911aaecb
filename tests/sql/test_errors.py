"""Faults: macros/errors, tables/error_templates, rollups/error_templates, functions/faults,
endpoints/error_templates, endpoints/error_templates_unknown.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sql.conftest import Open
from tests.warehouse_builder import Builder, log, millis, utc
from warehouse import duck
from warehouse.analytics import MetricFilter
from warehouse.errors import BadRequestError
from warehouse.housekeeping import rebuild

NOW = utc("2026-03-10T12:00:00")


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("no answer within 10000 ms", "no answer within <n> ms"),
        ("took 3.5s, 1,200 bytes, 12 %", "took <n>s, <n> bytes, <n> %"),
        ("GET /react/-/react-2.14.2.tgz 502", "GET <path> <n>"),
        ("open '/var/lib/x.log' failed", "open '<path>' failed"),
        ("C:\\Users\\me\\x.js is gone", "<path> is gone"),
        ("and/or stays, so does either", "and/or stays, so does either"),
        ("cannot reach https://npm.acme.example/x?y=1", "cannot reach <url>"),
        ("connect ECONNREFUSED 10.1.2.3:4873", "connect ECONNREFUSED <address>"),
        ("Integrity check failed for @acme/ui@3.11.0", "Integrity check failed for <package>"),
        ("@acme/ui is private", "<package> is private"),
        ("lodash@4.17.21 needs v1.2.3-rc.1", "<package> needs <version>"),
        ("sha512-abcDEF0123456789== does not match", "<hash> does not match"),
        ("request 7f3a91c2-11aa-4b1c-9d7e-0123456789ab", "request <id>"),
        ("config 0x2b8de054, commit cafe1234", "config <hash>, commit <hash>"),
        ("at 1795455907772", "at <n>"),
        ("a decade of facades", "a decade of facades"),
        ("job 01ARZ3NDEKTSV4RRFFQ69G5FAV failed", "job <id> failed"),
        ("req_a8fKzQ timed out", "req_<id> timed out"),
        ("req_9kQw2mXb timed out", "req_<id> timed out"),
        ("req_aKzQfX timed out", "req_<id> timed out"),
        ("job_failed, user_fooBar, table_part2, err_404", "job_failed, user_fooBar, table_part<n>, err_<n>"),
        ("cannot open data/cache/react.tgz", "cannot open <path>"),
        ("data/a.js lib/b.js:10:5.", "<path> <path>:<n>:<n>."),
        ("no ./tmp/a.txt, no ~/x/a.txt, no ../b", "no <path>, no <path>, no <path>"),
        ("`/var/x` [/var/y] {/var/z}", "`<path>` [<path>] {<path>}"),
        ("expected application/json, not text/html", "expected application/json, not text/html"),
        ("got application/vnd.npm.install-v1+json", "got application/vnd.npm.install-v<n>+json"),
        ("read/write, n/a, TCP/IP, HTTP/1.1 404", "read/write, n/a, TCP/IP, HTTP/<n> <n>"),
        ("needs 1.2.3-beta.1+5", "needs <version>"),
        ("needs 2.0.0, has v3.0.0+build.7.", "needs <version>, has <version>."),
        ("connect 2001:db8::1 refused", "connect <address> refused"),
        ("connect [2001:db8:0:0:8:800:200c:417a]:443", "connect <address>"),
        ("::1, [::1]:4873, fe80::1%eth0, ::ffff:10.0.0.1", "<address>, <address>, <address>, <address>"),
        ("std::vector at 12:34:56", "std::vector at <n>:<n>:<n>"),
        ("Cannot read 'dist' of undefined", "Cannot read 'dist' of undefined"),
        ("  spaces  ", "spaces"),
        ("", ""),
    ],
)
def test_what_differs_between_occurrences_is_masked(
    con: duck.Connection, message: str, template: str
) -> None:
    assert con.execute("SELECT error_template($m)", {"m": message}).fetchone() == (template,)


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """A fault that came up in the window, one that is old, one that was there yesterday, one long ago."""
    made = Builder(tmp_path_factory.mktemp("errors"))

    def fault(hours_ago: float, message: str, level: str = "error") -> dict[str, Any]:
        return log(NOW - timedelta(hours=hours_ago), level, message)

    made.put(
        [fault(700, "old 1"), fault(30, "old 2"), fault(30, "gone 1"), fault(900, "forgotten 1")], "logs/a"
    )
    made.sync()
    made.put(
        ["broken", fault(3, "fresh 7"), fault(2, "fresh 8"), fault(2.01, "old 3"), fault(1, "old 4")],
        "logs/b",
    )
    made.put([fault(0.5, "fresh 9"), fault(1, "forgotten 2"), fault(1, "not an error", "warn")], "logs/c")
    made.sync()
    return made


def test_faults_are_told_with_count_share_change_age_trend_and_example(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        answer = warehouse.errors(24, points=4, now=NOW)
    assert (answer["totalErrors"], answer["totalTemplates"]) == (6, 3)
    fresh, old, forgotten = answer["errors"]
    assert fresh == {
        "template": "fresh <n>",
        "count": 3,
        "share": 50,
        "previousCount": 0,
        "change": None,
        "firstSeen": millis(NOW - timedelta(hours=3)),
        "lastSeen": millis(NOW - timedelta(hours=0.5)),
        "isNew": True,
        "trend": [0, 0, 0, 3],
        "example": {
            "message": "fresh 7",
            "timestamp": millis(NOW - timedelta(hours=3)),
            "bucket": "memory",
            "objectKey": "logs/b",
            "line": 2,
        },
    }
    assert (old["template"], old["count"], old["previousCount"], old["change"]) == ("old <n>", 2, 1, 100)
    assert (old["isNew"], old["firstSeen"]) == (False, millis(NOW - timedelta(hours=700)))
    # It was there 900 hours ago: more than 30 days before the window, so it is new again.
    assert (forgotten["template"], forgotten["isNew"]) == ("forgotten <n>", True)


@pytest.mark.parametrize("hours", [1, 2.5, 24, 168, 169, 1_000])
def test_each_window_has_its_errors(builder: Builder, hours: float) -> None:
    ages = [700, 30, 30, 900, 3, 2, 2.01, 1, 0.5, 1]
    with closing(builder.open()) as warehouse:
        answer = warehouse.errors(hours, now=NOW)
    assert answer["totalErrors"] == sum(age <= hours for age in ages)
    assert sum(sum(row["trend"]) for row in answer["errors"]) == answer["totalErrors"]


@pytest.mark.parametrize("hours", [1, 2.5, 24, 168, 169, 1_000])
@pytest.mark.parametrize("names", [{"source": "unknown"}, {"config_hash": "unknown"}])
def test_the_faults_of_entries_that_name_no_source_are_told_as_all_others(
    builder: Builder, hours: float, names: dict[str, str]
) -> None:
    # Nothing here names a source or a config.
    with closing(builder.open()) as warehouse:
        everything = warehouse.errors(hours, now=NOW)
        unknown = warehouse.errors(hours, now=NOW, wanted=MetricFilter(**names))
    assert unknown.pop("filters") != everything.pop("filters")
    assert unknown == everything


def test_faults_are_told_by_one_dimension(tmp_path: Path, synced: Open) -> None:
    made = Builder(tmp_path)
    at = NOW - timedelta(minutes=10)
    made.put(
        [
            log(at, "error", "a 1", source="api", package="react", status=502, configHash="0xAA11"),
            log(at, "error", "a 2", source="web", package="react", status=404),
            log(at, "error", "b 1", source="api"),
        ]
    )
    warehouse = synced(made)

    def counts(**wanted: str) -> list[tuple[str, int]]:
        rows = warehouse.errors(1, now=NOW, wanted=MetricFilter(**wanted))["errors"]
        return [(row["template"], row["count"]) for row in rows]

    assert counts() == [("a <n>", 2), ("b <n>", 1)]
    assert counts(source="api") == [("a <n>", 1), ("b <n>", 1)]
    assert counts(package="react") == [("a <n>", 2)]
    assert counts(status_class="5xx") == [("a <n>", 1)]
    assert counts(config_hash="aa11") == [("a <n>", 1)]
    assert counts(config_hash="unknown") == [("a <n>", 1), ("b <n>", 1)]
    assert counts(source="unknown") == []
    with pytest.raises(BadRequestError, match="package: the faults are told by one filter"):
        counts(source="api", package="react")


def test_the_limit_keeps_the_most_frequent_and_the_totals(builder: Builder) -> None:
    with closing(builder.open()) as warehouse:
        answer = warehouse.errors(24, limit=1, now=NOW)
    assert [row["template"] for row in answer["errors"]] == ["fresh <n>"]
    assert (answer["totalErrors"], answer["totalTemplates"], answer["errors"][0]["share"]) == (6, 3, 50)


def test_the_rollup_comes_out_the_same_when_it_is_made_anew(builder: Builder) -> None:
    before = builder.rows("SELECT * FROM error_templates ORDER BY ALL")
    rebuild.run(builder.settings)
    assert builder.rows("SELECT * FROM error_templates ORDER BY ALL") == before


def test_sampled_errors_count_by_their_weight(tmp_path: Path, synced: Open) -> None:
    made = Builder(tmp_path)
    made.put(
        [log(NOW - timedelta(minutes=5), "error", "x 1"), log(NOW - timedelta(minutes=4), "error", "x 2")]
    )
    assert synced(made).errors(1, now=NOW)["errors"][0]["count"] == 2

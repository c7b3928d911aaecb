"""Searches of logs: macros/log_matches, macros/export, endpoints/logs_facets, endpoints/logs_histogram,
endpoints/logs_context, endpoints/logs_export_slices, endpoints/logs_export, endpoints/logs_export_ndjson,
endpoints/logs_export_csv.
"""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.export import as_csv
from tests.sql.conftest import Open
from tests.warehouse_builder import Builder, log, millis, utc
from warehouse import duck, logexport, logsearch
from warehouse.errors import BadRequestError, NotFoundError
from warehouse.logquery import LogFilter
from warehouse.service import Warehouse

START = utc("2026-03-01T22:00:00")
MESSAGES = [
    "Bad gateway: upstream closed the connection", "Time-out of the upstream", "timeouts are many", "served",
    "Ünder the bridge", "=SUM(A1)", "two\nlines, \"quoted\"", "",
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, synced_once: Open) -> Warehouse:
    """Forty entries over four hours and midnight; the object's 7th line is broken."""
    builder = Builder(tmp_path_factory.mktemp("search"))
    rows: list[Any] = [
        log(
            START + timedelta(minutes=6 * number),
            ["info", "warn", "error", "debug"][number % 4],
            MESSAGES[number % len(MESSAGES)],
            source=["api", "web"][number % 2],
            **({"package": "react"} if number % 5 == 0 else {}),
            **({"status": 500} if number % 10 == 0 else {"status": 200}),
            method="GET",
        )
        for number in range(40)
    ]
    rows.insert(6, "broken")
    builder.put(rows, "logs/one.jsonl")
    return synced_once(builder)


def found(warehouse: Warehouse, search: str) -> set[str]:
    return {entry["message"] for entry in warehouse.logs(LogFilter(search=search, limit=100))["logs"]}


@pytest.mark.parametrize(
    ("search", "places"),
    [
        ("upstream", {0, 1}),
        ("UPSTREAM", {0, 1}),
        ("time", {1}),
        ("timeout", set()),
        ("timeouts", {2}),
        ('"bad gateway"', {0}),
        ('"gateway bad"', set()),
        ("upstream connection", {0}),
        ("connection upstream closed the", {0}),
        ("upstream -gateway", {1}),
        ('upstream -"closed the"', {1}),
        ("ünder", {4}),
        ("under", set()),
        ("=SUM(A1)", {5}),
        ("lines quoted", {6}),
        ("   ", set(range(8))),
        ('""', set(range(8))),
        (".*", set()),
    ],
)
def test_words_and_phrases_are_found_whole_in_any_case(
    warehouse: Warehouse, search: str, places: set[int]
) -> None:
    assert found(warehouse, search) == {MESSAGES[place] for place in places}


@settings(max_examples=60, deadline=None)
@given(text=st.text("abc .-_ü\n", max_size=12), term=st.text("abcü", min_size=1, max_size=3))
def test_a_word_is_found_where_python_finds_it(con: duck.Connection, text: str, term: str) -> None:
    query = "SELECT has_words($text, $term, NULL, NULL, NULL, NULL, NULL)"
    [answer] = con.execute(query, {"text": text, "term": term}).fetchone() or ()
    assert answer is bool(re.search(rf"(?<!\w){re.escape(term)}(?!\w)", text))


def test_too_many_terms_are_refused(warehouse: Warehouse) -> None:
    for search in ("a b c d e", "-a -b -c"):
        with pytest.raises(BadRequestError) as refused:
            warehouse.logs(LogFilter(search=search))
        assert refused.value.field == "search"
    assert logsearch.terms('a "longest phrase" -x')["term_1"] == "longest phrase"


FILTERS = [
    LogFilter(), LogFilter(search="upstream"), LogFilter(levels=["error"], source="api"),
    LogFilter(package="react", start=START + timedelta(hours=1), end=START + timedelta(hours=3)),
    LogFilter(status=500, q="gateway"), LogFilter(source="nobody"),
]  # fmt: skip


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_facets_histogram_exports_and_pages_tell_of_the_same_entries(
    warehouse: Warehouse, wanted: LogFilter
) -> None:
    wanted.limit = 100
    page = warehouse.logs(wanted)
    entries = page["logs"]
    facets = warehouse.log_viewer.facets(wanted)["facets"]
    for facet, field in (
        ("level", "level"),
        ("source", "source"),
        ("package", "package"),
        ("method", "method"),
    ):
        counts = Counter(entry[field] for entry in entries if entry[field] is not None)
        assert facets[facet]["count"] == len(counts)
        expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        assert [(each["value"], each["count"]) for each in facets[facet]["values"]] == expected
    histogram = warehouse.log_viewer.histogram(wanted, 7)["histogram"]
    assert len(histogram) == 7
    for point in histogram:
        here = [e for e in entries if point["periodStart"] <= e["timestamp"] < point["periodEnd"]]
        assert point["count"] == len(here)
        assert point["error"] == sum(entry["level"] == "error" for entry in here)
    assert sum(point["count"] for point in histogram) == page["totalCount"]
    exported = b"".join(warehouse.log_viewer.export(wanted, "ndjson")).splitlines()
    key = lambda entry: (entry["timestamp"], entry["line"])  # noqa: E731
    assert [json.loads(line) for line in exported] == sorted(entries, key=key)


def test_a_facet_has_its_most_frequent_values_and_tells_how_many_there_are(warehouse: Warehouse) -> None:
    facets = warehouse.log_viewer.facets(LogFilter(), 2)["facets"]
    assert (len(facets["level"]["values"]), facets["level"]["count"]) == (2, 4)
    assert facets["configHash"] == {"values": [], "count": 0}


def test_the_context_is_the_object_s_lines_around_an_entry(warehouse: Warehouse) -> None:
    answer = warehouse.log_viewer.context("logs/one.jsonl", 8, around=2)
    # The 7th line is in quarantine.
    assert [entry["line"] for entry in answer["logs"]] == [6, 8, 9, 10]
    assert answer["logs"][0]["timestamp"] == millis(START + timedelta(minutes=30))
    everything = warehouse.log_viewer.context("logs/one.jsonl", 1, "memory", 1_000)
    assert len(everything["logs"]) == 40
    for key, line, bucket in (
        ("logs/two.jsonl", 1, None),
        ("logs/one.jsonl", 7, None),
        ("logs/one.jsonl", 1, "x"),
    ):
        with pytest.raises(NotFoundError):
            warehouse.log_viewer.context(key, line, bucket)


def test_parquet_and_arrow_hold_every_column_of_every_match(warehouse: Warehouse) -> None:
    for form in ("parquet", "arrow"):
        content = b"".join(warehouse.log_viewer.export(LogFilter(source="api"), form))  # type: ignore[arg-type]
        if form == "parquet":
            table = pyarrow.parquet.read_table(io.BytesIO(content))
        else:
            table = pa.ipc.open_stream(content).read_all()
        assert table.column_names == [name for name, _ in duck.columns("logs")]
        assert table.num_rows == 20
        assert table["message"].to_pylist().count("Bad gateway: upstream closed the connection") == 5
        assert [value.isoformat() for value in table["ts"].to_pylist()[:1]] == ["2026-03-01T22:00:00"]


def test_csv_has_no_cell_that_a_spreadsheet_runs(warehouse: Warehouse) -> None:
    content = b"".join(warehouse.log_viewer.export(LogFilter(), "csv")).decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [row["message"] for row in rows][:8] == [
        *MESSAGES[:5], "'=SUM(A1)", "two\nlines, \"quoted\"", "",
    ]  # fmt: skip
    assert (rows[0]["time"], rows[0]["timestamp"]) == ("2026-03-01T22:00:00.000Z", str(millis(START)))
    assert (rows[0]["package"], rows[1]["package"]) == ("react", "")


#: Also in wide forms, and after blanks of any kind.
FORMULAS = [
    "=1+1", "+1", "-1", "@x", "\tx", "\rx", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x", "  =1",
    " \t@x", "\xa0+1", "\u3000\uff1d1", "\ufeff=1", "\u200b=1", "\x0b=1", "\x1f-1",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_like_a_formula_gets_an_apostrophe(con: duck.Connection, text: str) -> None:
    [row] = csv.DictReader(
        io.StringIO(b"".join(as_csv([{"timestamp": 0, "message": text}])).decode(), newline="")
    )
    assert row["message"] == f"'{text}"
    assert con.execute("SELECT no_formula($t)", {"t": text}).fetchone() == (f"'{text}",)
    for other in (f"a{text}", "  two", "", " "):
        assert con.execute("SELECT no_formula($t)", {"t": other}).fetchone() == (other,)


@pytest.mark.parametrize("form", logexport.MEDIA_TYPES)
def test_an_export_of_nothing_is_a_whole_file(builder: Builder, synced: Open, form: Any) -> None:
    content = b"".join(synced(builder).log_viewer.export(LogFilter(), form))
    if form == "parquet":
        assert pyarrow.parquet.read_table(io.BytesIO(content)).num_rows == 0
    elif form == "arrow":
        assert pa.ipc.open_stream(content).read_all().num_rows == 0
    else:
        assert content.count(b"\n") == (form == "csv")


def test_an_export_is_of_one_state_while_syncs_commit(
    builder: Builder, synced: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logexport, "_SPAN_ENTRIES", 1)
    builder.put([log(START + timedelta(minutes=10 * number), message=f"m{number}") for number in range(30)])
    warehouse = synced(builder)
    pieces = warehouse.log_viewer.export(LogFilter(), "ndjson")
    lines = [next(pieces)]
    builder.put([log(START + timedelta(minutes=10 * number + 1), message="late") for number in range(30)])
    done = threading.Thread(target=builder.sync)
    done.start()
    done.join()
    lines += pieces
    assert [json.loads(line)["message"] for line in b"".join(lines).splitlines()] == [
        f"m{number}" for number in range(30)
    ]
    assert warehouse.logs(LogFilter())["totalCount"] == 60


def test_pages_are_stable_while_syncs_commit(builder: Builder, synced: Open) -> None:
    builder.put([log(START + timedelta(minutes=number), message=f"m{number}") for number in range(30)])
    warehouse = synced(builder)
    page = warehouse.logs(LogFilter(limit=10))
    seen = [entry["message"] for entry in page["logs"]]
    while page["nextCursor"]:
        # Newer entries come in between two pages.
        builder.put([log(START + timedelta(hours=5, minutes=len(seen)), message="newer")])
        builder.sync()
        page = warehouse.logs(LogFilter(limit=10, cursor=page["nextCursor"]))
        seen += [entry["message"] for entry in page["logs"]]
    assert seen == [f"m{number}" for number in reversed(range(30))]

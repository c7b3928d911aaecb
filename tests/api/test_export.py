"""Pages of the log viewer as NDJSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api import export
from tests.api.conftest import PREFIX

Get = Callable[..., Any]


def test_ndjson_holds_the_same_entries_as_json(client: TestClient[Litestar], get: Get) -> None:
    page = get("/logs", level="error", limit=5)
    answer = client.get(f"{PREFIX}/logs", params={"level": "error", "limit": 5, "format": "ndjson"})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in answer.text.splitlines()] == page["logs"]
    assert answer.headers["x-total-count"] == str(page["totalCount"])
    assert answer.headers["x-next-cursor"] == page["nextCursor"]


def test_csv_holds_the_same_entries_as_json(client: TestClient[Litestar], get: Get) -> None:
    page = get("/logs", limit=1_200)
    answer = client.get(f"{PREFIX}/logs", params={"limit": 1_200, "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="logs.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == len(page["logs"]) == 1_200
    for row, entry in zip(rows, page["logs"], strict=True):
        assert (int(row["timestamp"]), row["level"]) == (entry["timestamp"], entry["level"])
        assert json.loads(row["metadata"]) == entry["metadata"]
        assert (row["bucket"], row["objectKey"]) == (entry["bucket"], entry["objectKey"])
        assert int(row["line"]) == entry["line"]
    assert answer.text.splitlines()[0].endswith(",metadata,objectKey,line,bucket")


def test_the_last_page_names_no_next_one(client: TestClient[Litestar]) -> None:
    answer = client.get(f"{PREFIX}/logs", params={"limit": 10_000, "format": "ndjson"})
    assert "x-next-cursor" not in answer.headers
    assert len(answer.text.splitlines()) == 3_000


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=x", " =x", "\uff1dx"]
)
def test_a_spreadsheet_sees_text_where_a_message_looks_like_a_formula(text: str) -> None:
    entry = {"timestamp": 0, "message": text, "responseMs": -1.5}
    content = b"".join(export.as_csv([entry])).decode()
    [row] = csv.DictReader(io.StringIO(content, newline=""))
    assert row["message"] == f"'{text}"
    assert row["responseMs"] == "-1.5"
    assert row["time"] == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("text", ["a,b", 'say "hi"', "two\nlines", "plain", "Grüße 🎉", "\ud800"])
def test_csv_keeps_commas_quotes_and_line_ends(text: str) -> None:
    content = b"".join(export.as_csv([{"timestamp": 0, "message": text}])).decode()
    [row] = csv.DictReader(io.StringIO(content, newline=""))
    assert row["message"] == text.replace("\ud800", "?")

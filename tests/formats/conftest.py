"""Lines conformed by any format, without a lake."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.warehouse_builder import ndjson
from warehouse import duck, sqlfiles
from warehouse.formats import library
from warehouse.ingest import heads
from warehouse.ingest.lines import Batcher, inflate
from warehouse.ingest.split import Lines

Row = dict[str, Any]
Conform = Callable[..., list[Row]]


@pytest.fixture(scope="session")
def conform() -> Iterator[Conform]:
    """Rows of a format (its name, or the SQL itself) for one object's lines (dicts, texts or bytes)."""
    with closing(duck.connect(threads=1)) as con:

        def run(form: str, *lines: Any, key: str = "logs/20260301/1.log", sample: int = 1) -> list[Row]:
            batcher = Batcher(1 << 30)
            assert list(batcher.add(0, [ndjson(lines)])) == []
            duck.register(con, "raw_lines", Lines(batcher.take()).table)
            objects = {"object_no": pa.array([0], pa.int32()), "bucket": ["b"], "object_key": [key]}
            duck.register(con, "raw_objects", pa.table(objects | {"sample": pa.array([sample], pa.int32())}))
            text = form if " " in form else sqlfiles.read("formats", form)
            answer = con.execute(f"SELECT * FROM ({text}) ORDER BY line")
            names = [column[0] for column in answer.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
            assert [row["line"] for row in rows] == list(range(1, len(lines) + 1))
            return rows

        yield run


def head_of(body: bytes) -> heads.Head:
    """How the text of an object begins, as a sync sees it."""
    return heads.peek(inflate([body]))[0]


@pytest.fixture
def own_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the .sql files that a test may add to."""
    folder = tmp_path / "sql"
    shutil.copytree(sqlfiles.root(), folder)
    caches = (sqlfiles.read, sqlfiles.names, library.formats)
    monkeypatch.setattr(sqlfiles, "root", lambda: folder)
    for cached in caches:
        cached.cache_clear()
    yield folder
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


def shown(row: Row) -> Row:
    """What a row says of its line: the columns that are filled, without place and constants."""
    hidden = {"object_no", "line", "bucket", "object_key", "extra", "metadata", "raw"}
    return {name: value for name, value in row.items() if value is not None and name not in hidden}


def accepted(conform: Conform, form: str, line: Any, **options: Any) -> Row:
    """The one row of a line that is a log row; its metadata is valid JSON."""
    (row,) = conform(form, line, **options)
    assert row["reason"] is None
    json.loads(row["metadata"], parse_constant=pytest.fail)
    assert row["extra"] == "{}"
    return row


def refused(conform: Conform, form: str, line: Any) -> str:
    """Why a line goes to quarantine; its text is kept."""
    (row,) = conform(form, line)
    assert row["reason"] is not None
    assert row["ts"] is None
    assert row["raw"] == ndjson([line]).decode().rstrip("\n")
    return str(row["reason"])

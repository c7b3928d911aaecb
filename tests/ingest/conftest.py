"""What the tests of the ingest share: lines conformed by the real format, without a lake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.warehouse_builder import Builder, ndjson
from warehouse import duck, sqlfiles
from warehouse.ingest.lines import Batcher
from warehouse.ingest.split import Lines

Row = dict[str, Any]
Conform = Callable[..., list[Row]]
AT = 1_767_225_600_000  # 2026-01-01 00:00 UTC


def strictly(text: str) -> Any:
    """The value of JSON text, which must be JSON as the standard has it."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def one(conform: Conform, entry: Any, **options: Any) -> Row:
    rows = conform(entry, **options)
    assert len(rows) == 1
    return rows[0]


def accepted(conform: Conform, entry: Any, **options: Any) -> Row:
    row = one(conform, entry, **options)
    assert row["reason"] is None
    return row


@pytest.fixture(scope="session")
def conform() -> Iterator[Conform]:
    """Rows of the registry's format for one object's entries (dicts, texts or bytes)."""
    with closing(duck.connect(threads=1)) as con:

        def run(*entries: Any, key: str = "logs/1.jsonl") -> list[Row]:
            batcher = Batcher(1 << 30)
            assert list(batcher.add(0, [ndjson(entries)])) == []
            duck.register(con, "raw_lines", Lines(batcher.take()).table)
            objects = {"object_no": pa.array([0], pa.int32()), "bucket": ["b"], "object_key": [key]}
            duck.register(con, "raw_objects", pa.table(objects | {"sample": pa.array([1], pa.int32())}))
            answer = con.execute(f"SELECT * FROM ({sqlfiles.read('formats', 'registry')}) ORDER BY line")
            names = [column[0] for column in answer.description or ()]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

        yield run


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """An empty bucket and its warehouse."""
    return Builder(tmp_path / "data")

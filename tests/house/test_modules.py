"""Modules stay small enough to be read at one sitting."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400


def test_no_module_test_or_query_is_longer_than_four_hundred_lines():
    files = [
        path
        for folder in ("warehouse", "api", "sql", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sql"}
    ]
    assert len(files) > 50
    lengths = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}

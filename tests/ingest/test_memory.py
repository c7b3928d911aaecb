"""How much memory long lines take, measured in a process of its own."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.conftest import AT
from warehouse.bucket import ObjectInfo
from warehouse.errors import IntegrityError
from warehouse.ingest.conform import Converted, Converter
from warehouse.ingest.pipeline import Pipeline
from warehouse.lake import Lake
from warehouse.settings import load

LINE = 16_000_000
MIRROR = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from warehouse.bucket import ObjectInfo
from warehouse.ingest.pipeline import Pipeline
from warehouse.lake import Lake
from warehouse.settings import load
body, lake = map(Path, sys.argv[1:])
class Source:
    def get(self, info, span=None):
        with body.open("rb") as file:
            file.seek(span[0] if span else 0)
            return file.read(span[1] - span[0] if span else -1)
info = ObjectInfo("key", "etag", body.stat().st_size, datetime.now(UTC), "STANDARD")
with Pipeline(load({}), "bucket", Source(), Lake(lake), "run", "2026-01-01") as pipeline:
    (made,) = pipeline.run([info], lambda *_: None).objects
print(made.counts.accepted, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""


def peak(folder: Path, lines: int) -> int:
    """MiB at the peak of a sync of so many long lines in one object."""
    chance = random.Random(lines)
    body = folder / "body"
    with body.open("wb") as file:
        for number in range(lines):
            message = base64.b64encode(chance.randbytes(LINE * 3 // 4)).decode()
            entry = {"timestamp": AT + number, "level": "info", "message": message, "metadata": {}}
            more = {"configHash": "0x1", "source": "api", "storedAt": AT, "configVersion": "1"}
            rest = {"registryUrl": "https://a.example", "systemInfo": {}}
            file.write(json.dumps(entry | more | rest, separators=(",", ":")).encode() + b"\n")
    output = subprocess.run(
        [sys.executable, "-c", MIRROR, str(body), str(folder / "data")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    accepted, memory = map(int, output.split())
    assert accepted == lines
    return memory


def test_several_lines_of_16_mb_take_less_than_a_gigabyte(tmp_path: Path) -> None:
    assert peak(tmp_path, 8) < 850, "MiB"


def test_one_line_of_16_mb_takes_half_as_much(tmp_path: Path) -> None:
    assert peak(tmp_path, 1) < 500, "MiB"


@pytest.mark.parametrize(("size", "at_once"), [(2_000_000, 1), (500_000, 2)])
def test_workers_convert_long_lines_in_turns_and_others_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, at_once: int
) -> None:
    lock, active, most = threading.Lock(), 0, 0

    def slowly(*_: Any) -> Converted:
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        time.sleep(0.2)
        with lock:
            active -= 1
        return Converted([], {})

    class Source:
        def get(self, info: ObjectInfo, span: tuple[int, int] | None = None) -> bytes:
            return (b"x" * size + b"\n") * (8_000_000 // size)

    monkeypatch.setattr(Converter, "_convert", slowly)
    now = datetime.now(UTC)
    infos = [ObjectInfo(f"{number}", "etag", 8_000_000, now, "STANDARD") for number in range(4)]
    settings = load({"WAREHOUSE_BATCH_MIB": "4"})
    with (
        Pipeline(settings, "bucket", Source(), Lake(tmp_path), "run", "2026-01-01") as pipeline,
        pytest.raises(IntegrityError),  # no line became a row
    ):
        pipeline.run(infos, lambda *_: None)
    assert most == at_once


def test_memory_that_duckdb_has_free_can_be_given_back_at_once() -> None:
    code = """
from warehouse import duck
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) >> 8
con = duck.connect(threads=1)
con.execute("SELECT count(*) FROM (SELECT i FROM range(10_000_000) AS r(i) ORDER BY hash(i))").fetchall()
con.execute("CREATE TABLE made AS SELECT repeat('x', 100) || i AS t FROM range(2_000_000) AS r(i)")
con.execute("DROP TABLE made")
kept = resident()
duck.give_back_memory(con)
print(kept - resident())
"""
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(output) > 100, "MiB"

"""How much memory long lines take, measured in a process of its own."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from pathlib import Path

from tests.ingest.conftest import AT

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
    assert peak(tmp_path, 8) < 880, "MiB"


def test_one_line_of_16_mb_takes_less_than_half_of_it(tmp_path: Path) -> None:
    assert peak(tmp_path, 1) < 500, "MiB"

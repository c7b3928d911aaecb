"""Memory that DuckDB's allocator keeps for the next question (warehouse/duck.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_VARIABLE = "DUCKDB_JE_MALLOC_CONF"
_PROGRAM = f"""
import json, os, resource
from warehouse import duck

con = duck.connect(threads=1)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    con.execute("SELECT i % 100000, count(*) FROM range(300000) AS r (i) GROUP BY i % 100000").fetchone()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(json.dumps([os.environ[{_VARIABLE!r}], [faults() for _ in range(6)]]))
"""


def answers(**environment: str) -> tuple[str, list[int]]:
    """The allocator's options in a new process, and how many pages of memory each of six answers took."""
    given = {name: value for name, value in os.environ.items() if name != _VARIABLE} | environment
    run = subprocess.run([sys.executable, "-c", _PROGRAM], env=given, capture_output=True, check=True)
    options, pages = json.loads(run.stdout)
    return options, pages


def test_an_answer_uses_the_memory_of_the_one_before() -> None:
    options, pages = answers()
    assert options == "dirty_decay_ms:60000,muzzy_decay_ms:60000"
    assert min(pages[1:]) * 5 < pages[0]


def test_whoever_runs_it_may_have_memory_given_back_at_once() -> None:
    _, pages = answers(**{_VARIABLE: "dirty_decay_ms:0,muzzy_decay_ms:0"})
    assert min(pages[1:]) * 5 > pages[0]

"""How long a person waits: `python -m tests.bench.startup [--runs 7]`.

`warehouse --help`, and the time from starting `warehouse serve` to its first answer, over an empty and over a
filled warehouse. Medians of whole processes, in seconds; beside them, a Python that imports nothing.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import synthetic

WAREHOUSE = [sys.executable, "-m", "api.main"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / "filled"
        synthetic.build(filled, 1_000_000, datetime(2026, 11, 23, tzinfo=UTC))
        _report("python -c pass", options.runs, lambda: _process([sys.executable, "-c", "pass"]))
        _report("warehouse --help", options.runs, lambda: _process([*WAREHOUSE, "--help"]))
        for name, data_dir in (("empty", Path(folder) / "empty"), ("1,000,000 entries", filled)):
            _report(f"first answer, {name}", options.runs, lambda data_dir=data_dir: _first_answer(data_dir))


def _report(name: str, runs: int, measure: Callable[[], float]) -> None:
    measure()
    times = [measure() for _ in range(runs)]
    print(
        f"{name:32} {statistics.median(times):6.3f} s"
        f" (median of {runs}, {min(times):.3f} to {max(times):.3f})"
    )


def _process(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _first_answer(data_dir: Path) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"WAREHOUSE_DATA_DIR": str(data_dir), "WAREHOUSE_PORT": str(port)}
    started = time.perf_counter()
    server = subprocess.Popen([*WAREHOUSE, "serve"], env=environment, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_dashboard/api/r2/analytics") as answer:
                    answer.read()
                return time.perf_counter() - started
            except urllib.error.URLError:
                if server.poll() is not None:
                    raise
                time.sleep(0.01)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


if __name__ == "__main__":
    main()

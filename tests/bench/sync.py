"""How fast a sync is: `python -m tests.bench.sync [--entries 1000000] [--runs 3]`.

Demo logs (gzip NDJSON) in a real S3 server on loopback are synced into an empty warehouse, in a process of
its own whose peak memory is measured. The peer in the same run is what a user would type: one DuckDB query
over the same objects as local files, `COPY (SELECT * FROM read_json(…) ORDER BY timestamp) TO …`; it fetches
nothing, keeps no rollups and refuses malformed lines, so it reads none.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from warehouse import duck
from warehouse.bucket import Bucket
from warehouse.demo import generate
from warehouse.embedded import demo_store
from warehouse.settings import Settings, load

END = datetime(2026, 11, 23, tzinfo=UTC)
MB = 1_000_000

_CHILD = """
import json, resource, sys, time
from warehouse import sync
from warehouse.settings import load
settings = load()
started = time.perf_counter()
summary = sync.run(settings)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peak": peak, "entries": summary.entries,
    "raw": summary.raw_bytes, "compressed": summary.compressed_bytes, "objects": summary.objects}))
"""


def main() -> None:
    """Fill the store, sync it several times, print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--flush-seconds", type=float, default=1800)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with demo_store(load({}, data_dir=root / "store")) as settings:
            _fill(settings, root / "files", options.entries, options.flush_seconds)
            runs = [_sync(settings, root / f"run-{number}") for number in range(options.runs)]
            peers = [_peer(root / "files", root / "peer.parquet") for _ in range(options.runs)]
        raw = runs[0]["raw"]
        seconds = statistics.median(run["seconds"] for run in runs)
        logs = sum(path.stat().st_size for path in (root / "run-0" / "lake" / "logs").glob("**/*.parquet"))
        lake = sum(path.stat().st_size for path in (root / "run-0" / "lake").glob("**/*.parquet"))
        print(
            f"{runs[0]['entries']:,} entries in {runs[0]['objects']:,} objects, {raw / MB:,.0f} MB raw NDJSON"
        )
        print(
            f"sync          {seconds:8.2f} s   {raw / MB / seconds:7.1f} MB/s of raw NDJSON"
            f" (median of {len(runs)})"
        )
        peer = statistics.median(peers)
        print(
            f"peer          {peer:8.2f} s   {raw / MB / peer:7.1f} MB/s;"
            f" sync takes {seconds / peer:.2f}x its time"
        )
        print(f"peak memory   {max(run['peak'] for run in runs) / MB:8.0f} MB")
        print(
            f"Parquet       {logs / MB:8.1f} MB logs, {raw / logs:.1f}x smaller than raw;"
            f" {lake / MB:.1f} MB with rollups"
        )


def _fill(settings: Settings, files: Path, entries: int, flush_seconds: float) -> None:
    files.mkdir()
    bucket = Bucket(settings)
    bucket.create()
    demo = generate(END, entries=entries, flush_seconds=flush_seconds, malformed=0)
    for number, item in enumerate(demo):
        if item.key.startswith("logs/") and item.key.endswith(".gz"):
            bucket.put(item.key, item.body)
            (files / f"{number:06}.jsonl.gz").write_bytes(item.body)


def _sync(settings: Settings, data_dir: Path) -> dict[str, float]:
    values = msgspec.structs.asdict(settings)
    environment = {
        "R2_BUCKET_NAME": values["bucket"],
        "R2_ENDPOINT": values["endpoint"],
        "R2_ACCESS_KEY_ID": values["access_key_id"],
        "R2_SECRET_ACCESS_KEY": values["secret_access_key"],
        "R2_REGION": values["region"],
        "WAREHOUSE_DATA_DIR": str(data_dir),
        "PATH": os.environ["PATH"],
    }
    output = subprocess.run(
        [sys.executable, "-c", _CHILD], env=environment, check=True, capture_output=True, text=True
    ).stdout
    return json.loads(output)  # type: ignore[no-any-return]


def _peer(files: Path, target: Path) -> float:
    con = duck.connect()
    started = time.perf_counter()
    con.execute(
        f"COPY (SELECT * FROM read_json('{files}/*.jsonl.gz', format = 'newline_delimited')"
        f" ORDER BY timestamp) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    )
    con.close()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

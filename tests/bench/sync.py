"""How fast a sync is: `python -m tests.bench.sync [--entries 1000000] [--runs 3] [PART …]`.

Parts, each with its peer in the same run, in processes of their own; medians of several runs:

sync        demo logs (gzip NDJSON) from a real S3 server on loopback into an empty warehouse. The peer is
            what a user would type: one DuckDB query over the same objects as local files, `COPY (SELECT *
            FROM read_json(…) ORDER BY timestamp) TO …`; it fetches nothing, has no rollups, stops at a bad
            line. Told until everything is committed, and until gaps are looked for and a forecast is made
            after that. Closed days are not compacted: that is for the minutes after.
damaged     the same with 0.01 % of the lines cut short; the peer is the part before.
conversion  the same objects as local files into sorted zstd Parquet, nothing else. The peer is chdb
            (`JSONEachRow` into sorted zstd Parquet), once with the ten fields of the lines as they are, and
            once with the same columns as ours.
small       5,000 objects of 20 KB of lines (gzip); the peer is boto3 alone, fetching with as many threads.
long        one line of 16 MB, eight of them in one object, and eight in an object that is not compressed:
            what memory a sync takes at its peak. There is no peer.
large       one object of 5 GB of lines, not compressed (--large-gb); the peer is boto3 alone, which reads it
            in one go. Only when it is named: it needs 10 GB of disk.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import boto3
import msgspec

from tests.bench import peers
from warehouse.bucket import Bucket
from warehouse.demo import generate
from warehouse.embedded import demo_store
from warehouse.manifest import Manifest
from warehouse.settings import Settings, load

END = datetime(2026, 11, 23, tzinfo=UTC)
MB = 1_000_000
PARTS = ("sync", "damaged", "conversion", "small", "long")
ON_DEMAND = ("large",)


def main() -> None:
    """Fill the store, measure each part, print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS + ON_DEMAND)}")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large-gb", type=float, default=5)
    options = parser.parse_args()
    parts = options.parts or PARTS
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with demo_store(load({}, data_dir=root / "store")) as settings:
            bucket = Bucket(settings)
            bucket.create()
            bodies = _bodies(options.entries)
            if {"sync", "damaged", "conversion"} & set(parts):
                _local(root / "files", bodies)
            if {"sync", "damaged"} & set(parts):
                _upload(bucket, "logs/", bodies)
            if "sync" in parts:
                _measure_sync(settings, root, options.runs)
            if "damaged" in parts:
                _upload(bucket, "damaged/", [(key, _damaged(body)) for key, body in bodies])
                _measure_damaged(settings, root, options.runs)
            if "conversion" in parts:
                _measure_conversion(root, options.runs)
            if "small" in parts:
                _upload(bucket, "small/", _small(bodies))
                _measure_small(settings, root, options.runs)
            if "long" in parts:
                _measure_long(settings, bucket, root, options.runs)
            if "large" in parts:
                _upload_large(settings, root / "large.jsonl", bodies, round(options.large_gb * 1e9))
                _measure_large(settings, root)


def _measure_sync(settings: Settings, root: Path, runs: int) -> None:
    """The sync beside one DuckDB query, in turns."""
    made, duckdb = [], []
    for number in range(runs):
        made.append(_sync(settings, root / f"sync-{number}", "logs/"))
        duckdb.append(_child(peers.DUCKDB, root / "files", root / "peer.parquet")["seconds"])
    raw, seconds, peer = made[0]["raw"], _committed(made), statistics.median(duckdb)
    logs, rollups = _sizes(root / "sync-0")
    print(f"{made[0]['entries']:,} entries in {made[0]['objects']:,} objects, {raw / MB:,.0f} MB raw NDJSON")
    _print(
        "sync", seconds, f"{raw / MB / seconds:7.1f} MB/s of raw NDJSON; with forecasts {_median(made):.2f} s"
    )
    _print("  DuckDB", peer, f"{raw / MB / peer:7.1f} MB/s; sync takes {seconds / peer:.2f}x its time")
    print(f"  memory      {max(run['peak'] for run in made) / MB:8.0f} MB at the peak")
    print(f"  Parquet     {logs / MB:8.1f} MB logs, {raw / logs:.1f}x smaller; {rollups / MB:.1f} MB rollups")


def _measure_damaged(settings: Settings, root: Path, runs: int) -> None:
    """Damaged lines beside whole ones, in turns: they cost less than one minute differs from the next."""
    clean, made = [], []
    for number in range(runs):
        clean.append(_sync(settings, root / f"whole-{number}", "logs/"))
        made.append(_sync(settings, root / f"damaged-{number}", "damaged/"))
    seconds = _committed(made)
    _print(
        "damaged",
        seconds,
        f"{made[0]['raw'] / MB / seconds:7.1f} MB/s; {made[0]['rejected']:,} lines in quarantine;"
        f" {seconds / _committed(clean):.2f}x the time without damage",
    )


def _measure_conversion(root: Path, runs: int) -> None:
    """The conversion alone, the peers in turn with it, so that a slow minute meets all of them."""
    ours, plain, same = [], [], []
    for number in range(runs):
        ours.append(_child(peers.CONVERSION, root / "files", root / f"converted-{number}"))
        plain.append(_child(peers.CHDB, root / "files", root / "plain.parquet", "plain"))
        same.append(_child(peers.CHDB, root / "files", root / "same.parquet", "same"))
    raw, seconds = ours[0]["raw"], _median(ours)
    _print("conversion", seconds, f"{raw / MB / seconds:7.1f} MB/s of raw NDJSON")
    for name, made in (("  chdb, fields", plain), ("  chdb, same", same)):
        peer = _median(made)
        _print(name, peer, f"{raw / MB / peer:7.1f} MB/s; we have {peer / seconds:.2f}x its speed")
    print(f"  memory      {max(run['peak'] for run in ours) / MB:8.0f} MB at the peak")


def _measure_small(settings: Settings, root: Path, runs: int) -> None:
    made = [_sync(settings, root / f"small-{number}", "small/") for number in range(runs)]
    fetched = [_child(peers.BOTO3, environment=_environment(settings, root, "small/")) for _ in range(runs)]
    objects, seconds, peer = made[0]["objects"], _committed(made), _median(fetched)
    _print(
        "small",
        seconds,
        f"{objects / seconds:7.0f} objects/s of {objects:,}; {made[0]['raw'] / MB:.0f} MB raw",
    )
    _print("  boto3", peer, f"{objects / peer:7.0f} objects/s fetched and nothing else")
    print(f"  memory      {max(run['peak'] for run in made) / MB:8.0f} MB at the peak")


def _measure_long(settings: Settings, bucket: Bucket, root: Path, runs: int) -> None:
    for name, count, pack in (("1, gzip", 1, True), ("8, gzip", 8, True), ("8, plain", 8, False)):
        prefix = f"long-{count}-{pack}/"
        body = _long_lines(count)
        bucket.put(f"{prefix}lines.jsonl", gzip.compress(body, 1) if pack else body)
        made = [_sync(settings, root / f"{prefix}{number}", prefix) for number in range(runs)]
        assert made[0]["entries"] == count
        peak = max(run["peak"] for run in made) / MB
        _print("long", _committed(made), f"{name}: {peak:.0f} MB of memory at the peak")


def _measure_large(settings: Settings, root: Path) -> None:
    made = _sync(settings, root / "large", "large/")
    fetched = _child(peers.STREAM, environment=_environment(settings, root, "large/"))
    seconds, raw = made["committed"], made["raw"]
    _print("large", seconds, f"{raw / MB / seconds:7.1f} MB/s; one object of {raw / 1e9:.2f} GB")
    _print(
        "  boto3", fetched["seconds"], f"{raw / MB / fetched['seconds']:7.1f} MB/s fetched and nothing else"
    )
    print(f"  memory      {made['peak'] / MB:8.0f} MB at the peak")


def _bodies(entries: int) -> list[tuple[str, bytes]]:
    demo = generate(END, entries=entries, flush_seconds=1800, malformed=0)
    return [
        (item.key.removeprefix("logs/"), item.body)
        for item in demo
        if item.key.startswith("logs/") and item.key.endswith(".gz")
    ]


def _damaged(body: bytes) -> bytes:
    """One line in ten thousand is cut short, as when a writer dies."""
    lines = gzip.decompress(body).split(b"\n")
    chance = random.Random(len(body))
    for number, line in enumerate(lines):
        if chance.random() < 0.0001:
            lines[number] = line[: chance.randrange(1, len(line) or 2)]
    return gzip.compress(b"\n".join(lines), compresslevel=6, mtime=0)


def _small(bodies: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """5,000 gzip objects of 20 KB of lines."""
    lines = b"".join(gzip.decompress(body) for _, body in bodies[:20]).splitlines(keepends=True)
    made: list[tuple[str, bytes]] = []
    count = 20_000 // (sum(map(len, lines)) // len(lines))
    for number in range(5000):
        start = number * 97 % (len(lines) - 2 * count)
        made.append((f"{number:05}.jsonl.gz", gzip.compress(b"".join(lines[start : start + count]), 1)))
    return made


def _long_lines(count: int) -> bytes:
    """Whole entries of 16 MB that do not compress well."""
    chance = random.Random(count)
    entry = {"timestamp": int(END.timestamp() * 1000), "level": "info", "message": "", "metadata": {}}
    entry |= {"configHash": "0x1", "source": "api", "storedAt": entry["timestamp"], "configVersion": "1"}
    entry |= {"registryUrl": "https://npm.acme.example", "systemInfo": {}}
    lines = []
    for _ in range(count):
        message = base64.b64encode(chance.randbytes(12 * MB)).decode()
        lines.append(json.dumps(entry | {"message": message}, separators=(",", ":")) + "\n")
    return "".join(lines).encode()


def _local(folder: Path, bodies: list[tuple[str, bytes]]) -> None:
    folder.mkdir()
    for number, (_, body) in enumerate(bodies):
        (folder / f"{number:06}.jsonl.gz").write_bytes(body)


def _upload(bucket: Bucket, prefix: str, bodies: list[tuple[str, bytes]]) -> None:
    put: Callable[[tuple[str, bytes]], None] = lambda item: bucket.put(prefix + item[0], item[1])  # noqa: E731
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, bodies))


def _upload_large(settings: Settings, file: Path, bodies: list[tuple[str, bytes]], size: int) -> None:
    """One object of at least `size` bytes of lines."""
    with file.open("wb") as target:
        while target.tell() < size:
            for _, body in bodies:
                target.write(gzip.decompress(body))
    client = boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
    )
    client.upload_file(str(file), settings.bucket, "large/lines.jsonl")
    file.unlink()


def _environment(settings: Settings, data_dir: Path, prefix: str) -> dict[str, str]:
    values = msgspec.structs.asdict(settings)
    return {
        "R2_BUCKET_NAME": values["bucket"],
        "R2_ENDPOINT": values["endpoint"],
        "R2_ACCESS_KEY_ID": values["access_key_id"],
        "R2_SECRET_ACCESS_KEY": values["secret_access_key"],
        "R2_REGION": values["region"],
        "WAREHOUSE_DATA_DIR": str(data_dir),
        "WAREHOUSE_LOG_PREFIX": prefix,
        "WAREHOUSE_COMPACT_DAYS": "0",
    }


def _sync(settings: Settings, data_dir: Path, prefix: str) -> dict[str, float]:
    return _child(peers.SYNC, environment=_environment(settings, data_dir, prefix))


def _child(code: str, *arguments: object, environment: dict[str, str] | None = None) -> dict[str, float]:
    output = subprocess.run(
        [sys.executable, "-c", peers.PREAMBLE + code, *map(str, arguments)],
        env={"PATH": os.environ["PATH"], **(environment or {})},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return json.loads(output.splitlines()[-1])  # type: ignore[no-any-return]


def _median(runs: list[dict[str, float]]) -> float:
    return statistics.median(run["seconds"] for run in runs)


def _committed(runs: list[dict[str, float]]) -> float:
    """Seconds until everything was committed."""
    return statistics.median(run["committed"] for run in runs)


def _sizes(data_dir: Path) -> tuple[int, int]:
    """Bytes of the files that count: logs, everything else."""
    with closing(Manifest(data_dir)) as manifest:
        files = manifest.files()
    return sum(f.bytes for f in files if f.table == "logs"), sum(f.bytes for f in files if f.table != "logs")


def _print(name: str, seconds: float, rest: str) -> None:
    print(f"{name:<13} {seconds:8.2f} s   {rest}", flush=True)


if __name__ == "__main__":
    main()

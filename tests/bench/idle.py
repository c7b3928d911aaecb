"""What a sync costs that finds nothing new: `python -m tests.bench.idle [--objects 100000] [--runs 3]`.

A real S3 server on loopback holds tiny objects in four folders as the registry names them. The ledger is
written from one listing, as if all had been mirrored. Then `warehouse sync` runs as a process of its own,
interpreter and imports included: incrementally, and with --full.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
from obstore.store import S3Store

from warehouse.bucket import Bucket, ObjectInfo
from warehouse.embedded import demo_store
from warehouse.listing import Listing
from warehouse.manifest import LedgerObject, Manifest, now_us
from warehouse.settings import Settings, load

END = datetime(2026, 11, 23, tzinfo=UTC)
FOLDERS = ("0x7f3a91c2", "0x2b8de054", "0xc41f6a0d", "9d0c11ab")
BODY = b'{"timestamp":1795305600000,"level":"info","message":"idle"}\n'

#: Runs the command in this process, and tells its peak memory on stderr.
_CHILD = """
import resource, sys
from api.main import main
try:
    sys.exit(main())
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr)
"""


def main() -> None:
    """Fill the store and the ledger, run, print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, demo_store(load({}, data_dir=Path(folder))) as settings:
        started = time.perf_counter()
        _fill(settings, options.objects)
        print(f"filled with {options.objects:,} objects in {time.perf_counter() - started:.0f} s")
        _write_ledger(settings)
        for name, arguments in (("idle", ()), ("--full", ("--full",))):
            runs = [_sync(settings, *arguments) for _ in range(options.runs)]
            summary = runs[-1]
            assert (summary["objects"], summary["gone"], summary["classB"]) == (0, 0, 0), summary
            print(
                f"{name}: {statistics.median(run['seconds'] for run in runs):.2f} s as a process,"
                f" {statistics.median(run['durationMs'] for run in runs) / 1000:.2f} s of it the run;"
                f" {summary['listed']:,} objects listed in {summary['classA']} Class A operations;"
                f" peak memory {max(run['peak'] for run in runs) / 1e6:.0f} MB"
            )


def _fill(settings: Settings, objects: int) -> None:
    """Objects spread over a year before END, a folder after the other."""
    store = S3Store(
        str(settings.bucket),
        endpoint=str(settings.endpoint),
        access_key_id=str(settings.access_key_id),
        secret_access_key=str(settings.secret_access_key),
        region=settings.region,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    step = timedelta(days=365) / objects

    def put(number: int) -> None:
        moment = END - number * step
        key = f"logs/{FOLDERS[number % 4]}/{round(moment.timestamp() * 1000)}.jsonl"
        obstore.put(store, key, BODY)

    with closing(Bucket(settings)) as bucket, ThreadPoolExecutor(16) as pool:
        bucket.create()
        for _ in pool.map(put, range(objects)):
            pass


def _write_ledger(settings: Settings) -> None:
    """All that is listed counts as mirrored."""
    with closing(Bucket(settings)) as bucket, closing(Manifest(settings.data_dir)) as manifest:
        listing = Listing(settings, bucket, manifest, now_us())
        for page in listing.pages():
            manifest.commit(objects=[_row(bucket, found.info) for found in page.fetch])
        manifest.remember(listing.remember())


def _row(bucket: Bucket, info: ObjectInfo) -> LedgerObject:
    return LedgerObject(
        bucket=bucket.name,
        key=info.key,
        prefix="logs/",
        etag=info.etag,
        size=info.size,
        modified_us=round(info.last_modified.timestamp() * 1_000_000),
        storage_class=info.storage_class,
        format="registry",
        raw_bytes=info.size,
        lines=1,
        accepted=1,
        run_id="bench",
    )


def _sync(settings: Settings, *arguments: str) -> dict[str, float]:
    """One `warehouse sync` in a process of its own: its summary, seconds and peak memory."""
    environment = os.environ | {
        "R2_BUCKET_NAME": str(settings.bucket),
        "R2_ENDPOINT": str(settings.endpoint),
        "R2_REGION": settings.region,
        "R2_ACCESS_KEY_ID": str(settings.access_key_id),
        "R2_SECRET_ACCESS_KEY": str(settings.secret_access_key),
        "WAREHOUSE_DATA_DIR": str(settings.data_dir),
    }
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, "sync", *arguments, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"seconds": seconds, "peak": int(done.stderr.split()[-1])}


if __name__ == "__main__":
    main()

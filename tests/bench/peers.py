"""What the measurements of the sync run, each in a process of its own; each prints one line of JSON.

`seconds` is the work without Python's start and imports, `peak` the largest resident memory in bytes.
"""

from __future__ import annotations

PREAMBLE = """
import json, resource, sys, time
class NoPandas:
    # DuckDB and Arrow import pandas where it is. It came with chdb here; an installation has none.
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas" and "chdb" not in sys.modules:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, NoPandas())
def done(started, **more):
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak": peak, **more}))
"""

SYNC = """
from warehouse import sync
from warehouse.settings import load
settings = load()
started = time.perf_counter()
made = sync.run(settings)
done(started, entries=made.entries, raw=made.raw_bytes, objects=made.objects, rejected=made.rejected_lines,
    committed=made.duration_ms / 1000)
"""

BOTO3 = """
from concurrent.futures import ThreadPoolExecutor
from warehouse.bucket import Bucket
from warehouse.settings import load
settings = load()
bucket = Bucket(settings)
keys = [info.key for info in bucket.list(settings.log_prefix)]
started = time.perf_counter()
with ThreadPoolExecutor(settings.fetch_threads) as pool:
    list(pool.map(bucket.get, keys))
done(started)
"""

STREAM = """
import boto3
from warehouse.settings import load
settings = load()
client = boto3.client("s3", endpoint_url=settings.endpoint, region_name=settings.region,
    aws_access_key_id=settings.access_key_id, aws_secret_access_key=settings.secret_access_key)
started = time.perf_counter()
body = client.get_object(Bucket=settings.bucket, Key=settings.log_prefix + "lines.jsonl")["Body"]
for part in body.iter_chunks(1 << 20):
    pass
done(started)
"""

DUCKDB = """
import duckdb
folder, target = sys.argv[1:]
con = duckdb.connect()
con.execute("SET enable_progress_bar = false")
started = time.perf_counter()
con.execute(
    f"COPY (SELECT * FROM read_json('{folder}/*.jsonl.gz', format = 'newline_delimited') ORDER BY timestamp)"
    f" TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
)
done(started)
"""

CONVERSION = """
from datetime import UTC, datetime
from pathlib import Path
from warehouse.bucket import ObjectInfo
from warehouse.ingest.pipeline import Pipeline
from warehouse.lake import Lake
from warehouse.settings import load
folder, target = map(Path, sys.argv[1:])
class Local:
    def get(self, info, span=None):
        return (folder / info.key).read_bytes()
now = datetime.now(UTC)
infos = [
    ObjectInfo(path.name, "etag", path.stat().st_size, now, "STANDARD") for path in sorted(folder.iterdir())
]
started = time.perf_counter()
with Pipeline(load({}), "local", Local(), Lake(target), "run", "2026-11-23") as pipeline:
    made = pipeline.run(infos, lambda objects, size: None)
done(started, raw=sum(item.counts.raw_bytes for item in made.objects))
"""

CHDB = '''
from chdb import session
folder, target, columns = sys.argv[1:]
fields = ("timestamp Float64, level String, message String, metadata String, configHash String,"
    " source String, storedAt Float64, configVersion String, registryUrl String, systemInfo String")
def extract(name, type):
    return f"JSONExtract(metadata, '{name}', 'Nullable({type})')"
same = f"""
    fromUnixTimestamp64Micro(toInt64(timestamp * 1000), 'UTC') AS ts, level, level AS raw_level, message,
    source, lower(configHash) AS config_hash, configVersion AS config_version,
    {extract('responseTime', 'Float64')} AS response_ms, {extract('status', 'Int16')} AS status,
    upper({extract('method', 'String')}) AS method, {extract('endpoint', 'String')} AS path,
    {extract('package', 'String')} AS package, {extract('version', 'String')} AS package_version,
    {extract('clientIP', 'String')} AS client_ip, {extract('userAgent', 'String')} AS user_agent,
    {extract('bytes', 'Int64')} AS bytes, toInt32(1) AS weight, metadata,
    concat('{{"registryUrl":"', registryUrl, '","systemInfo":', systemInfo, '}}') AS extra,
    fromUnixTimestamp64Micro(toInt64(storedAt * 1000), 'UTC') AS stored_at, 'local' AS bucket,
    _file AS object_key, toInt32(rowNumberInAllBlocks()) AS line"""
select, order = (same, "ts, object_key, line") if columns == "same" else ("*", "timestamp")
chdb = session.Session()
chdb.query("SELECT 1")
started = time.perf_counter()
chdb.query(
    f"INSERT INTO FUNCTION file('{target}', 'Parquet') SELECT {select}"
    f" FROM file('{folder}/*.jsonl.gz', 'JSONEachRow', '{fields}') ORDER BY {order}"
    " SETTINGS output_format_parquet_compression_method = 'zstd', max_threads = 2,"
    " input_format_json_read_objects_as_strings = 1, engine_file_truncate_on_insert = 1"
)
done(started)
'''

"""Builds a warehouse of any size straight from SQL: for measuring queries, not the way there.

Entries are spread over seven days with a daily rhythm, ten packages, four sources, three config hashes,
log-normal response times, eight error messages, downloads and a rare word, through the real rollups and
manifest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from warehouse import duck
from warehouse.forecast import issue
from warehouse.ingest.rollups import DateChange, refresh_logs, refresh_storage
from warehouse.ingest.stored import stored_objects
from warehouse.lake import Lake
from warehouse.manifest import LedgerObject, Manifest
from warehouse.settings import load

_ROWS = """
SELECT
    TIMESTAMP '{day}' + to_microseconds(CAST(86400e6 * (r.x + 0.08 * sin(2 * pi() * r.x)) AS BIGINT)) AS ts,
    CASE WHEN r.a < 0.03 THEN 'error' WHEN r.a < 0.10 THEN 'warn' WHEN r.a < 0.25 THEN 'debug' ELSE 'info' END
        AS level,
    'info' AS raw_level,
    CASE WHEN r.n % 100003 = 7 THEN 'a needle in the haystack'
        WHEN r.a < 0.03 THEN 'upstream failed with case ' || CAST(floor(r.b * 8) AS INTEGER)
        ELSE 'GET /pkg-' || CAST(floor(r.b * 10) AS INTEGER) END AS message,
    'source-' || CAST(floor(r.c * 4) AS INTEGER) AS source,
    '0x1234567' || CAST(floor(r.d * 3) AS INTEGER) AS config_hash,
    '1.0.0' AS config_version,
    CASE WHEN r.e < 0.9 THEN exp(3 + sqrt(-2 * ln(r.f)) * cos(6.283185307 * r.g)) END AS response_ms,
    CAST(CASE WHEN r.a < 0.03 THEN 502 ELSE 200 END AS SMALLINT) AS status,
    'GET' AS method,
    '/pkg-' || CAST(floor(r.b * 10) AS INTEGER) || CASE WHEN r.c < 0.4 THEN '/-/pkg-'
        || CAST(floor(r.b * 10) AS INTEGER) || '-1.0.' || CAST(floor(r.c * 20) AS INTEGER) || '.tgz'
        ELSE '' END AS path,
    'pkg-' || CAST(floor(r.b * 10) AS INTEGER) AS package,
    '1.0.' || CAST(floor(r.c * 20) AS INTEGER) AS package_version,
    '10.0.0.' || CAST(floor(r.d * 60) AS INTEGER) AS client_ip,
    'npm/10.8.2' AS user_agent,
    CAST(NULL AS BIGINT) AS bytes,
    1 AS weight,
    '{{"package":"pkg-' || CAST(floor(r.b * 10) AS INTEGER) || '"}}' AS metadata,
    '{{}}' AS extra,
    CAST(NULL AS TIMESTAMP) AS stored_at,
    'bench' AS bucket,
    'logs/0x12345670/{day}.jsonl.gz' AS object_key,
    CAST(r.n + 1 AS INTEGER) AS line
FROM (
    SELECT range AS n, random() AS x, random() AS a, random() AS b, random() AS c, random() AS d,
        random() AS e, greatest(random(), 1e-12) AS f, random() AS g
    FROM range({entries})
) AS r
ORDER BY ts
"""


def build(data_dir: Path, entries: int, end: datetime, days: int = 7) -> None:
    """A warehouse of `entries` entries over the `days` days before `end`, a whole UTC day."""
    lake, manifest, con = Lake(data_dir), Manifest(data_dir), duck.connect()
    con.execute("SELECT setseed(0.42)")
    for back in range(days, 0, -1):
        day = (end - timedelta(days=back)).date().isoformat()
        query = _ROWS.format(day=day, entries=entries // days)
        file = lake.write(con, query, table="logs", partition=day, run_id="bench", time_column="ts")
        assert file is not None
        noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)
        stored = LedgerObject(
            bucket="bench",
            key=f"logs/0x12345670/{day}.jsonl.gz",
            prefix="logs/",
            etag=day,
            size=file.bytes,
            modified_us=round(noon.timestamp() * 1e6),
            storage_class="STANDARD",
            lines=file.entries,
            accepted=file.entries,
            raw_bytes=file.entries * 600,
            run_id="bench",
        )
        current = manifest.files()
        change = refresh_logs(con, lake, {day: DateChange([lake.path(file)])}, current, "bench")
        objects: pa.Table = stored_objects([stored], [])
        change.extend(refresh_storage(con, lake, objects, current, "bench"))
        manifest.commit(objects=[stored], add=[file, *change.add], remove=change.remove)
    # As a sync does in the end.
    told = issue.after_sync(load({}, data_dir=data_dir), manifest, "bench", entries, now=end)
    assert told is None, told
    manifest.close()
    con.close()

-- `warehouse status`: what the warehouse holds, in one row.
-- Parameters: $log_prefixes (key prefixes of the logs, of all buckets). Units: bytes; times in epoch ms, null with no entries.
-- dates: UTC days that have entries. objects and compressedBytes: log objects in the bucket that are mirrored.
-- rawBytes: log text after decompression, of every object that was ever mirrored. files and parquetBytes: all tables.
SELECT
    CAST(coalesce(d.entries, 0) AS BIGINT) AS entries,
    epoch_millis(d.oldest) AS "oldestEntry",
    epoch_millis(d.newest) AS "newestEntry",
    CAST(coalesce(d.dates, 0) AS BIGINT) AS dates,
    CAST(coalesce(f.files, 0) AS BIGINT) AS files,
    CAST(coalesce(f.bytes, 0) AS BIGINT) AS "parquetBytes",
    CAST(coalesce(g.objects, 0) AS BIGINT) AS objects,
    CAST(coalesce(g.bytes, 0) AS BIGINT) AS "compressedBytes",
    CAST(coalesce(g.raw_bytes, 0) AS BIGINT) AS "rawBytes",
    CAST(coalesce(f.quarantined, 0) AS BIGINT) AS "quarantinedLines"
FROM (
    SELECT
        sum(y.entries) AS entries,
        min(y.first_ts) AS oldest,
        max(y.last_ts) AS newest,
        count(DISTINCT y.day) AS dates
    FROM daily AS y
) AS d
CROSS JOIN (
    SELECT sum(x.objects) AS objects, sum(x.bytes) AS bytes, sum(x.raw_bytes) AS raw_bytes
    FROM ledger AS x
    WHERE list_contains($log_prefixes, x.prefix)
) AS g
CROSS JOIN (
    SELECT
        sum(z.files) AS files,
        sum(z.bytes) AS bytes,
        sum(z.entries) FILTER (WHERE z."table" = 'quarantine') AS quarantined
    FROM files AS z
) AS f

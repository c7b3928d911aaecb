-- GET /logs/stats: the whole history in one row.
-- Parameters: $log_prefixes (key prefixes of the logs, of all buckets). Units: bytes; times in epoch ms, null with no entries.
-- totalSize: log objects in the bucket as stored. compressionRatio: raw log text to Parquet of the logs table.
SELECT
    CAST(coalesce(d.entries, 0) AS BIGINT) AS "totalEntries",
    CAST(coalesce(g.bytes, 0) AS BIGINT) AS "totalSize",
    epoch_millis(d.oldest) AS "oldestEntry",
    epoch_millis(d.newest) AS "newestEntry",
    CAST(coalesce(g.objects, 0) AS BIGINT) AS objects,
    CAST(coalesce(f.warehouse_bytes, 0) AS BIGINT) AS "warehouseSize",
    CAST(g.raw_bytes AS DOUBLE) / nullif(f.log_bytes, 0) AS "compressionRatio",
    CAST(coalesce(f.rejected, 0) AS BIGINT) AS "rejectedLines",
    epoch_millis(r.last_sync) AS "lastSync"
FROM (
    SELECT sum(y.entries) AS entries, min(y.first_ts) AS oldest, max(y.last_ts) AS newest
    FROM daily AS y
) AS d
CROSS JOIN (
    SELECT sum(x.bytes) AS bytes, sum(x.objects) AS objects, sum(x.raw_bytes) AS raw_bytes
    FROM ledger AS x
    WHERE list_contains($log_prefixes, x.prefix)
) AS g
CROSS JOIN (
    SELECT
        sum(z.bytes) AS warehouse_bytes,
        sum(z.bytes) FILTER (WHERE z."table" = 'logs') AS log_bytes,
        sum(z.entries) FILTER (WHERE z."table" = 'quarantine') AS rejected
    FROM files AS z
) AS f
CROSS JOIN (
    SELECT max(u.finished_at) AS last_sync
    FROM runs AS u
    WHERE u.kind = 'sync' AND u.status = 'ok'
) AS r

-- GET /costs: what a cleanup of everything older than so many days would free.
-- Parameters: $now (UTC), $log_prefixes (key prefixes of logs), $storage_price (dollars per GB and month).
-- Grain: one retention of 30, 60, 90, 180 and 365 days. bucketObjects, bucketBytes: log objects stored before the cut-off,
-- whole UTC days; entries, warehouseBytes: rows and Parquet of the dates before it; dollarsPerMonth: what the bucket's
-- bytes cost.
SELECT
    d.days AS "retentionDays",
    CAST(coalesce(b.objects, 0) AS BIGINT) AS "bucketObjects",
    CAST(coalesce(b.bytes, 0) AS BIGINT) AS "bucketBytes",
    CAST(coalesce(w.entries, 0) AS BIGINT) AS entries,
    CAST(coalesce(w.bytes, 0) AS BIGINT) AS "warehouseBytes",
    coalesce(b.bytes, 0) / 1e9 * $storage_price AS "dollarsPerMonth"
FROM (VALUES (30), (60), (90), (180), (365)) AS d (days)
LEFT JOIN (
    SELECT c.days, sum(s.objects) AS objects, sum(s.bytes) AS bytes
    FROM (VALUES (30), (60), (90), (180), (365)) AS c (days)
    JOIN storage AS s
        ON s.grain = 86400 AND s.slot < date_trunc('day', CAST($now AS TIMESTAMP)) - to_days(CAST(c.days AS INTEGER))
    WHERE list_contains($log_prefixes, s.prefix)
    GROUP BY c.days
) AS b ON b.days = d.days
LEFT JOIN (
    SELECT c.days, sum(f.entries) FILTER (WHERE f."table" = 'logs') AS entries, sum(f.bytes) AS bytes
    FROM (VALUES (30), (60), (90), (180), (365)) AS c (days)
    JOIN files AS f
        ON length(f."partition") = 10 AND f."table" <> 'quarantine'
        AND f."partition" < strftime(
            date_trunc('day', CAST($now AS TIMESTAMP)) - to_days(CAST(c.days AS INTEGER)), '%Y-%m-%d'
        )
    GROUP BY c.days
) AS w ON w.days = d.days
ORDER BY d.days

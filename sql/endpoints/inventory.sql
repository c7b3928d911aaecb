-- GET /inventory: what the buckets hold now, and what of it came in the last 24 hours and 30 days.
-- Parameters: $now. One row per bucket, prefix and storage class. Units: bytes as stored.
SELECT
    s.bucket,
    s.prefix,
    s.storage_class AS "storageClass",
    CAST(sum(s.objects) AS BIGINT) AS objects,
    CAST(sum(s.bytes) AS BIGINT) AS bytes,
    CAST(coalesce(sum(s.bytes) FILTER (WHERE s.slot > CAST($now AS TIMESTAMP) - INTERVAL 24 HOURS), 0) AS BIGINT)
        AS "bytesLastDay",
    CAST(coalesce(sum(s.bytes) FILTER (WHERE s.slot > CAST($now AS TIMESTAMP) - INTERVAL 720 HOURS), 0) AS BIGINT)
        AS "bytesLastMonth"
FROM storage AS s
WHERE s.grain = 3600
GROUP BY s.bucket, s.prefix, s.storage_class
HAVING sum(s.objects) <> 0 OR sum(s.bytes) <> 0
ORDER BY s.bucket, s.prefix, s.storage_class

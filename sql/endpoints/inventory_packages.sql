-- GET /inventory/packages: what each package of the buckets takes, and how it grew, the largest first.
-- Parameters: $now (UTC), $limit. One row per package name. Units: bytes as stored, times in epoch ms. versions: different
-- ones; bytesLastDay, bytesLastMonth: stored in the last 24 hours and 30 days. total, totalBytes: of all packages.
SELECT
    p.name,
    count(DISTINCT p.version) AS versions,
    count(*) AS objects,
    CAST(sum(p.size) AS BIGINT) AS bytes,
    percentage(sum(p.size), sum(sum(p.size)) OVER ()) AS share,
    CAST(coalesce(sum(p.size) FILTER (WHERE p.stored_at > CAST($now AS TIMESTAMP) - INTERVAL 24 HOURS), 0) AS BIGINT)
        AS "bytesLastDay",
    CAST(coalesce(sum(p.size) FILTER (WHERE p.stored_at > CAST($now AS TIMESTAMP) - INTERVAL 720 HOURS), 0) AS BIGINT)
        AS "bytesLastMonth",
    epoch_millis(min(p.stored_at)) AS "firstStored",
    epoch_millis(max(p.stored_at)) AS "lastStored",
    count(*) OVER () AS total,
    CAST(sum(sum(p.size)) OVER () AS BIGINT) AS total_bytes
FROM packages AS p
WHERE p.name IS NOT NULL
GROUP BY p.name
ORDER BY sum(p.size) DESC, p.name
LIMIT $limit

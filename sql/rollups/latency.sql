-- The distribution of response times in 2 percent buckets; see tables/latency.sql for grain and formula.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. Each grain is summed from the next finer one, which has fewer rows than the logs.
WITH halves AS MATERIALIZED (
    SELECT s.slot, s.bucket, CAST(sum(s.entries) AS BIGINT) AS entries
    FROM (
        SELECT
            time_bucket(INTERVAL 30 SECONDS, l.ts) AS slot,
            latency_bucket(l.response_ms) AS bucket,
            l.weight AS entries
        FROM fresh_logs AS l
        WHERE l.response_ms IS NOT NULL
        UNION ALL
        SELECT p.slot, p.bucket, p.entries
        FROM prior AS p
        WHERE p.grain = 30
    ) AS s
    GROUP BY s.slot, s.bucket
), fives AS MATERIALIZED (
    SELECT time_bucket(INTERVAL 300 SECONDS, h.slot) AS slot, h.bucket, CAST(sum(h.entries) AS BIGINT) AS entries
    FROM halves AS h
    GROUP BY time_bucket(INTERVAL 300 SECONDS, h.slot), h.bucket
), hours AS (
    SELECT date_trunc('hour', f.slot) AS slot, f.bucket, CAST(sum(f.entries) AS BIGINT) AS entries
    FROM fives AS f
    GROUP BY date_trunc('hour', f.slot), f.bucket
)
SELECT 30 AS grain, h.slot, h.bucket, h.entries
FROM halves AS h
UNION ALL
SELECT 300 AS grain, f.slot, f.bucket, f.entries
FROM fives AS f
UNION ALL
SELECT 3600 AS grain, o.slot, o.bucket, o.entries
FROM hours AS o
ORDER BY 1, 2, 3

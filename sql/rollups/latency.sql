-- The distribution of response times in 2 percent buckets; see tables/latency.sql for grain and formula.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows.
WITH parts AS (
    SELECT
        time_bucket(INTERVAL 30 SECONDS, l.ts) AS slot,
        latency_bucket(l.response_ms) AS bucket,
        sum(l.weight) AS entries
    FROM fresh_logs AS l
    WHERE l.response_ms IS NOT NULL
    GROUP BY time_bucket(INTERVAL 30 SECONDS, l.ts), latency_bucket(l.response_ms)
    UNION ALL
    SELECT p.slot, p.bucket, p.entries
    FROM prior AS p
    WHERE p.grain = 30
)
SELECT
    g.grain,
    time_bucket(to_seconds(g.grain), s.slot) AS slot,
    s.bucket,
    CAST(sum(s.entries) AS BIGINT) AS entries
FROM parts AS s
CROSS JOIN (VALUES (30), (300), (3600)) AS g (grain)
GROUP BY g.grain, time_bucket(to_seconds(g.grain), s.slot), s.bucket
ORDER BY 1, 2, 3

-- Which error messages, how often; see tables/errors.sql for the grain.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows.
WITH parts AS (
    SELECT
        time_bucket(INTERVAL 30 SECONDS, l.ts) AS slot,
        substr(coalesce(l.message, ''), 1, 1000) AS message,
        sum(l.weight) AS entries
    FROM fresh_logs AS l
    WHERE l.level = 'error'
    GROUP BY time_bucket(INTERVAL 30 SECONDS, l.ts), substr(coalesce(l.message, ''), 1, 1000)
    UNION ALL
    SELECT p.slot, p.message, p.entries
    FROM prior AS p
    WHERE p.grain = 30
)
SELECT
    g.grain,
    time_bucket(to_seconds(g.grain), s.slot) AS slot,
    s.message,
    CAST(sum(s.entries) AS BIGINT) AS entries
FROM parts AS s
CROSS JOIN (VALUES (30), (300), (3600)) AS g (grain)
GROUP BY g.grain, time_bucket(to_seconds(g.grain), s.slot), s.message
ORDER BY 1, 2, 3

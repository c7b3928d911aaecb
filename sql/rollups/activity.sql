-- How much happened and how fast, by time slot; see tables/activity.sql for grain and units.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. The two coarser grains are sums of the finest. A row counts as many times as its weight says.
WITH parts AS (
    SELECT
        time_bucket(INTERVAL 30 SECONDS, l.ts) AS slot,
        sum(l.weight) AS entries,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'debug'), 0) AS debug,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'info'), 0) AS info,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'warn'), 0) AS warn,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'error'), 0) AS error,
        coalesce(sum(l.weight) FILTER (WHERE l.response_ms IS NOT NULL), 0) AS timed,
        coalesce(sum(weighted_ns(l.response_ms, l.weight)), 0) AS response_ns,
        min(l.response_ms) AS response_min,
        max(l.response_ms) AS response_max,
        coalesce(sum(l.weight) FILTER (WHERE l.status IS NOT NULL), 0) AS requests,
        coalesce(sum(l.weight) FILTER (WHERE l.status >= 500), 0) AS server_errors
    FROM fresh_logs AS l
    GROUP BY time_bucket(INTERVAL 30 SECONDS, l.ts)
    UNION ALL
    SELECT p.slot, p.entries, p.debug, p.info, p.warn, p.error, p.timed, p.response_ns, p.response_min,
        p.response_max, p.requests, p.server_errors
    FROM prior AS p
    WHERE p.grain = 30
)
SELECT
    g.grain,
    time_bucket(to_seconds(g.grain), s.slot) AS slot,
    CAST(sum(s.entries) AS BIGINT) AS entries,
    CAST(sum(s.debug) AS BIGINT) AS debug,
    CAST(sum(s.info) AS BIGINT) AS info,
    CAST(sum(s.warn) AS BIGINT) AS warn,
    CAST(sum(s.error) AS BIGINT) AS error,
    CAST(sum(s.timed) AS BIGINT) AS timed,
    CAST(least(sum(s.response_ns), 9223372036854775807) AS BIGINT) AS response_ns,
    min(s.response_min) AS response_min,
    max(s.response_max) AS response_max,
    CAST(sum(s.requests) AS BIGINT) AS requests,
    CAST(sum(s.server_errors) AS BIGINT) AS server_errors
FROM parts AS s
CROSS JOIN (VALUES (30), (300), (3600)) AS g (grain)
GROUP BY g.grain, time_bucket(to_seconds(g.grain), s.slot)
ORDER BY 1, 2

-- How many entries each combination of level, source, status, method, package and config hash has; see tables/facets.sql.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. The hours are sums of the quarters. A row counts as many times as its weight says.
WITH parts AS (
    SELECT
        time_bucket(INTERVAL 900 SECONDS, l.ts) AS slot,
        l.level, l.source, l.status, l.method, l.package, l.config_hash,
        sum(l.weight) AS entries
    FROM fresh_logs AS l
    GROUP BY time_bucket(INTERVAL 900 SECONDS, l.ts), l.level, l.source, l.status, l.method, l.package, l.config_hash
    UNION ALL
    SELECT p.slot, p.level, p.source, p.status, p.method, p.package, p.config_hash, p.entries
    FROM prior AS p
    WHERE p.grain = 900
)
SELECT
    g.grain,
    time_bucket(to_seconds(g.grain), s.slot) AS slot,
    s.level, s.source, s.status, s.method, s.package, s.config_hash,
    CAST(sum(s.entries) AS BIGINT) AS entries
FROM parts AS s
CROSS JOIN (VALUES (900), (3600)) AS g (grain)
GROUP BY g.grain, time_bucket(to_seconds(g.grain), s.slot), s.level, s.source, s.status, s.method, s.package, s.config_hash
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8

-- Entries per day by level, source and config hash; see tables/daily.sql for the grain.
-- Reads fresh_logs (rows to add) and prior (this rollup before them); both hold one partition's rows.
WITH parts AS (
    SELECT
        CAST(l.ts AS DATE) AS day,
        l.level,
        l.source,
        l.config_hash,
        sum(l.weight) AS entries,
        min(l.ts) AS first_ts,
        max(l.ts) AS last_ts
    FROM fresh_logs AS l
    GROUP BY CAST(l.ts AS DATE), l.level, l.source, l.config_hash
    UNION ALL
    SELECT p.day, p.level, p.source, p.config_hash, p.entries, p.first_ts, p.last_ts
    FROM prior AS p
)
SELECT
    s.day,
    s.level,
    s.source,
    s.config_hash,
    CAST(sum(s.entries) AS BIGINT) AS entries,
    min(s.first_ts) AS first_ts,
    max(s.last_ts) AS last_ts
FROM parts AS s
GROUP BY s.day, s.level, s.source, s.config_hash
ORDER BY 1, 2, 3, 4

-- How much happened and how fast, by source, package, class of status and config; see tables/activity_by.sql.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. A row counts as many times as its weight says. The coarser grain is a sum of the finer one.
WITH fresh AS (
    SELECT
        time_bucket(INTERVAL 300 SECONDS, l.ts) AS slot,
        l.source,
        l.package,
        status_class(l.status) AS status,
        l.config_hash AS config,
        latency_bucket(l.response_ms) AS bucket,
        GROUPING(l.source, l.package, status_class(l.status), l.config_hash) AS absent,
        sum(l.weight) AS entries,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'warn'), 0) AS warn,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'error'), 0) AS error,
        coalesce(sum(l.weight) FILTER (WHERE l.response_ms IS NOT NULL), 0) AS timed,
        coalesce(sum(CAST(round(l.response_ms * 1000000) AS BIGINT) * l.weight), 0) AS response_ns,
        coalesce(sum(l.weight) FILTER (WHERE l.status IS NOT NULL), 0) AS requests,
        coalesce(sum(l.weight) FILTER (WHERE l.status >= 500), 0) AS server_errors
    FROM fresh_logs AS l
    GROUP BY GROUPING SETS (
        (time_bucket(INTERVAL 300 SECONDS, l.ts), latency_bucket(l.response_ms), l.source),
        (time_bucket(INTERVAL 300 SECONDS, l.ts), latency_bucket(l.response_ms), l.package),
        (time_bucket(INTERVAL 300 SECONDS, l.ts), latency_bucket(l.response_ms), status_class(l.status)),
        (time_bucket(INTERVAL 300 SECONDS, l.ts), latency_bucket(l.response_ms), l.config_hash)
    )
), named AS (
    SELECT
        -- A bit is 0 for the one column that the row is grouped by: source 8, package 4, status 2, config 1.
        CASE f.absent WHEN 7 THEN 'source' WHEN 11 THEN 'package' WHEN 13 THEN 'status' ELSE 'config' END AS dimension,
        CASE f.absent WHEN 7 THEN f.source WHEN 11 THEN f.package WHEN 13 THEN f.status ELSE f.config END AS value,
        f.slot, f.bucket, f.entries, f.warn, f.error, f.timed, f.response_ns, f.requests, f.server_errors
    FROM fresh AS f
), parts AS (
    SELECT n.dimension, n.value, n.slot, n.entries, n.warn, n.error, n.timed, n.response_ns, n.requests, n.server_errors
    FROM named AS n
    WHERE n.value IS NOT NULL
    UNION ALL
    SELECT p.dimension, p.value, p.slot, p.entries, p.warn, p.error, p.timed, p.response_ns, p.requests, p.server_errors
    FROM prior AS p
    WHERE p.grain = 300
), spread AS (
    SELECT n.dimension, n.value, n.slot, n.bucket, n.entries
    FROM named AS n
    WHERE n.value IS NOT NULL AND n.bucket IS NOT NULL
    UNION ALL
    SELECT p.dimension, p.value, p.slot, unnest(p.buckets) AS bucket, unnest(p.counts) AS entries
    FROM prior AS p
    WHERE p.grain = 300
), sums AS (
    SELECT
        g.grain,
        s.dimension,
        s.value,
        time_bucket(to_seconds(g.grain), s.slot) AS slot,
        CAST(sum(s.entries) AS BIGINT) AS entries,
        CAST(sum(s.warn) AS BIGINT) AS warn,
        CAST(sum(s.error) AS BIGINT) AS error,
        CAST(sum(s.timed) AS BIGINT) AS timed,
        CAST(least(sum(s.response_ns), 9223372036854775807) AS BIGINT) AS response_ns,
        CAST(sum(s.requests) AS BIGINT) AS requests,
        CAST(sum(s.server_errors) AS BIGINT) AS server_errors
    FROM parts AS s
    CROSS JOIN (VALUES (300), (3600)) AS g (grain)
    GROUP BY g.grain, s.dimension, s.value, time_bucket(to_seconds(g.grain), s.slot)
), distributions AS (
    SELECT
        b.grain, b.dimension, b.value, b.slot,
        list(b.bucket ORDER BY b.bucket) AS buckets,
        list(b.entries ORDER BY b.bucket) AS counts
    FROM (
        SELECT
            g.grain,
            d.dimension,
            d.value,
            time_bucket(to_seconds(g.grain), d.slot) AS slot,
            d.bucket,
            CAST(sum(d.entries) AS BIGINT) AS entries
        FROM spread AS d
        CROSS JOIN (VALUES (300), (3600)) AS g (grain)
        GROUP BY g.grain, d.dimension, d.value, time_bucket(to_seconds(g.grain), d.slot), d.bucket
    ) AS b
    GROUP BY b.grain, b.dimension, b.value, b.slot
)
SELECT
    s.grain, s.dimension, s.value, s.slot, s.entries, s.warn, s.error, s.timed, s.response_ns, s.requests,
    s.server_errors, d.buckets, d.counts
FROM sums AS s
LEFT JOIN distributions AS d
    ON d.grain = s.grain AND d.dimension = s.dimension AND d.value = s.value AND d.slot = s.slot
ORDER BY 1, 2, 3, 4

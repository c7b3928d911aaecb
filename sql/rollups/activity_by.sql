-- How much happened and how fast, by source, package, class of status and config; see tables/activity_by.sql.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. A row counts as many times as its weight says.
WITH fresh AS (
    SELECT
        r.slot, r.source, r.package, r.hundred, r.config, r.bucket,
        GROUPING(r.source, r.package, r.hundred, r.config) AS absent,
        sum(r.entries) AS entries,
        sum(r.warn) AS warn,
        sum(r.error) AS error,
        sum(r.response_ns) AS response_ns,
        sum(r.requests) AS requests,
        sum(r.server_errors) AS server_errors
    FROM (
        SELECT
            date_trunc('hour', l.ts) AS slot,
            l.source,
            l.package,
            -- A number groups faster than its name.
            l.status // 100 AS hundred,
            l.config_hash AS config,
            latency_bucket(l.response_ms) AS bucket,
            l.weight AS entries,
            CASE WHEN l.level = 'warn' THEN l.weight ELSE 0 END AS warn,
            CASE WHEN l.level = 'error' THEN l.weight ELSE 0 END AS error,
            coalesce(weighted_ns(l.response_ms, l.weight), 0) AS response_ns,
            CASE WHEN l.status IS NOT NULL THEN l.weight ELSE 0 END AS requests,
            CASE WHEN l.status >= 500 THEN l.weight ELSE 0 END AS server_errors
        FROM fresh_logs AS l
    ) AS r
    GROUP BY GROUPING SETS (
        (r.slot, r.bucket, r.source), (r.slot, r.bucket, r.package), (r.slot, r.bucket, r.hundred),
        (r.slot, r.bucket, r.config)
    )
), named AS (
    SELECT
        -- A bit is 0 for the one column that the row is grouped by: source 8, package 4, status 2, config 1.
        CASE f.absent WHEN 7 THEN 'source' WHEN 11 THEN 'package' WHEN 13 THEN 'status' ELSE 'config' END AS dimension,
        CASE f.absent WHEN 7 THEN f.source WHEN 11 THEN f.package WHEN 13 THEN status_class(100 * f.hundred)
            ELSE f.config END AS value,
        f.slot, f.bucket, f.entries, f.warn, f.error, f.response_ns, f.requests, f.server_errors
    FROM fresh AS f
), parts AS (
    SELECT
        n.dimension, n.value, n.slot, n.entries, n.warn, n.error,
        CASE WHEN n.bucket IS NOT NULL THEN n.entries ELSE 0 END AS timed,
        n.response_ns, n.requests, n.server_errors
    FROM named AS n
    WHERE n.value IS NOT NULL
    UNION ALL
    SELECT p.dimension, p.value, p.slot, p.entries, p.warn, p.error, p.timed, p.response_ns, p.requests, p.server_errors
    FROM prior AS p
), spread AS (
    SELECT n.dimension, n.value, n.slot, n.bucket, n.entries
    FROM named AS n
    WHERE n.value IS NOT NULL AND n.bucket IS NOT NULL
    UNION ALL
    SELECT p.dimension, p.value, p.slot, unnest(p.buckets) AS bucket, unnest(p.counts) AS entries
    FROM prior AS p
), sums AS (
    SELECT
        s.dimension,
        s.value,
        s.slot,
        CAST(sum(s.entries) AS BIGINT) AS entries,
        CAST(sum(s.warn) AS BIGINT) AS warn,
        CAST(sum(s.error) AS BIGINT) AS error,
        CAST(sum(s.timed) AS BIGINT) AS timed,
        CAST(least(sum(s.response_ns), 9223372036854775807) AS BIGINT) AS response_ns,
        CAST(sum(s.requests) AS BIGINT) AS requests,
        CAST(sum(s.server_errors) AS BIGINT) AS server_errors
    FROM parts AS s
    GROUP BY s.dimension, s.value, s.slot
), sorted AS (
    -- To sort each list once takes half of what two ordered aggregates take.
    SELECT b.dimension, b.value, b.slot, list_sort(list({'bucket': b.bucket, 'entries': b.entries})) AS pairs
    FROM (
        SELECT d.dimension, d.value, d.slot, d.bucket, CAST(sum(d.entries) AS BIGINT) AS entries
        FROM spread AS d
        GROUP BY d.dimension, d.value, d.slot, d.bucket
    ) AS b
    GROUP BY b.dimension, b.value, b.slot
), distributions AS (
    SELECT
        o.dimension, o.value, o.slot,
        list_transform(o.pairs, lambda p: p.bucket) AS buckets,
        list_transform(o.pairs, lambda p: p.entries) AS counts
    FROM sorted AS o
)
SELECT
    s.dimension, s.value, s.slot, s.entries, s.warn, s.error, s.timed, s.response_ns, s.requests, s.server_errors,
    d.buckets, d.counts
FROM sums AS s
LEFT JOIN distributions AS d ON d.dimension = s.dimension AND d.value = s.value AND d.slot = s.slot
ORDER BY 1, 2, 3

-- What happened in equal periods of time: metrics(…) has one row per period, oldest first, empty ones too. Every
-- endpoint that tells rates, response times or growth reads it. A process that keeps the newest rollups in memory has
-- another of the same name before it (near/metrics.sql), which answers the same.
-- Parameters: starts and ends (UTC) of what is cut into points (periods), slot_grain and bucket_grain (seconds, of the
-- rollups' slots to read), apdex_t (ms), reads: 'activity' (all entries), 'activity_by' (one filter, hours) or 'logs' (any filters, from the rows); of_source, of_package, of_status (2xx, 3xx …), of_config: null for all.
-- A slot belongs to the period in which it begins. endpoints/window_slots.sql and window.sql give parameters that fit together.
-- What is read are two of the queries below, by the name of `reads`: one that nothing names is not even bound, and planning
-- is most of the cost.
-- Units: response_ns in nanoseconds, p50, p95, p99 in ms (within 1 percent, null where nothing was timed); bytes newly
-- stored in the buckets in the period, whatever the filters.
CREATE OR REPLACE MACRO metrics(
    starts, ends, points, slot_grain, bucket_grain, apdex_t, reads, of_source, of_package, of_status, of_config
) AS TABLE
WITH activity_slots AS (
    SELECT a.slot, a.entries, a.error, a.warn, a.timed, a.response_ns, a.requests, a.server_errors
    FROM activity AS a
    WHERE a.date BETWEEN CAST(starts AS DATE) AND CAST(ends AS DATE)
        AND a.grain = slot_grain AND a.slot >= starts AND a.slot < ends
),

activity_by_slots AS (
    SELECT
        b.slot, b.entries, b.error, b.warn, b.timed, b.response_ns, b.requests, b.server_errors, b.buckets, b.counts
    FROM activity_by AS b
    WHERE b.date BETWEEN CAST(starts AS DATE) AND CAST(ends AS DATE)
        AND b.slot >= starts AND b.slot < ends
        AND b.dimension = CASE
            WHEN of_source IS NOT NULL THEN 'source' WHEN of_package IS NOT NULL THEN 'package'
            WHEN of_status IS NOT NULL THEN 'status' ELSE 'config'
        END
        AND b.value = coalesce(of_source, of_package, of_status, of_config)
),

activity_by_buckets AS (
    SELECT b.slot, unnest(b.buckets) AS bucket, unnest(b.counts) AS entries
    FROM activity_by_slots AS b
),

log_rows AS (
    SELECT
        time_bucket(INTERVAL 30 SECONDS, l.ts) AS slot, l.level, l.weight, l.response_ms, l.status
    FROM logs AS l
    WHERE l.date BETWEEN CAST(starts AS DATE) AND CAST(ends AS DATE)
        AND l.ts >= starts AND l.ts < ends
        -- Who names no source or config is called unknown, as in the log viewer.
        AND (of_source IS NULL OR l.source = of_source OR (of_source = 'unknown' AND l.source IS NULL))
        AND (of_package IS NULL OR l.package = of_package)
        AND (of_status IS NULL OR status_class(l.status) = of_status)
        AND (of_config IS NULL OR l.config_hash = of_config OR (of_config = 'unknown' AND l.config_hash IS NULL))
),

logs_slots AS (
    SELECT
        l.slot,
        l.weight AS entries,
        CASE WHEN l.level = 'error' THEN l.weight ELSE 0 END AS error,
        CASE WHEN l.level = 'warn' THEN l.weight ELSE 0 END AS warn,
        CASE WHEN l.response_ms IS NOT NULL THEN l.weight ELSE 0 END AS timed,
        coalesce(weighted_ns(l.response_ms, l.weight), 0) AS response_ns,
        CASE WHEN l.status IS NOT NULL THEN l.weight ELSE 0 END AS requests,
        CASE WHEN l.status >= 500 THEN l.weight ELSE 0 END AS server_errors
    FROM log_rows AS l
),

logs_buckets AS (
    SELECT l.slot, latency_bucket(l.response_ms) AS bucket, l.weight AS entries
    FROM log_rows AS l
    WHERE l.response_ms IS NOT NULL
),

activity_sums AS (
    SELECT
        p.i,
        sum(p.entries) AS entries,
        sum(p.error) AS errors,
        sum(p.warn) AS warnings,
        sum(p.timed) AS timed,
        sum(p.response_ns) AS response_ns,
        sum(p.requests) AS requests,
        sum(p.server_errors) AS server_errors
    FROM (SELECT s.*, period_of(s.slot, starts, ends, points) AS i FROM query_table(reads || '_slots') AS s) AS p
    GROUP BY p.i
),

activity_quantiles AS (
    FROM latency_quantiles(starts, ends, points, bucket_grain, apdex_t)
),

activity_by_quantiles AS (
    FROM bucket_quantiles('activity_by_buckets', starts, ends, points, apdex_t)
),

logs_quantiles AS (
    FROM bucket_quantiles('logs_buckets', starts, ends, points, apdex_t)
),

storage_sums AS (
    SELECT p.i, sum(p.bytes) AS bytes
    FROM (
        SELECT period_of(s.slot, starts, ends, points) AS i, s.bytes
        FROM storage AS s
        WHERE s.month BETWEEN strftime(CAST(starts AS TIMESTAMP), '%Y-%m')
                AND strftime(CAST(ends AS TIMESTAMP), '%Y-%m')
            AND s.grain = slot_grain AND s.slot >= starts AND s.slot < ends
    ) AS p
    GROUP BY p.i
)

SELECT
    n.i,
    period_start(n.i, starts, ends, points) AS period_starts,
    period_start(n.i + 1, starts, ends, points) AS period_ends,
    CAST(coalesce(a.entries, 0) AS BIGINT) AS entries,
    CAST(coalesce(a.errors, 0) AS BIGINT) AS errors,
    CAST(coalesce(a.warnings, 0) AS BIGINT) AS warnings,
    CAST(coalesce(a.timed, 0) AS BIGINT) AS timed,
    coalesce(a.response_ns, 0) AS response_ns,
    CAST(coalesce(a.requests, 0) AS BIGINT) AS requests,
    CAST(coalesce(a.server_errors, 0) AS BIGINT) AS server_errors,
    bucket_ms(q.b50) AS p50,
    bucket_ms(q.b95) AS p95,
    bucket_ms(q.b99) AS p99,
    -- Not of a.timed: the distributions may be of coarser slots, which begin in another period.
    apdex(q.satisfied, q.tolerated, q.distributed) AS apdex,
    CAST(coalesce(s.bytes, 0) AS BIGINT) AS bytes
FROM range(0, CAST(points AS BIGINT)) AS n (i)
LEFT JOIN activity_sums AS a ON a.i = n.i
LEFT JOIN query_table(reads || '_quantiles') AS q ON q.i = n.i
LEFT JOIN storage_sums AS s ON s.i = n.i

-- What happened in equal periods of time: metrics(…) has one row per period, oldest first, empty ones too. Every
-- endpoint that tells rates, response times or growth reads it.
-- Parameters: starts (UTC), width (seconds of a period), points (periods), slot_grain and bucket_grain (seconds, of the
-- rollups' slots to read), apdex_t (ms), reads: 'activity' (all entries), 'activity_by' (one filter, hours) or 'logs' (any filters, from the rows); of_source, of_package, of_status (2xx, 3xx …), of_config: null for all.
-- A slot belongs to the period in which it begins. endpoints/window.sql gives parameters that fit together.
-- Units: response_ns in nanoseconds, p50, p95, p99 in ms (within 1 percent, null where nothing was timed); bytes newly
-- stored in the buckets in the period and stored_bytes up to its end, whatever the filters.
CREATE OR REPLACE MACRO metrics(
    starts, width, points, slot_grain, bucket_grain, apdex_t, reads, of_source, of_package, of_status, of_config
) AS TABLE
WITH one_dimension AS (
    SELECT
        b.slot, b.entries, b.error, b.warn, b.timed, b.response_ns, b.requests, b.server_errors, b.buckets, b.counts
    FROM activity_by AS b
    WHERE reads = 'activity_by'
        AND b.date BETWEEN CAST(starts AS DATE) AND CAST(period_start(points, starts, width) AS DATE)
        AND b.slot >= starts AND b.slot < period_start(points, starts, width)
        AND b.dimension = CASE
            WHEN of_source IS NOT NULL THEN 'source' WHEN of_package IS NOT NULL THEN 'package'
            WHEN of_status IS NOT NULL THEN 'status' ELSE 'config'
        END
        AND b.value = coalesce(of_source, of_package, of_status, of_config)
),

log_rows AS (
    SELECT
        time_bucket(INTERVAL 30 SECONDS, l.ts) AS slot, l.level, l.weight, l.response_ms, l.status
    FROM logs AS l
    WHERE reads = 'logs'
        AND l.date BETWEEN CAST(starts AS DATE) AND CAST(period_start(points, starts, width) AS DATE)
        AND l.ts >= starts AND l.ts < period_start(points, starts, width)
        AND (of_source IS NULL OR l.source = of_source)
        AND (of_package IS NULL OR l.package = of_package)
        AND (of_status IS NULL OR status_class(l.status) = of_status)
        AND (of_config IS NULL OR l.config_hash = of_config)
),

activity_sums AS (
    SELECT
        period_of(s.slot, starts, width) AS i,
        sum(s.entries) AS entries,
        sum(s.error) AS errors,
        sum(s.warn) AS warnings,
        sum(s.timed) AS timed,
        sum(s.response_ns) AS response_ns,
        sum(s.requests) AS requests,
        sum(s.server_errors) AS server_errors
    FROM (
        SELECT a.slot, a.entries, a.error, a.warn, a.timed, a.response_ns, a.requests, a.server_errors
        FROM activity AS a
        WHERE reads = 'activity'
            AND a.date BETWEEN CAST(starts AS DATE) AND CAST(period_start(points, starts, width) AS DATE)
            AND a.grain = slot_grain AND a.slot >= starts AND a.slot < period_start(points, starts, width)
        UNION ALL
        SELECT b.slot, b.entries, b.error, b.warn, b.timed, b.response_ns, b.requests, b.server_errors
        FROM one_dimension AS b
        UNION ALL
        SELECT
            l.slot,
            l.weight AS entries,
            CASE WHEN l.level = 'error' THEN l.weight ELSE 0 END AS error,
            CASE WHEN l.level = 'warn' THEN l.weight ELSE 0 END AS warn,
            CASE WHEN l.response_ms IS NOT NULL THEN l.weight ELSE 0 END AS timed,
            coalesce(CAST(round(l.response_ms * 1000000) AS BIGINT) * l.weight, 0) AS response_ns,
            CASE WHEN l.status IS NOT NULL THEN l.weight ELSE 0 END AS requests,
            CASE WHEN l.status >= 500 THEN l.weight ELSE 0 END AS server_errors
        FROM log_rows AS l
    ) AS s
    GROUP BY period_of(s.slot, starts, width)
),

bucket_sums AS (
    SELECT
        period_of(s.slot, starts, width) AS i,
        s.bucket,
        CAST(sum(s.entries) AS DOUBLE) AS entries
    FROM (
        SELECT t.slot, t.bucket, t.entries
        FROM latency AS t
        WHERE reads = 'activity'
            AND t.date BETWEEN CAST(starts AS DATE) AND CAST(period_start(points, starts, width) AS DATE)
            AND t.grain = bucket_grain AND t.slot >= starts AND t.slot < period_start(points, starts, width)
        UNION ALL
        SELECT b.slot, unnest(b.buckets) AS bucket, unnest(b.counts) AS entries
        FROM one_dimension AS b
        UNION ALL
        SELECT l.slot, latency_bucket(l.response_ms) AS bucket, l.weight AS entries
        FROM log_rows AS l
        WHERE l.response_ms IS NOT NULL
    ) AS s
    GROUP BY period_of(s.slot, starts, width), s.bucket
),

ranked AS (
    SELECT
        b.i,
        b.bucket,
        b.entries,
        sum(b.entries) OVER (
            PARTITION BY b.i ORDER BY b.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS up_to,
        sum(b.entries) OVER (PARTITION BY b.i) AS total
    FROM bucket_sums AS b
),

quantiles AS (
    SELECT
        r.i,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.50 AS DOUBLE) * r.total)) AS p50,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.95 AS DOUBLE) * r.total)) AS p95,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.99 AS DOUBLE) * r.total)) AS p99,
        coalesce(sum(r.entries) FILTER (WHERE r.bucket <= last_bucket(apdex_t)), 0) AS satisfied,
        coalesce(sum(r.entries) FILTER (
            WHERE r.bucket > last_bucket(apdex_t) AND r.bucket <= last_bucket(4 * apdex_t)
        ), 0) AS tolerated,
        sum(r.entries) AS distributed
    FROM ranked AS r
    GROUP BY r.i
),

-- What was stored after the last period has number `points`.
storage_sums AS (
    SELECT least(period_of(s.slot, starts, width), points) AS i, sum(s.bytes) AS bytes
    FROM storage AS s
    WHERE s.month >= strftime(CAST(starts AS TIMESTAMP), '%Y-%m') AND s.grain = slot_grain AND s.slot >= starts
    GROUP BY least(period_of(s.slot, starts, width), points)
)

SELECT
    n.i,
    period_start(n.i, starts, width) AS period_starts,
    period_start(n.i + 1, starts, width) AS period_ends,
    CAST(coalesce(a.entries, 0) AS BIGINT) AS entries,
    CAST(coalesce(a.errors, 0) AS BIGINT) AS errors,
    CAST(coalesce(a.warnings, 0) AS BIGINT) AS warnings,
    CAST(coalesce(a.timed, 0) AS BIGINT) AS timed,
    coalesce(a.response_ns, 0) AS response_ns,
    CAST(coalesce(a.requests, 0) AS BIGINT) AS requests,
    CAST(coalesce(a.server_errors, 0) AS BIGINT) AS server_errors,
    q.p50,
    q.p95,
    q.p99,
    -- Not of a.timed: the distributions may be of coarser slots, which begin in another period.
    apdex(q.satisfied, q.tolerated, q.distributed) AS apdex,
    CAST(coalesce(s.bytes, 0) AS BIGINT) AS bytes,
    -- Taken backwards from what the buckets hold now.
    CAST((SELECT coalesce(sum(g.bytes), 0) FROM ledger AS g) - (SELECT coalesce(sum(t.bytes), 0) FROM storage_sums AS t)
        + sum(coalesce(s.bytes, 0)) OVER (ORDER BY n.i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT)
        AS stored_bytes
FROM range(0, CAST(points AS BIGINT)) AS n (i)
LEFT JOIN activity_sums AS a ON a.i = n.i
LEFT JOIN quantiles AS q ON q.i = n.i
LEFT JOIN storage_sums AS s ON s.i = n.i

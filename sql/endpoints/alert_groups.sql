-- An alert rule by source or package: the metric's value of each that has entries in the window or had some in the 7 days
-- before it, and whether it goes beyond the threshold. One that fell silent has 0 entries, and no value where entries tell it.
-- Parameters: the columns of endpoints/window_slots.sql and window.sql, $hours, $apdex_ms, $dimension (source or package), $metric,
-- $operator, $threshold. One row per value of the dimension; starts: where the window begins. Windows of 12 hours and
-- more come from the rollup and end with a whole hour, shorter ones from the log rows.
-- Units: those of the metric (docs/metrics.md).
WITH edges AS (
    SELECT e.ends, e.ends - to_microseconds(CAST(round($hours * 3600000000) AS BIGINT)) AS starts
    FROM (
        SELECT
            CASE
                WHEN $hours < 12 THEN CAST($window_end AS TIMESTAMP)
                ELSE time_bucket(INTERVAL 1 HOUR, CAST($window_end AS TIMESTAMP) + to_microseconds(3599999999))
            END AS ends
    ) AS e
),

log_rows AS (
    SELECT
        CASE WHEN $dimension = 'source' THEN l.source ELSE l.package END AS name,
        l.level, l.weight, l.response_ms, l.status
    FROM logs AS l
    JOIN edges AS e ON l.ts >= e.starts AND l.ts < e.ends
    WHERE $hours < 12 AND l.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
),

slots AS (
    SELECT
        b.value AS name, b.entries, b.error, b.warn, b.timed, b.response_ns, b.requests, b.server_errors, b.buckets,
        b.counts
    FROM activity_by AS b
    JOIN edges AS e ON b.slot >= e.starts AND b.slot < e.ends
    WHERE $hours >= 12 AND b.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND b.dimension = $dimension
    UNION ALL
    SELECT
        l.name,
        sum(l.weight) AS entries,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'error'), 0) AS error,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'warn'), 0) AS warn,
        coalesce(sum(l.weight) FILTER (WHERE l.response_ms IS NOT NULL), 0) AS timed,
        coalesce(sum(weighted_ns(l.response_ms, l.weight)), 0) AS response_ns,
        coalesce(sum(l.weight) FILTER (WHERE l.status IS NOT NULL), 0) AS requests,
        coalesce(sum(l.weight) FILTER (WHERE l.status >= 500), 0) AS server_errors,
        NULL AS buckets,
        NULL AS counts
    FROM log_rows AS l
    WHERE l.name IS NOT NULL
    GROUP BY l.name
    UNION ALL
    -- Who was there before the window, with nothing.
    SELECT DISTINCT
        k.value AS name, 0 AS entries, 0 AS error, 0 AS warn, 0 AS timed, 0 AS response_ns, 0 AS requests,
        0 AS server_errors, NULL AS buckets, NULL AS counts
    FROM activity_by AS k
    JOIN edges AS e ON k.slot >= e.starts - INTERVAL 7 DAYS AND k.slot < e.starts
    WHERE k.date BETWEEN CAST(CAST($window_start AS TIMESTAMP) - INTERVAL 7 DAYS AS DATE) AND CAST($window_end AS DATE)
        AND k.dimension = $dimension
),

-- Of all buckets, as metrics() tells it whatever the filters.
growths AS (
    SELECT megabytes(coalesce(sum(s.bytes), 0)) / CAST($hours AS DOUBLE) AS growth
    FROM storage AS s
    JOIN edges AS e ON s.slot >= e.starts AND s.slot < e.ends
    WHERE s.grain = CASE WHEN $hours < 12 THEN 30 ELSE 3600 END
        AND s.month BETWEEN strftime(CAST($window_start AS TIMESTAMP), '%Y-%m') AND strftime(CAST($window_end AS TIMESTAMP), '%Y-%m')
),

sums AS (
    SELECT
        s.name,
        sum(s.entries) AS entries,
        sum(s.error) AS errors,
        sum(s.warn) AS warnings,
        sum(s.timed) AS timed,
        sum(s.response_ns) AS response_ns,
        sum(s.requests) AS requests,
        sum(s.server_errors) AS server_errors
    FROM slots AS s
    GROUP BY s.name
),

ranked AS (
    SELECT
        b.name,
        b.bucket,
        b.entries,
        sum(b.entries) OVER (
            PARTITION BY b.name ORDER BY b.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS up_to,
        sum(b.entries) OVER (PARTITION BY b.name) AS total
    FROM (
        SELECT u.name, u.bucket, CAST(sum(u.entries) AS DOUBLE) AS entries
        FROM (
            SELECT s.name, unnest(s.buckets) AS bucket, unnest(s.counts) AS entries
            FROM slots AS s
            UNION ALL
            SELECT l.name, latency_bucket(l.response_ms) AS bucket, l.weight AS entries
            FROM log_rows AS l
            WHERE l.name IS NOT NULL AND l.response_ms IS NOT NULL
        ) AS u
        GROUP BY u.name, u.bucket
    ) AS b
),

quantiles AS (
    SELECT
        r.name,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.50 AS DOUBLE) * r.total)) AS p50,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.95 AS DOUBLE) * r.total)) AS p95,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.99 AS DOUBLE) * r.total)) AS p99,
        coalesce(sum(r.entries) FILTER (WHERE r.bucket <= last_bucket($apdex_ms)), 0) AS satisfied,
        coalesce(sum(r.entries) FILTER (WHERE r.bucket <= last_bucket(4 * $apdex_ms)), 0) AS tolerated
    FROM ranked AS r
    GROUP BY r.name
)

SELECT v.name, v.value, breaches(v.value, $operator, CAST($threshold AS DOUBLE)) AS breached, g.starts
FROM edges AS g
CROSS JOIN (
    SELECT
        s.name,
        figure(
            $metric, CAST($hours AS DOUBLE), s.entries, s.errors, s.warnings, s.timed, s.requests, s.server_errors,
            s.p50, s.p95, s.p99, s.apdex, s.error_rate, s.response_ms, s.growth
        ) AS value
    FROM (
        SELECT
            u.name, u.entries, u.errors, u.warnings, u.timed, u.requests, u.server_errors, q.p50, q.p95, q.p99,
            apdex(q.satisfied, q.tolerated, u.timed) AS apdex,
            percentage(u.errors, u.entries) AS error_rate,
            mean_ms(u.response_ns, u.timed) AS response_ms,
            w.growth
        FROM sums AS u
        CROSS JOIN growths AS w
        LEFT JOIN quantiles AS q ON q.name = u.name
    ) AS s
) AS v
ORDER BY v.name

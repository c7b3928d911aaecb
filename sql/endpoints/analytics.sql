-- GET /analytics: how much was logged, how much of it is trouble, how fast answers were.
-- Parameters: those of endpoints/window.sql and its columns. Two rows: the window, and the same figures one
-- window earlier. Units: rates in percent, response times in ms, growth in MB per hour, times in epoch ms.
-- Quantiles come from the latency buckets: within 1 percent, over the slots that begin in the window.
WITH activity_sums AS (
    SELECT
        a.slot >= $window_start AS is_current,
        sum(a.entries) AS entries,
        sum(a.error) AS errors,
        sum(a.warn) AS warnings,
        sum(a.timed) AS timed,
        sum(a.response_ns) AS response_ns
    FROM activity AS a
    WHERE a.date BETWEEN CAST($previous_start AS DATE) AND CAST($window_end AS DATE)
        AND a.grain = $grain AND a.slot >= $previous_start AND a.slot < $window_end
    GROUP BY a.slot >= $window_start
),

bucket_sums AS (
    SELECT
        l.slot >= $window_start AS is_current,
        l.bucket,
        CAST(sum(l.entries) AS DOUBLE) AS entries
    FROM latency AS l
    WHERE l.date BETWEEN CAST($previous_start AS DATE) AND CAST($window_end AS DATE)
        AND l.grain = $latency_grain AND l.slot >= $previous_start AND l.slot < $window_end
    GROUP BY l.slot >= $window_start, l.bucket
),

bucket_totals AS (
    SELECT b.is_current, sum(b.entries) AS total
    FROM bucket_sums AS b
    GROUP BY b.is_current
),

ranked AS (
    SELECT
        b.is_current,
        b.bucket,
        sum(b.entries) OVER (
            PARTITION BY b.is_current ORDER BY b.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS up_to
    FROM bucket_sums AS b
),

quantiles AS (
    SELECT
        r.is_current,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.50 AS DOUBLE) * t.total)) AS p50,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.95 AS DOUBLE) * t.total)) AS p95,
        bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.99 AS DOUBLE) * t.total)) AS p99
    FROM ranked AS r
    JOIN bucket_totals AS t ON t.is_current = r.is_current
    GROUP BY r.is_current
),

storage_sums AS (
    SELECT
        s.slot >= $window_start AS is_current,
        sum(s.bytes) AS bytes
    FROM storage AS s
    WHERE s.month BETWEEN strftime(CAST($previous_start AS TIMESTAMP), '%Y-%m') AND strftime(CAST($window_end AS TIMESTAMP), '%Y-%m')
        AND s.grain = $grain AND s.slot >= $previous_start AND s.slot < $window_end
    GROUP BY s.slot >= $window_start
),

figures AS (
    SELECT
        w.is_current,
        coalesce(a.entries, 0) AS entries,
        coalesce(a.timed, 0) AS timed,
        percentage(a.errors, a.entries) AS error_rate,
        percentage(a.warnings, a.entries) AS warn_rate,
        mean_ms(a.response_ns, a.timed) AS response_ms,
        coalesce(megabytes(s.bytes) / $hours, 0) AS growth,
        q.p50,
        q.p95,
        q.p99
    FROM (VALUES (true), (false)) AS w (is_current)
    LEFT JOIN activity_sums AS a ON a.is_current = w.is_current
    LEFT JOIN storage_sums AS s ON s.is_current = w.is_current
    LEFT JOIN quantiles AS q ON q.is_current = w.is_current
)

SELECT
    CAST(f.entries AS BIGINT) AS "totalLogs",
    f.error_rate AS "errorRate",
    f.warn_rate AS "warnRate",
    f.response_ms AS "avgResponseTime",
    f.growth AS "storageGrowth",
    health_name(health_level(f.error_rate, f.response_ms)) AS "systemHealth",
    performance_score(f.error_rate, f.response_ms, f.growth) AS "performanceScore",
    f.p50 AS "p50ResponseTime",
    f.p95 AS "p95ResponseTime",
    f.p99 AS "p99ResponseTime",
    percentage(f.timed, f.entries) AS "responseTimeCoverage",
    epoch_millis(CASE WHEN f.is_current THEN CAST($window_start AS TIMESTAMP) ELSE CAST($previous_start AS TIMESTAMP) END)
        AS "windowStart",
    epoch_millis(CASE WHEN f.is_current THEN CAST($window_end AS TIMESTAMP) ELSE CAST($window_start AS TIMESTAMP) END)
        AS "windowEnd"
FROM figures AS f
ORDER BY f.is_current DESC

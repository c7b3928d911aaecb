-- GET /analytics/history: every figure of GET /analytics, period by period, oldest first; the last one ends now.
-- Parameters: those of endpoints/window_slots.sql and window.sql, and their columns, $apdex_ms. $points rows; in periods without entries counts
-- and growth are 0, and rates, means, quantiles and score are null.
-- Units: rates in percent, response times in ms, throughput in entries per minute, growth in MB per hour, times in ms.
SELECT
    epoch_millis(r.period_starts) AS "periodStart",
    epoch_millis(r.period_ends) AS "periodEnd",
    r.entries AS "totalLogs",
    r.errors AS "errorCount",
    r.warnings AS "warnCount",
    r.requests AS requests,
    r.server_errors AS "serverErrors",
    r.error_rate AS "errorRate",
    r.warn_rate AS "warnRate",
    r.response_ms AS "avgResponseTime",
    r.p50 AS "p50ResponseTime",
    r.p95 AS "p95ResponseTime",
    r.p99 AS "p99ResponseTime",
    r.coverage AS "responseTimeCoverage",
    r.apdex AS apdex,
    r.entries * 60.0 / $period_seconds AS throughput,
    r.growth AS "storageGrowth",
    CASE WHEN r.entries > 0 THEN performance_score(r.error_rate, coalesce(r.response_ms, 0), r.growth) END
        AS "performanceScore"
FROM (
    SELECT
        f.i, f.period_starts, f.period_ends, f.entries, f.errors, f.warnings, f.timed, f.requests, f.server_errors,
        f.p50, f.p95, f.p99, f.apdex,
        percentage_or_null(f.errors, f.entries) AS error_rate,
        percentage_or_null(f.warnings, f.entries) AS warn_rate,
        mean_ms_or_null(f.response_ns, f.timed) AS response_ms,
        percentage_or_null(f.timed, f.entries) AS coverage,
        megabytes(f.bytes) * 3600 / $period_seconds AS growth
    FROM metrics(
        $window_start, $window_end, $points, $grain, $latency_grain, $apdex_ms, $reads, $source, $package,
        $status_class, $config_hash
    ) AS f
) AS r
ORDER BY r.i

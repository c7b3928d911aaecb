-- GET /analytics/history: every figure of GET /analytics, period by period, oldest first; the last one ends now.
-- Parameters: those of endpoints/window.sql and its columns, $apdex_ms. $points rows; in periods without entries counts
-- and growth are 0, and rates, means, quantiles and score are null.
-- Units: rates in percent, response times in ms, throughput in entries per minute, growth in MB per hour, times in ms.
SELECT
    epoch_millis(f.period_starts) AS "periodStart",
    epoch_millis(f.period_ends) AS "periodEnd",
    f.entries AS "totalLogs",
    f.errors AS "errorCount",
    f.warnings AS "warnCount",
    f.requests AS requests,
    f.server_errors AS "serverErrors",
    CASE WHEN f.entries > 0 THEN percentage(f.errors, f.entries) END AS "errorRate",
    CASE WHEN f.entries > 0 THEN percentage(f.warnings, f.entries) END AS "warnRate",
    CASE WHEN f.timed > 0 THEN mean_ms(f.response_ns, f.timed) END AS "avgResponseTime",
    f.p50 AS "p50ResponseTime",
    f.p95 AS "p95ResponseTime",
    f.p99 AS "p99ResponseTime",
    CASE WHEN f.entries > 0 THEN percentage(f.timed, f.entries) END AS "responseTimeCoverage",
    f.apdex AS apdex,
    f.entries * 60.0 / $period_seconds AS throughput,
    megabytes(f.bytes) * 3600 / $period_seconds AS "storageGrowth",
    CASE
        WHEN f.entries > 0 THEN performance_score(
            percentage(f.errors, f.entries),
            mean_ms(f.response_ns, f.timed),
            megabytes(f.bytes) * 3600 / $period_seconds
        )
    END AS "performanceScore"
FROM metrics(
    $window_start, $period_seconds, $points, $grain, $latency_grain, $apdex_ms, $reads, $source, $package,
    $status_class, $config_hash
) AS f
ORDER BY f.i

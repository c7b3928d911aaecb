-- GET /analytics: how much was logged, how much of it is trouble, how fast answers were.
-- Parameters: those of endpoints/window.sql and its columns, $apdex_ms. Two rows: the window, and the same figures one
-- window earlier. Units: rates in percent, response times in ms, throughput in entries per minute, growth in MB per
-- hour, times in epoch ms. Quantiles come from the latency buckets: within 1 percent.
SELECT
    f.entries AS "totalLogs",
    percentage(f.errors, f.entries) AS "errorRate",
    percentage(f.warnings, f.entries) AS "warnRate",
    mean_ms(f.response_ns, f.timed) AS "avgResponseTime",
    megabytes(f.bytes) / $hours AS "storageGrowth",
    health_name(health_level(percentage(f.errors, f.entries), mean_ms(f.response_ns, f.timed))) AS "systemHealth",
    performance_score(percentage(f.errors, f.entries), mean_ms(f.response_ns, f.timed), megabytes(f.bytes) / $hours)
        AS "performanceScore",
    f.p50 AS "p50ResponseTime",
    f.p95 AS "p95ResponseTime",
    f.p99 AS "p99ResponseTime",
    percentage(f.timed, f.entries) AS "responseTimeCoverage",
    f.apdex AS apdex,
    f.entries / ($hours * 60.0) AS throughput,
    epoch_millis(f.period_starts) AS "windowStart",
    epoch_millis(f.period_ends) AS "windowEnd"
FROM metrics(
    $previous_start, $hours * 3600.0, 2, $grain, $latency_grain, $apdex_ms, $reads, $source, $package, $status_class,
    $config_hash
) AS f
ORDER BY f.i DESC

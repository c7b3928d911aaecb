-- GET /analytics: how much was logged, how much of it is trouble, how fast answers were.
-- Parameters: those of endpoints/window_slots.sql and window.sql, and their columns, $apdex_ms. Two rows: the window, and the same figures one
-- window earlier. Units: rates in percent, response times in ms, throughput in entries per minute, growth in MB per
-- hour, times in epoch ms. Quantiles come from the latency buckets: within 1 percent.
SELECT
    r.entries AS "totalLogs",
    r.error_rate AS "errorRate",
    r.warn_rate AS "warnRate",
    r.response_ms AS "avgResponseTime",
    r.growth AS "storageGrowth",
    health_name(r.health) AS "systemHealth",
    performance_score(r.error_rate, r.response_ms, r.growth) AS "performanceScore",
    r.p50 AS "p50ResponseTime",
    r.p95 AS "p95ResponseTime",
    r.p99 AS "p99ResponseTime",
    r.coverage AS "responseTimeCoverage",
    r.apdex AS apdex,
    r.entries / ($hours * 60.0) AS throughput,
    epoch_millis(r.period_starts) AS "windowStart",
    epoch_millis(r.period_ends) AS "windowEnd"
FROM (
    -- Step by step: a macro within a macro is bound as often as it stands in the outer one, which took 2 ms.
    SELECT
        s.i, s.period_starts, s.period_ends, s.entries, s.error_rate, s.warn_rate, s.response_ms, s.growth, s.p50, s.p95,
        s.p99, s.coverage, s.apdex, health_level(s.error_rate, s.response_ms) AS health
    FROM (
        SELECT
            f.i, f.period_starts, f.period_ends, f.entries, f.p50, f.p95, f.p99, f.apdex,
            percentage(f.errors, f.entries) AS error_rate,
            percentage(f.warnings, f.entries) AS warn_rate,
            mean_ms(f.response_ns, f.timed) AS response_ms,
            percentage(f.timed, f.entries) AS coverage,
            megabytes(f.bytes) / $hours AS growth
        FROM metrics(
            $previous_start, $window_end, 2, $grain, $latency_grain, $apdex_ms, $reads, $source, $package,
            $status_class, $config_hash
        ) AS f
    ) AS s
) AS r
ORDER BY r.i DESC

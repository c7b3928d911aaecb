-- An alert rule over a metric: its value over the window, and whether that goes beyond the threshold.
-- Parameters: those of endpoints/window_slots.sql and window.sql, and their columns, $apdex_ms, $metric, $operator, $threshold. One row; value
-- is null where no entry tells it. Units: those of the metric (docs/metrics.md); systemHealth is 0, 1 or 2.
SELECT
    CAST(NULL AS VARCHAR) AS name,
    v.value,
    breaches(v.value, $operator, CAST($threshold AS DOUBLE)) AS breached
FROM (
    SELECT
        figure(
            $metric, CAST($hours AS DOUBLE), s.entries, s.errors, s.warnings, s.timed, s.requests, s.server_errors,
            s.p50, s.p95, s.p99, s.apdex, s.error_rate, s.response_ms, s.growth
        ) AS value
    FROM (
        SELECT
            f.entries, f.errors, f.warnings, f.timed, f.requests, f.server_errors, f.p50, f.p95, f.p99, f.apdex,
            percentage(f.errors, f.entries) AS error_rate,
            mean_ms(f.response_ns, f.timed) AS response_ms,
            megabytes(f.bytes) / CAST($hours AS DOUBLE) AS growth
        FROM metrics(
            $window_start, $window_end, 1, $grain, $latency_grain, $apdex_ms, $reads, $source, $package,
            $status_class, $config_hash
        ) AS f
    ) AS s
) AS v

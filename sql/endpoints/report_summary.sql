-- The summary of GET /analytics/report.
-- Parameters: those of endpoints/window_slots.sql and window.sql, and their columns. One row.
-- avgPerformanceScore: mean score of the periods that have entries, as an integer (100 with none).
-- uptime: availability in percent, the share of requests (entries with an HTTP status) that were not answered
-- 5xx; 100 where requests were not logged, 0 where nothing at all was logged (as in endpoints/uptime.sql).
SELECT
    CAST(round(coalesce(
        avg(performance_score(r.error_rate, r.response_ms, r.growth)) FILTER (WHERE r.entries > 0), 100
    )) AS INTEGER) AS "avgPerformanceScore",
    CASE
        WHEN sum(r.entries) = 0 THEN 0.0
        ELSE 100.0 - percentage(sum(r.server_errors), sum(r.requests))
    END AS uptime
FROM (
    SELECT
        f.entries, f.requests, f.server_errors,
        percentage(f.errors, f.entries) AS error_rate,
        mean_ms(f.response_ns, f.timed) AS response_ms,
        megabytes(f.bytes) * 3600 / $period_seconds AS growth
    FROM metrics(
        $window_start, $window_end, $points, $grain, $latency_grain, NULL, $reads, NULL, NULL, NULL, NULL
    ) AS f
) AS r

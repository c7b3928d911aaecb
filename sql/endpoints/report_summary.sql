-- The summary of GET /analytics/report.
-- Parameters: those of endpoints/window.sql and its columns. One row.
-- avgPerformanceScore: mean score of the periods that have entries, as an integer (100 with none).
-- uptime: availability in percent, the share of requests (entries with an HTTP status) that were not answered
-- 5xx; 100 where requests were not logged, 0 where nothing at all was logged.
WITH activity_sums AS (
    SELECT
        CAST(floor((epoch_us(a.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT) AS i,
        sum(a.entries) AS entries,
        sum(a.error) AS errors,
        sum(a.timed) AS timed,
        sum(a.response_ns) AS response_ns,
        sum(a.requests) AS requests,
        sum(a.server_errors) AS server_errors
    FROM activity AS a
    WHERE a.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND a.grain = $grain AND a.slot >= $window_start AND a.slot < $window_end
    GROUP BY CAST(floor((epoch_us(a.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT)
),

storage_sums AS (
    SELECT
        CAST(floor((epoch_us(s.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT) AS i,
        sum(s.bytes) AS bytes
    FROM storage AS s
    WHERE s.month BETWEEN strftime(CAST($window_start AS TIMESTAMP), '%Y-%m') AND strftime(CAST($window_end AS TIMESTAMP), '%Y-%m')
        AND s.grain = $grain AND s.slot >= $window_start AND s.slot < $window_end
    GROUP BY CAST(floor((epoch_us(s.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT)
)

SELECT
    CAST(round(coalesce(avg(performance_score(
        percentage(a.errors, a.entries),
        mean_ms(a.response_ns, a.timed),
        coalesce(megabytes(s.bytes) * 3600 / $period_seconds, 0)
    )), 100)) AS INTEGER) AS "avgPerformanceScore",
    CASE
        WHEN coalesce(sum(a.entries), 0) = 0 THEN 0.0
        ELSE 100.0 - percentage(sum(a.server_errors), sum(a.requests))
    END AS uptime
FROM activity_sums AS a
LEFT JOIN storage_sums AS s ON s.i = a.i

-- What the figures of the window ask for, with what was seen; the rules of sql/recommendations look at more than these.
-- Parameters: $entries, $error_rate (percent), $warn_rate (percent), $response_ms, $p99_ms (null with none), $growth
-- (MB per hour), $coverage (percent), $previous_error_rate, $top_message and $top_count (null with none), all
-- as endpoints/analytics.sql and endpoints/top_error_messages.sql gave them; the columns of endpoints/window_slots.sql and window.sql, $hours and $now.
-- One row per rule that holds, the gravest first; one without an id that says so when these ask for nothing.
-- value: the figure; since is when the first hour of the window began in which it was beyond the limit (hours count from the
-- window's beginning), of no entries when the newest one came, as far as nine days or one window back: epoch ms, null
-- where no such hour is.
WITH hours AS (
    SELECT
        time_bucket(INTERVAL 1 HOUR, a.slot, CAST($window_start AS TIMESTAMP)) AS starts,
        percentage(sum(a.error), sum(a.entries)) AS error_rate,
        percentage(sum(a.warn), sum(a.entries)) AS warn_rate,
        percentage(sum(a.timed), sum(a.entries)) AS coverage,
        mean_ms(sum(a.response_ns), sum(a.timed)) AS response_ms,
        max(a.response_max) AS slowest_ms
    FROM activity AS a
    WHERE a.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND a.grain = $grain AND a.slot >= $window_start AND a.slot < $window_end
    GROUP BY time_bucket(INTERVAL 1 HOUR, a.slot, CAST($window_start AS TIMESTAMP))
),

stored AS (
    SELECT time_bucket(INTERVAL 1 HOUR, s.slot, CAST($window_start AS TIMESTAMP)) AS starts, sum(s.bytes) AS bytes
    FROM storage AS s
    WHERE s.month BETWEEN strftime(CAST($window_start AS TIMESTAMP), '%Y-%m')
            AND strftime(CAST($window_end AS TIMESTAMP), '%Y-%m')
        AND s.grain = $grain AND s.slot >= $window_start AND s.slot < $window_end
    GROUP BY time_bucket(INTERVAL 1 HOUR, s.slot, CAST($window_start AS TIMESTAMP))
),

-- One row, also of nothing.
first_hours AS (
    SELECT
        min(h.starts) FILTER (WHERE h.error_rate > 10) AS failing,
        min(h.starts) FILTER (WHERE h.error_rate > 1 AND h.error_rate > 2 * $previous_error_rate) AS rising,
        min(h.starts) FILTER (WHERE h.response_ms > 1000) AS slow,
        -- A quantile is told within one percent.
        min(h.starts) FILTER (WHERE h.slowest_ms >= $p99_ms / 1.01) AS tail,
        min(h.starts) FILTER (WHERE h.warn_rate > 20) AS warning,
        min(h.starts) FILTER (WHERE h.coverage < 50) AS untimed
    FROM hours AS h
),

rules AS (
    SELECT r.rank, r.id, r.severity, r.value, r.seen, r.action, r."view"
    FROM (
        VALUES
            (1, $entries = 0, 'no-entries', 'critical', CAST(0 AS DOUBLE),
                format('No log entry arrived in the last {} hours.', $hours),
                'Check that the registry still writes its logs to the bucket: warehouse gaps.', 'activity'),
            (2, $error_rate > 10, 'error-rate', 'critical', CAST($error_rate AS DOUBLE),
                format('The error rate is {:.1f} percent (limit 10).', CAST($error_rate AS DOUBLE)),
                format('Start with the most frequent message, "{}" ({} times).', coalesce($top_message, ''), coalesce($top_count, 0)), 'activity'),
            (3, $error_rate <= 10 AND $error_rate > 1 AND $error_rate > 2 * $previous_error_rate, 'error-rise', 'warning',
                CAST($error_rate AS DOUBLE),
                format('Errors rose from {:.1f} to {:.1f} percent against the window before.',
                    CAST($previous_error_rate AS DOUBLE), CAST($error_rate AS DOUBLE)),
                format('Start with the most frequent message, "{}" ({} times).', coalesce($top_message, ''), coalesce($top_count, 0)), 'activity'),
            (4, $response_ms > 1000, 'slow-answers', 'warning', CAST($response_ms AS DOUBLE),
                format('Answers take {:.0f} ms on average (limit 1000).', CAST($response_ms AS DOUBLE)),
                'Look at the slowest paths and the upstream: warehouse logs --min-ms 1000 --facets.', 'activity'),
            (5, $response_ms <= 1000 AND coalesce($p99_ms, 0) > 5 * $response_ms AND coalesce($p99_ms, 0) > 1000, 'slow-tail',
                'warning', CAST(coalesce($p99_ms, 0) AS DOUBLE),
                format('One request in a hundred takes longer than {:.0f} ms, while the mean is {:.0f} ms.',
                    CAST(coalesce($p99_ms, 0) AS DOUBLE), CAST($response_ms AS DOUBLE)),
                'Look for a few slow packages: warehouse logs --min-ms 1000 --facets.', 'latency'),
            (6, $growth > 100, 'storage-growth', 'warning', CAST($growth AS DOUBLE),
                format('The bucket grows by {:.1f} MB per hour (limit 100).', CAST($growth AS DOUBLE)),
                'Shorten the retention or log less: warehouse costs.', 'storage'),
            (7, $warn_rate > 20, 'many-warnings', 'info', CAST($warn_rate AS DOUBLE),
                format('{:.1f} percent of the entries are warnings (limit 20).', CAST($warn_rate AS DOUBLE)),
                'Log less at this level: they hide the ones that matter.', 'activity'),
            (8, $entries > 0 AND $coverage < 50, 'low-coverage', 'info', CAST($coverage AS DOUBLE),
                format('Only {:.0f} percent of the entries carry a response time (limit 50).', CAST($coverage AS DOUBLE)),
                'Log responseTime with every request.', 'activity')
    ) AS r (rank, holds, id, severity, value, seen, action, "view")
    WHERE r.holds
)

SELECT
    r.id,
    r.severity,
    r.value,
    epoch_millis(CASE r.rank
        WHEN 1 THEN (
            SELECT max(n.slot) + INTERVAL 300 SECONDS
            FROM activity AS n
            WHERE $entries = 0 AND n.grain = 300 AND n.slot < $window_start
                AND n.date >= least(CAST($previous_start AS DATE), CAST(CAST($now AS TIMESTAMP) - INTERVAL 9 DAYS AS DATE))
        )
        WHEN 2 THEN f.failing
        WHEN 3 THEN f.rising
        WHEN 4 THEN f.slow
        WHEN 5 THEN f.tail
        WHEN 6 THEN (SELECT min(b.starts) FROM stored AS b WHERE megabytes(b.bytes) > 100)
        WHEN 7 THEN f.warning
        WHEN 8 THEN f.untimed
    END) AS since,
    r.seen,
    r.action,
    r."view"
FROM (
    SELECT q.rank, q.id, q.severity, q.value, q.seen, q.action, q."view"
    FROM rules AS q
    UNION ALL
    SELECT
        99 AS rank, NULL AS id, NULL AS severity, NULL AS value,
        'Nothing to do: errors, response times and storage growth are within their limits.' AS seen, NULL AS action,
        NULL AS "view"
    WHERE NOT EXISTS (FROM rules AS q)
) AS r
CROSS JOIN first_hours AS f
ORDER BY r.rank

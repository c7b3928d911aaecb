-- What an operator should do, in words, from the figures of the window.
-- Parameters: $entries, $error_rate (percent), $warn_rate (percent), $response_ms, $p99_ms (null with none), $growth
-- (MB per hour), $coverage (percent), $previous_error_rate, $top_message and $top_count (null with none), all
-- as endpoints/analytics.sql and endpoints/top_error_messages.sql gave them, $hours, and $others: how many rules of
-- sql/recommendations hold, which tell of themselves.
-- One row per recommendation, the gravest first; one that says so when there is nothing to do.
WITH rules AS (
    SELECT r.rank, r.holds, r.recommendation
    FROM (
        VALUES
            (1, $entries = 0, format('No log entry arrived in the last {} hours: check that the registry still writes its logs to the bucket.', $hours)),
            (2, $error_rate > 10, format('The error rate is {:.1f} percent (limit 10): start with the most frequent message, "{}" ({} times).',
                CAST($error_rate AS DOUBLE), coalesce($top_message, ''), coalesce($top_count, 0))),
            (3, $error_rate <= 10 AND $error_rate > 1 AND $error_rate > 2 * $previous_error_rate, format(
                'Errors rose from {:.1f} to {:.1f} percent against the window before: most often "{}" ({} times).',
                CAST($previous_error_rate AS DOUBLE), CAST($error_rate AS DOUBLE), coalesce($top_message, ''), coalesce($top_count, 0))),
            (4, $response_ms > 1000, format('Answers take {:.0f} ms on average (limit 1000): look at the slowest paths and the upstream.', CAST($response_ms AS DOUBLE))),
            (5, $response_ms <= 1000 AND coalesce($p99_ms, 0) > 5 * $response_ms AND coalesce($p99_ms, 0) > 1000, format(
                'One request in a hundred takes longer than {:.0f} ms, while the mean is {:.0f} ms: look for a few slow packages.',
                CAST(coalesce($p99_ms, 0) AS DOUBLE), CAST($response_ms AS DOUBLE))),
            (6, $growth > 100, format('The bucket grows by {:.1f} MB per hour (limit 100): shorten the retention or log less.', CAST($growth AS DOUBLE))),
            (7, $warn_rate > 20, format('{:.1f} percent of the entries are warnings: they hide the ones that matter.', CAST($warn_rate AS DOUBLE))),
            (8, $entries > 0 AND $coverage < 50, format('Only {:.0f} percent of the entries carry a response time: log responseTime with every request.', CAST($coverage AS DOUBLE)))
    ) AS r (rank, holds, recommendation)
)

SELECT s.recommendation
FROM (
    SELECT r.rank, r.recommendation
    FROM rules AS r
    WHERE r.holds
    UNION ALL
    SELECT 99 AS rank, 'Nothing to do: errors, response times and storage growth are within their limits.' AS recommendation
    WHERE NOT EXISTS (SELECT 1 FROM rules AS q WHERE q.holds) AND $others = 0
) AS s
ORDER BY s.rank

-- A fault that came up, or came much more often than before: 20 errors at least, a fifth of all, five times as many as one
-- window earlier.
-- Parameters: the columns of endpoints/window_slots.sql and window.sql. At most three rows. value: errors; since in epoch ms.
WITH counted AS (
    SELECT
        t.template,
        coalesce(sum(t.entries) FILTER (WHERE t.slot >= $window_start), 0) AS entries,
        coalesce(sum(t.entries) FILTER (WHERE t.slot < $window_start), 0) AS earlier,
        min(t.first_ts) FILTER (WHERE t.slot >= $window_start) AS first_ts
    FROM error_templates AS t
    WHERE t.date BETWEEN CAST($previous_start AS DATE) AND CAST($window_end AS DATE)
        AND t.grain = 300 AND t.dimension = 'all' AND t.slot >= $previous_start AND t.slot < $window_end
    GROUP BY t.template
)

SELECT
    'critical' AS severity,
    CAST(c.entries AS DOUBLE) AS value,
    epoch_millis(c.first_ts) AS since,
    format('The error "{}" came {} times, {} times one window earlier.', c.template, CAST(c.entries AS BIGINT),
        CAST(c.earlier AS BIGINT)) AS seen,
    'Look at its example and the lines around it: warehouse errors.' AS action,
    'error_templates' AS "view"
FROM counted AS c
WHERE c.entries >= 20 AND c.entries >= 5 * c.earlier AND c.entries >= 0.2 * (SELECT sum(a.entries) FROM counted AS a)
ORDER BY c.entries DESC, c.template
LIMIT 3

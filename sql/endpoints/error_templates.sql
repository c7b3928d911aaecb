-- GET /analytics/errors: the faults of the window: messages at level error, with what differs masked.
-- Parameters: $hours and the columns of endpoints/window.sql, $points (periods of the trend), $limit; one of $source,
-- $package, $status_class and $config_hash may be set. One row per template, most frequent first. Slots of 5 minutes (of an hour beyond a week) that begin in the window count.
-- share: percent of all errors of the window; previousCount: one window earlier; firstSeen: the first one in the window
-- and the 30 days before it; isNew: none in those 30 days; trend: counts of $points equal periods, oldest first;
-- example: the first one in the window. Times in epoch ms. templates, total: all templates and errors of the window.
WITH slots AS (
    SELECT
        t.template,
        t.slot,
        t.entries,
        t.first_ts,
        t.last_ts,
        {
            'ts': t.first_ts, 'bucket': t.example_bucket, 'key': t.example_key, 'line': t.example_line,
            'message': t.example
        } AS example
    FROM error_templates AS t
    WHERE t.date BETWEEN CAST(CAST($window_start AS TIMESTAMP) - INTERVAL 30 DAYS AS DATE) AND CAST($window_end AS DATE)
        AND t.slot < $window_end
        AND t.dimension = CASE
            WHEN $source IS NOT NULL THEN 'source' WHEN $package IS NOT NULL THEN 'package'
            WHEN $status_class IS NOT NULL THEN 'status' WHEN $config_hash IS NOT NULL THEN 'config' ELSE 'all'
        END
        AND t.value = coalesce($source, $package, $status_class, $config_hash, '')
        -- The newest part in the finer slots, the history in the coarser ones.
        AND (
            (t.grain = 300 AND $hours <= 168 AND t.slot >= $previous_start)
            OR (t.grain = 3600 AND $hours > 168 AND t.slot >= $previous_start)
            OR (t.grain = 3600 AND t.slot < date_trunc('hour', CAST($previous_start AS TIMESTAMP)))
        )
),

templates AS (
    SELECT
        s.template,
        sum(s.entries) FILTER (WHERE s.slot >= $window_start) AS entries,
        coalesce(sum(s.entries) FILTER (WHERE s.slot >= $previous_start AND s.slot < $window_start), 0) AS earlier,
        min(s.first_ts) AS first_ts,
        max(s.last_ts) FILTER (WHERE s.slot >= $window_start) AS last_ts,
        min(s.example) FILTER (WHERE s.slot >= $window_start) AS example
    FROM slots AS s
    GROUP BY s.template
    HAVING sum(s.entries) FILTER (WHERE s.slot >= $window_start) > 0
),

periods AS (
    SELECT
        s.template,
        period_of(s.slot, $window_start, $window_end, $points) AS i,
        sum(s.entries) AS entries
    FROM slots AS s
    WHERE s.slot >= $window_start
    GROUP BY s.template, period_of(s.slot, $window_start, $window_end, $points)
),

ranked AS (
    SELECT
        t.template,
        t.entries,
        t.earlier,
        t.first_ts,
        t.last_ts,
        t.example,
        sum(t.entries) OVER () AS total,
        count(*) OVER () AS templates,
        row_number() OVER (ORDER BY t.entries DESC, t.template) AS place
    FROM templates AS t
),

trends AS (
    SELECT g.template, array_agg(CAST(coalesce(p.entries, 0) AS BIGINT) ORDER BY g.i) AS trend
    FROM (
        SELECT r.template, n.i
        FROM ranked AS r
        CROSS JOIN range(0, CAST($points AS BIGINT)) AS n (i)
        WHERE r.place <= $limit
    ) AS g
    LEFT JOIN periods AS p ON p.i = g.i AND p.template = g.template
    GROUP BY g.template
)

SELECT
    r.template,
    CAST(r.entries AS BIGINT) AS count,
    percentage(r.entries, r.total) AS share,
    CAST(r.earlier AS BIGINT) AS "previousCount",
    100.0 * (r.entries - r.earlier) / nullif(r.earlier, 0) AS change,
    epoch_millis(r.first_ts) AS "firstSeen",
    epoch_millis(r.last_ts) AS "lastSeen",
    r.first_ts >= $window_start AS "isNew",
    t.trend,
    {
        'message': r.example.message,
        'timestamp': epoch_millis(r.example.ts),
        'bucket': r.example.bucket,
        'objectKey': r.example."key",
        'line': r.example.line
    } AS example,
    r.templates,
    CAST(r.total AS BIGINT) AS total
FROM ranked AS r
JOIN trends AS t ON t.template = r.template
ORDER BY r.place

-- GET /analytics/errors: the faults of the window: messages at level error, with what differs masked.
-- Parameters: $hours and the columns of endpoints/window_slots.sql and window.sql, $points (periods of the trend), $limit; one of $source,
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
)

SELECT
    f.template, f.count, f.share, f."previousCount", f.change, f."firstSeen", f."lastSeen", f."isNew", f.trend, f.example, f.templates,
    f.total
FROM faults('slots', $window_start, $previous_start, $window_end, $points, $limit) AS f
ORDER BY f.place

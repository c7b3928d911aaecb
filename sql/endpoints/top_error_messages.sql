-- The five most frequent messages of entries at level error in the window; of equals, the first by text.
-- Parameters: the columns of endpoints/window_slots.sql and window.sql, the filters. At most five rows. With one filter they are templates
-- (macros/errors.sql) from the rollup by dimension, in slots of 5 minutes; with several, from the log rows, whose messages
-- are cut to 1,000 characters as those of the rollup are. What is read is one of the three queries, by the name of $reads: the others are not even bound.
WITH activity_messages AS (
    SELECT e.message, e.entries
    FROM errors AS e
    WHERE e.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND e.grain = $grain AND e.slot >= $window_start AND e.slot < $window_end
),

activity_by_messages AS (
    SELECT t.template AS message, t.entries
    FROM error_templates AS t
    WHERE t.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND t.grain = $grain AND t.slot >= $window_start AND t.slot < $window_end
        AND t.dimension = CASE
            WHEN $source IS NOT NULL THEN 'source' WHEN $package IS NOT NULL THEN 'package'
            WHEN $status_class IS NOT NULL THEN 'status' ELSE 'config'
        END
        AND t.value = coalesce($source, $package, $status_class, $config_hash)
),

logs_messages AS (
    SELECT substr(coalesce(l.message, ''), 1, 1000) AS message, l.weight AS entries
    FROM logs AS l
    WHERE l.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND l.ts >= $window_start AND l.ts < $window_end
        AND l.level = 'error'
        AND ($source IS NULL OR coalesce(l.source, 'unknown') = $source)
        AND ($package IS NULL OR l.package = $package)
        AND ($status_class IS NULL OR status_class(l.status) = $status_class)
        AND ($config_hash IS NULL OR coalesce(l.config_hash, 'unknown') = $config_hash)
)

SELECT
    m.message,
    CAST(sum(m.entries) AS BIGINT) AS count
FROM query_table($reads || '_messages') AS m
GROUP BY m.message
ORDER BY sum(m.entries) DESC, m.message
LIMIT 5

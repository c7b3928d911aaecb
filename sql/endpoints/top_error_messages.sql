-- The five most frequent messages of entries at level error in the window; of equals, the first by text.
-- Parameters: the columns of endpoints/window.sql, the filters. At most five rows. With one filter they are templates
-- (macros/errors.sql) from the rollup by dimension, in slots of 5 minutes; with several, from the log rows, whose messages
-- are cut to 1,000 characters as those of the rollup are. What is read is the view of sql/slots/ by the name of $reads.
SELECT
    m.message,
    CAST(sum(m.entries) AS BIGINT) AS count
FROM query_table($reads || '_messages') AS m
WHERE m.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
    AND m.ts >= $window_start AND m.ts < $window_end
    AND ($reads = 'logs' OR m.grain = $grain)
    AND ($reads <> 'activity_by' OR (
        m.dimension = CASE
            WHEN $source IS NOT NULL THEN 'source' WHEN $package IS NOT NULL THEN 'package'
            WHEN $status_class IS NOT NULL THEN 'status' ELSE 'config'
        END
        AND m.value = coalesce($source, $package, $status_class, $config_hash)
    ))
    AND ($reads <> 'logs' OR (
        ($source IS NULL OR m.source = $source)
        AND ($package IS NULL OR m.package = $package)
        AND ($status_class IS NULL OR m.status = $status_class)
        AND ($config_hash IS NULL OR m.config_hash = $config_hash)
    ))
GROUP BY m.message
ORDER BY sum(m.entries) DESC, m.message
LIMIT 5

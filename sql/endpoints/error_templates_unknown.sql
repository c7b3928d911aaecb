-- GET /analytics/errors of entries that name no source or no config hash (`unknown`), which the rollup does not have: as
-- endpoints/error_templates.sql, from the log rows, whose templates are made as rollups/error_templates.sql makes them.
-- Parameters: as there; $source or $config_hash is unknown.
WITH error_rows AS (
    SELECT
        l.ts,
        time_bucket(to_seconds(CASE WHEN $hours <= 168 THEN 300 ELSE 3600 END), l.ts) AS slot,
        l.weight,
        substr(coalesce(l.message, ''), 1, 1000) AS message,
        l.bucket,
        l.object_key,
        l.line
    FROM logs AS l
    WHERE l.date BETWEEN CAST(CAST($window_start AS TIMESTAMP) - INTERVAL 30 DAYS AS DATE) AND CAST($window_end AS DATE)
        AND l.level = 'error'
        AND ($source IS NULL OR coalesce(l.source, 'unknown') = $source)
        AND ($config_hash IS NULL OR coalesce(l.config_hash, 'unknown') = $config_hash)
),

slots AS (
    SELECT
        error_template(r.message) AS template,
        r.slot,
        r.weight AS entries,
        r.ts AS first_ts,
        r.ts AS last_ts,
        {'ts': r.ts, 'bucket': r.bucket, 'key': r.object_key, 'line': r.line, 'message': r.message} AS example
    FROM error_rows AS r
    WHERE r.slot < $window_end
)

SELECT
    f.template, f.count, f.share, f."previousCount", f.change, f."firstSeen", f."lastSeen", f."isNew", f.trend, f.example, f.templates,
    f.total
FROM faults('slots', $window_start, $previous_start, $window_end, $points, $limit) AS f
ORDER BY f.place

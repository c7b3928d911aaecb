-- An export of logs as CSV: the entries that match in one span of time, oldest first.
-- Parameters: as in endpoints/logs_export.sql. Grain: one entry; columns as in GET /logs?format=csv, time as ISO 8601
-- (UTC), timestamp in epoch ms. Cells of text are no formulas.
SELECT
    strftime(l.ts, '%Y-%m-%dT%H:%M:%S.%gZ') AS time,
    epoch_millis(l.ts) AS timestamp,
    l.level,
    no_formula(coalesce(l.source, 'unknown')) AS source,
    no_formula(coalesce(l.message, '')) AS message,
    no_formula(l.config_hash) AS "configHash",
    l.response_ms AS "responseMs",
    l.status,
    no_formula(l.method) AS method,
    no_formula(l.path) AS path,
    no_formula(l.package) AS package,
    no_formula(l.package_version) AS "packageVersion",
    no_formula(l.metadata) AS metadata,
    no_formula(l.object_key) AS "objectKey",
    l.line,
    no_formula(l.bucket) AS bucket
FROM logs AS l
WHERE l.date BETWEEN CAST($from_ts AS DATE) AND CAST($to_ts AS DATE)
    AND l.ts >= $from_ts AND l.ts < $to_ts
    AND ($start IS NULL OR l.ts >= $start)
    AND ($end IS NULL OR l.ts <= $end)
    AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
        $levels, $source, $config_hash, $q, $status, $method, $package, $min_response_ms)
    AND has_words(l.message, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2)
ORDER BY l.ts, l.object_key, l.bucket, l.line

-- An export of logs as NDJSON: the entries that match in one span of time, oldest first, each as one JSON text.
-- Parameters: as in endpoints/logs_export.sql. Grain: one entry; names and units as in GET /logs.
SELECT CAST(to_json({
    'timestamp': epoch_millis(l.ts),
    'level': l.level,
    'message': coalesce(l.message, ''),
    'source': coalesce(l.source, 'unknown'),
    'configHash': l.config_hash,
    'metadata': CAST(l.metadata AS JSON),
    'extra': CAST(l.extra AS JSON),
    'responseMs': l.response_ms,
    'status': l.status,
    'method': l.method,
    'path': l.path,
    'package': l.package,
    'packageVersion': l.package_version,
    'rawLevel': l.raw_level,
    'bucket': l.bucket,
    'objectKey': l.object_key,
    'line': l.line
}) AS VARCHAR) AS entry
FROM logs AS l
WHERE l.date BETWEEN CAST($from_ts AS DATE) AND CAST($to_ts AS DATE)
    AND l.ts >= $from_ts AND l.ts < $to_ts
    AND ($start IS NULL OR l.ts >= $start)
    AND ($end IS NULL OR l.ts <= $end)
    AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
        $levels, $source, $config_hash, $q, $status, $method, $package, $min_response_ms)
    AND has_words(l.message, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2)
ORDER BY l.ts, l.object_key, l.bucket, l.line

-- An export of logs as Parquet or Arrow: the entries that match in one span of time, oldest first.
-- Parameters: $from_ts (inclusive) and $to_ts (exclusive), the rest as in endpoints/logs_facets.sql.
-- Grain: one entry; columns and units as in tables/logs.sql.
SELECT
    l.ts, l.level, l.raw_level, l.message, l.source, l.config_hash, l.config_version, l.response_ms, l.status, l.method,
    l.path, l.package, l.package_version, l.client_ip, l.user_agent, l.bytes, l.weight, l.metadata, l.extra, l.stored_at,
    l.bucket, l.object_key, l.line
FROM logs AS l
WHERE l.date BETWEEN CAST($from_ts AS DATE) AND CAST($to_ts AS DATE)
    AND l.ts >= $from_ts AND l.ts < $to_ts
    AND ($start IS NULL OR l.ts >= $start)
    AND ($end IS NULL OR l.ts <= $end)
    AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
        $levels, $source, $config_hash, $q, $status, $method, $package, $min_response_ms)
    AND has_words(l.message, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2)
ORDER BY l.ts, l.object_key, l.bucket, l.line

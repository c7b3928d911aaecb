-- GET /logs: one page of the log viewer, oldest first.
-- Parameters: the span to look through, $from_ts (inclusive) to $to_ts (exclusive) and its dates $first_date and
-- $last_date (UTC); $start and $end (both inclusive), the filters of macros/log_matches.sql, the row that the last
-- page ended with ($after_ts, $after_bucket, $after_key, $after_line; null: the first page), $limit. At most $limit rows.
-- Units: times in epoch ms, after_ts with microseconds.
SELECT
    epoch_millis(l.ts) AS timestamp,
    l.level,
    coalesce(l.message, '') AS message,
    coalesce(l.source, 'unknown') AS source,
    l.config_hash AS "configHash",
    l.metadata,
    l.extra,
    l.response_ms AS "responseMs",
    l.status,
    l.method,
    l.path,
    l.package,
    l.package_version AS "packageVersion",
    l.raw_level AS "rawLevel",
    l.bucket,
    l.object_key AS "objectKey",
    l.line,
    epoch_us(l.ts) AS ts_us
FROM logs AS l
WHERE l.date BETWEEN $first_date AND $last_date
    AND l.ts >= $from_ts AND l.ts < $to_ts
    AND ($start IS NULL OR l.ts >= $start)
    AND ($end IS NULL OR l.ts <= $end)
    AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
        $levels, $source, $config_hash, $q, $status, $method, $package, $min_response_ms)
    AND has_words(l.message, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2)
    AND ($after_ts IS NULL OR l.ts > $after_ts
        OR (l.ts = $after_ts AND (l.object_key > $after_key
            OR (l.object_key = $after_key AND (l.bucket > $after_bucket
                OR (l.bucket = $after_bucket AND l.line > $after_line))))))
ORDER BY l.ts ASC, l.object_key ASC, l.bucket ASC, l.line ASC
LIMIT $limit

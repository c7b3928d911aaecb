-- GET /logs/context: the lines around one of an object, in the object's order.
-- Parameters: $bucket, $object_key, $from_line and $to_line (both inclusive), $first_date and $last_date (UTC dates that
-- the object's entries lie in). At most $to_line - $from_line + 1 rows; columns and units as in endpoints/logs_newest.sql.
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
    AND l.bucket = $bucket AND l.object_key = $object_key
    AND l.line BETWEEN $from_line AND $to_line
ORDER BY l.line

-- GET /quarantine: one page of the lines that could not be read, newest first.
-- Parameters: the filters of macros/quarantine.sql ($reason, $object, $since), the row that the last page ended with
-- ($after_at, $after_key, $after_bucket, $after_line; null: the first page), $limit. At most $limit + 1 rows: one more
-- tells that there is a next page.
-- Units: quarantinedAt in epoch ms, at_us in epoch microseconds; raw is the line's first 1,000 characters of rawLength.
SELECT
    q.bucket,
    q.object_key AS "objectKey",
    q.line,
    q.reason,
    substr(q.raw, 1, 1000) AS raw,
    length(q.raw) AS "rawLength",
    epoch_millis(q.quarantined_at) AS "quarantinedAt",
    epoch_us(q.quarantined_at) AS at_us
FROM quarantine AS q
WHERE quarantine_matches(q.reason, q.object_key, q.quarantined_at, $reason, $object, $since)
    AND ($after_at IS NULL OR q.quarantined_at < $after_at
        OR (q.quarantined_at = $after_at AND (q.object_key > $after_key
            OR (q.object_key = $after_key AND (q.bucket > $after_bucket
                OR (q.bucket = $after_bucket AND q.line > $after_line))))))
ORDER BY q.quarantined_at DESC, q.object_key, q.bucket, q.line
LIMIT CAST($limit AS BIGINT) + 1

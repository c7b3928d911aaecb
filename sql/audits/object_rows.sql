-- Objects of which the lake holds another number of rows than lines were read from them: too many, or too few that
-- no cleanup can have taken. A cleanup takes rows from before $cutoff_us (null when there was none), and quarantined
-- lines of any object.
-- Reads ledger_objects (bucket, object_key, accepted, rejected, first_us, last_us) and held_lines (bucket, object_key,
-- accepted: true of a log row, false of a quarantined line). Without $complete files are missing of which is told
-- elsewhere, and too few is no finding. Grain: one row per object; amounts in rows, times in epoch microseconds.
WITH held AS (
    SELECT
        h.bucket,
        h.object_key,
        count(*) FILTER (WHERE h.accepted) AS log_rows,
        count(*) FILTER (WHERE NOT h.accepted) AS quarantined
    FROM held_lines AS h
    GROUP BY h.bucket, h.object_key
)
SELECT
    o.bucket AS bucket,
    o.object_key AS object_key,
    o.accepted AS accepted,
    coalesce(h.log_rows, 0) AS log_rows,
    o.rejected AS rejected,
    coalesce(h.quarantined, 0) AS quarantined
FROM ledger_objects AS o
LEFT JOIN held AS h ON h.bucket = o.bucket AND h.object_key = o.object_key
WHERE h.log_rows > o.accepted
    OR h.quarantined > o.rejected
    OR $complete AND (
        coalesce(h.log_rows, 0) < o.accepted AND coalesce(o.first_us >= CAST($cutoff_us AS BIGINT), $cutoff_us IS NULL)
        OR coalesce(h.log_rows, 0) = 0 AND o.accepted > 0 AND o.last_us >= CAST($cutoff_us AS BIGINT)
        OR coalesce(h.quarantined, 0) < o.rejected AND $cutoff_us IS NULL
    )
ORDER BY 1, 2

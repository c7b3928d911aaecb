-- Objects of which the lake holds more rows than lines were read from them. Fewer is no finding: a cleanup took
-- some. Reads ledger_objects (bucket, object_key, accepted, rejected) and held_lines (bucket, object_key,
-- accepted: true of a log row, false of a quarantined line). Grain: one row per object; amounts in rows.
SELECT
    o.bucket AS bucket,
    o.object_key AS object_key,
    o.accepted AS accepted,
    count(*) FILTER (WHERE h.accepted) AS log_rows,
    o.rejected AS rejected,
    count(*) FILTER (WHERE NOT h.accepted) AS quarantined
FROM ledger_objects AS o
JOIN held_lines AS h ON h.bucket = o.bucket AND h.object_key = o.object_key
GROUP BY o.bucket, o.object_key, o.accepted, o.rejected
HAVING count(*) FILTER (WHERE h.accepted) > o.accepted OR count(*) FILTER (WHERE NOT h.accepted) > o.rejected
ORDER BY 1, 2

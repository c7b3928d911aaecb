-- Lines of objects that became more than one row: there must be none.
-- Reads audited_logs (log rows of one date). Grain: one row per bucket, object and line; rows is how often.
SELECT
    l.bucket AS bucket,
    l.object_key AS object_key,
    l.line AS line,
    count(*) AS rows
FROM audited_logs AS l
GROUP BY l.bucket, l.object_key, l.line
HAVING count(*) > 1
ORDER BY 1, 2, 3

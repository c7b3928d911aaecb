-- Objects with entries of a time that has not come yet: the clock of a writer is wrong, or the unit of its times.
-- Reads audited_logs (log rows of one date); $now is the clock (UTC). A day ahead is let pass.
-- Grain: one row per object; latest is its last time (UTC).
SELECT
    l.bucket AS bucket,
    l.object_key AS object_key,
    count(*) AS entries,
    max(l.ts) AS latest
FROM audited_logs AS l
WHERE l.ts > CAST($now AS TIMESTAMP) + INTERVAL 1 DAY
GROUP BY l.bucket, l.object_key
ORDER BY 1, 2

-- Which objects have lines in quarantine.
-- Parameters: the filters of macros/quarantine.sql ($reason, $object, $since), $limit. One row per object that has
-- matches, most lines first, at most $limit.
-- Units: newest in epoch ms.
SELECT
    q.bucket,
    q.object_key AS "objectKey",
    count(*) AS lines,
    epoch_millis(max(q.quarantined_at)) AS newest
FROM quarantine AS q
WHERE quarantine_matches(q.reason, q.object_key, q.quarantined_at, $reason, $object, $since)
GROUP BY q.bucket, q.object_key
ORDER BY lines DESC, q.object_key, q.bucket
LIMIT $limit

-- Why lines are in quarantine: how many of each kind of reason, in how many objects, and the newest.
-- Parameters: the filters of macros/quarantine.sql ($reason, $object, $since). One row per kind, most lines first.
-- Units: newest in epoch ms.
SELECT
    k.kind AS reason,
    count(*) AS lines,
    count(DISTINCT struct_pack(bucket := k.bucket, object_key := k.object_key)) AS objects,
    epoch_millis(max(k.quarantined_at)) AS newest
FROM (
    SELECT
        reason_kind(q.reason) AS kind,
        q.bucket,
        q.object_key,
        q.quarantined_at
    FROM quarantine AS q
    WHERE quarantine_matches(q.reason, q.object_key, q.quarantined_at, $reason, $object, $since)
) AS k
GROUP BY k.kind
ORDER BY lines DESC, reason

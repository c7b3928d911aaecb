-- One line of the quarantine, whole.
-- Parameters: $object (the key), $line (0 stands for the object itself), $bucket (null: any). A row per bucket.
-- Units: quarantinedAt in epoch ms.
SELECT
    q.bucket,
    q.object_key AS "objectKey",
    q.line,
    q.reason,
    q.raw,
    length(q.raw) AS "rawLength",
    epoch_millis(q.quarantined_at) AS "quarantinedAt"
FROM quarantine AS q
WHERE q.object_key = $object AND q.line = $line AND ($bucket IS NULL OR q.bucket = $bucket)
ORDER BY q.bucket

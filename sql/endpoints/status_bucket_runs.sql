-- `warehouse status`: the latest sync of each bucket, in the buckets' order, for a sync of several is a run of each.
-- Parameters: $buckets (the buckets of the settings; none stands for all that the runs know).
-- Units: times in epoch ms (finishedAt null while it runs or when it was killed), durationMs in milliseconds;
-- objects and entries are what the run committed, also one that failed.
SELECT
    l.run_id AS "runId",
    l.kind AS kind,
    l.bucket AS bucket,
    l.status AS status,
    epoch_millis(l.started_at) AS "startedAt",
    epoch_millis(l.finished_at) AS "finishedAt",
    epoch_millis(l.finished_at) - epoch_millis(l.started_at) AS "durationMs",
    l.objects AS objects,
    l.entries AS entries,
    l.rejected AS "rejectedLines",
    l.detail AS detail
FROM (
    SELECT r.*, row_number() OVER (PARTITION BY r.bucket ORDER BY r.started_at DESC, r.run_id DESC) AS age
    FROM runs AS r
    WHERE
        r.kind = 'sync'
        AND r.bucket IS NOT NULL
        AND (len($buckets) = 0 OR list_contains($buckets, r.bucket))
) AS l
WHERE l.age = 1
ORDER BY l.bucket

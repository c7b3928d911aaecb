-- `warehouse status`: the latest run but for compactions, which follow each sync; no row when there was none.
-- Units: times in epoch ms (finishedAt null while it runs or when it was killed), durationMs in milliseconds.
SELECT
    r.run_id AS "runId",
    r.kind AS kind,
    r.bucket AS bucket,
    r.status AS status,
    epoch_millis(r.started_at) AS "startedAt",
    epoch_millis(r.finished_at) AS "finishedAt",
    epoch_millis(r.finished_at) - epoch_millis(r.started_at) AS "durationMs",
    r.objects AS objects,
    r.entries AS entries,
    r.rejected AS "rejectedLines",
    r.detail AS detail
FROM runs AS r
WHERE r.kind <> 'compact'
ORDER BY r.started_at DESC, r.run_id DESC
LIMIT 1

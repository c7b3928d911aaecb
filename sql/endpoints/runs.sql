-- GET /runs and `warehouse runs`: the latest runs, newest first, with what they asked of the bucket.
-- Units: times in epoch ms (finishedAt null while it runs or when it was killed), durationMs in milliseconds,
-- sizes in bytes, dollars; operationsDollars is the run's own, storageDollars a month of storedBytes.
SELECT
    r.run_id AS "runId",
    r.kind AS kind,
    r.bucket AS bucket,
    r.status AS status,
    epoch_millis(r.started_at) AS "startedAt",
    epoch_millis(r.finished_at) AS "finishedAt",
    epoch_millis(r.finished_at) - epoch_millis(r.started_at) AS "durationMs",
    r.full_listing AS "fullListing",
    r.listed AS listed,
    r.listed_bytes AS "listedBytes",
    r.objects AS objects,
    r.replaced AS replaced,
    r.entries AS entries,
    r.rejected AS "rejectedLines",
    r.compressed_bytes AS "compressedBytes",
    r.downloaded_bytes AS "downloadedBytes",
    r.raw_bytes AS "rawBytes",
    r.class_a AS "classA",
    r.class_b AS "classB",
    r.retries AS retries,
    r.stored_bytes AS "storedBytes",
    r.operations_dollars AS "operationsDollars",
    r.storage_dollars AS "storageDollars",
    r.detail AS detail
FROM runs AS r
ORDER BY r.started_at DESC, r.run_id DESC
LIMIT $limit

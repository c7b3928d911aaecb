-- GET /analytics/predict: what is expected of the next $hours hours, all together.
-- Parameters: $starts (UTC, the first hour that counts), $hours, $issued (UTC, which forecast), $model. One row; zeros without a
-- forecast. Sums over the hours, in entries and MB; confidence is the mean of the hours' for the log entries, in percent.
SELECT
    CAST(round(coalesce(sum(f.value) FILTER (WHERE f.metric = 'logs'), 0)) AS BIGINT) AS "predictedLogs",
    CAST(round(coalesce(sum(f.value) FILTER (WHERE f.metric = 'errors'), 0)) AS BIGINT) AS "predictedErrors",
    megabytes(coalesce(sum(f.value) FILTER (WHERE f.metric = 'storage'), 0)) AS "predictedStorage",
    coalesce(avg(f.confidence) FILTER (WHERE f.metric = 'logs'), 0) AS confidence
FROM forecasts AS f
WHERE f.date = CAST($issued AS DATE) AND f.issued = $issued AND f.model = $model
    AND f.slot >= $starts AND f.slot < CAST($starts AS TIMESTAMP) + to_hours(CAST($hours AS INTEGER))

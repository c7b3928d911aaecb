-- GET /analytics/anomalies: what was unusual in the hours from $starts to before $ends (UTC).
-- Parameters: $metric, $subject (null: every one), $every (rows of any score too, not only anomalies), $limit. The latest first, the strongest
-- of an hour first. Units: entries, ms, MB; times in epoch ms; total counts all rows.
SELECT
    epoch_millis(a.slot) AS time,
    a.grain AS "grainSeconds",
    a.metric,
    nullif(a.subject, '') AS subject,
    CASE a.metric WHEN 'storage' THEN 'MB' WHEN 'logs' THEN 'entries' WHEN 'errors' THEN 'entries'
        WHEN 'newError' THEN 'entries' WHEN 'silence' THEN 'entries' WHEN 'downloads' THEN 'downloads' ELSE 'ms' END AS unit,
    CASE WHEN a.metric = 'storage' THEN megabytes(a.value) ELSE a.value END AS value,
    CASE WHEN a.metric = 'storage' THEN megabytes(a.usual) ELSE a.usual END AS usual,
    CASE WHEN a.metric = 'storage' THEN megabytes(a.expected_low) ELSE a.expected_low END AS "expectedLow",
    CASE WHEN a.metric = 'storage' THEN megabytes(a.expected_high) ELSE a.expected_high END AS "expectedHigh",
    a.signal,
    a.score,
    a.anomaly,
    epoch_millis(a.since) AS since,
    a.reason,
    count(*) OVER () AS total
FROM anomalies AS a
WHERE a.date BETWEEN CAST($starts AS DATE) AND CAST($ends AS DATE)
    AND a.slot >= $starts AND a.slot < $ends
    AND (a.anomaly OR coalesce($every, false))
    AND ($metric IS NULL OR a.metric = $metric)
    AND ($subject IS NULL OR a.subject = $subject)
ORDER BY a.slot DESC, a.score DESC, a.metric, a.subject
LIMIT CAST($limit AS BIGINT)

-- An alert rule over anomalies: the strongest score of each series that had one in the window, and whether it goes beyond the
-- threshold.
-- Parameters: $window_start, $window_end (UTC), $operator, $threshold. One row per metric and subject; value: 0 to 1.
SELECT
    a.metric || CASE WHEN a.subject = '' THEN '' ELSE ' ' || a.subject END AS name,
    max(a.score) AS value,
    breaches(max(a.score), $operator, CAST($threshold AS DOUBLE)) AS breached
FROM anomalies AS a
WHERE a.anomaly AND a.slot < $window_end AND a.slot + to_seconds(a.grain) > $window_start
    AND a.date BETWEEN CAST(CAST($window_start AS TIMESTAMP) - INTERVAL 1 DAY AS DATE) AND CAST($window_end AS DATE)
GROUP BY a.metric, a.subject
ORDER BY name

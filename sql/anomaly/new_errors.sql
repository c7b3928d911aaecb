-- Errors that were never seen before count as anomalies. Grain: template and the hour in which it came up. Parameters: $origin (UTC),
-- $version. Of the last 31 days; new is what was not there in the 14 days before, once there are 3 days of logs.
-- score: (1 + n) / (2 + n) for n entries in the hour.
WITH seen AS (
    SELECT
        t.template,
        t.slot,
        t.entries,
        lag(t.slot) OVER (PARTITION BY t.template ORDER BY t.slot) AS before
    FROM error_templates AS t
    WHERE t.date BETWEEN CAST($origin - INTERVAL 46 DAYS AS DATE) AND CAST($origin AS DATE)
        AND t.grain = 3600 AND t.dimension = 'all' AND t.slot < $origin
),

history AS (
    SELECT min(a.slot) AS starts
    FROM activity AS a
    WHERE a.grain = 3600 AND a.date BETWEEN CAST($origin - INTERVAL 46 DAYS AS DATE) AND CAST($origin AS DATE)
)

SELECT
    3600 AS grain,
    s.slot,
    'newError' AS metric,
    s.template AS subject,
    CAST(s.entries AS DOUBLE) AS value,
    0.0 AS usual,
    0.0 AS expected_low,
    0.0 AS expected_high,
    'new' AS signal,
    (1.0 + s.entries) / (2.0 + s.entries) AS score,
    true AS anomaly,
    s.slot AS since,
    $version AS version,
    format(
        'an error that was not seen in the {} days before: {} ({:,} in this hour)',
        least(14, date_diff('day', h.starts, s.slot)), s.template, CAST(s.entries AS BIGINT)
    ) AS reason
FROM seen AS s
CROSS JOIN history AS h
WHERE s.slot >= $origin - INTERVAL 31 DAYS
    AND h.starts <= s.slot - INTERVAL 3 DAYS
    AND (s.before IS NULL OR s.before < s.slot - INTERVAL 14 DAYS)

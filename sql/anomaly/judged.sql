-- Step 4 of the search for anomalies: which rows are some, and why, in words. Grain: series and row. Reads anomaly_scores and anomaly_input.
-- Parameter: $version.
-- An anomaly is a quarter stronger than the strongest before (score 0.5556), after a week of history (28 days for what is told by the
-- day); fewer errors and faster answers are none. Expected is what is usual give or take three units (distances.sql). since is the first
-- of the rows without a break, up to this one, that lie outside.
WITH ranges AS (
    SELECT
        s.*,
        a.metric,
        a.subject,
        a.grain,
        greatest(0, s.usual - 3 * s.unit) AS expected_low,
        s.usual + 3 * s.unit AS expected_high,
        s.usual IS NOT NULL AND s.y BETWEEN s.usual - 3 * s.unit AND s.usual + 3 * s.unit AS inside
    FROM anomaly_scores AS s
    JOIN anomaly_input AS a ON a.series = s.series AND a.i = s.i
),

runs AS (
    SELECT
        r.*,
        coalesce(max(CASE WHEN r.inside THEN r.i END) OVER (PARTITION BY r.series ORDER BY r.i), 0) AS last_inside
    FROM ranges AS r
),

sinces AS (
    SELECT
        r.*,
        CASE
            WHEN r.inside THEN r.slot
            ELSE min(CASE WHEN NOT r.inside THEN r.slot END) OVER (PARTITION BY r.series, r.last_inside)
        END AS since
    FROM runs AS r
)

SELECT
    s.grain,
    s.slot,
    s.metric,
    s.subject,
    s.y AS value,
    s.usual,
    s.expected_low,
    s.expected_high,
    s.signal,
    s.score,
    s.score >= 0.5556
    AND s.i > CASE WHEN s.grain = 86400 THEN 28 ELSE 168 END
    AND (s.metric NOT IN ('errors', 'responseTime', 'responseTimeMax', 'responseTimeMin') OR s.y > coalesce(s.usual, 0)) AS anomaly,
    s.since,
    $version AS version,
    format(
        '{} {}{}; expected {} to {}, usually {}{}',
        anomaly_title(s.metric, s.subject),
        metric_text(s.metric, s.y),
        CASE
            WHEN s.score < 0.5 THEN ''
            WHEN s.signal = 'point' THEN ': further from what this time of day usually has than ever before'
            WHEN s.signal = 'range' AND s.y > coalesce(s.usual, 0) THEN ': more than ever before'
            WHEN s.signal = 'range' THEN ': less than ever before'
            WHEN s.signal = 'weekday' AND isodow(s.slot) > 5
                THEN ': further from what weekends usually have than ever before'
            WHEN s.signal = 'weekday' THEN ': further from what weekdays usually have than ever before'
            WHEN s.grain = 86400 THEN ': the last three days together further off than ever before'
            ELSE ': the last three hours together further off than ever before'
        END,
        coalesce(metric_text(s.metric, s.expected_low), 'nothing known'),
        coalesce(metric_text(s.metric, s.expected_high), 'nothing known'),
        coalesce(metric_text(s.metric, s.usual), 'nothing known'),
        CASE WHEN s.since < s.slot THEN ', outside since ' || strftime(s.since, '%Y-%m-%d %H:%M') || ' UTC' ELSE '' END
    ) AS reason
FROM sinces AS s

-- GET /analytics/alerts: every enabled rule with its value over the window, and since when it fires.
-- Parameters: those of endpoints/window_slots.sql and window.sql, and their columns, and the rules as lists of the same length: $ids, $names,
-- $conditions, $thresholds, $inclusive (fires at the threshold too), $severities. One row per rule, the firing first.
-- The same window is looked at as it stood at each of 120 earlier moments, one window's length back in equal steps
-- (30 seconds for an hour, 12 minutes for a day): "since" is the first moment from which on the rule fired without
-- a break (at most one window ago), "lastTriggered" the last one at which it fired.
-- Units: epoch ms; values in the unit of the condition, systemHealth 0, 1 or 2.
WITH alert_rules AS (
    SELECT
        unnest(CAST($ids AS VARCHAR[])) AS id,
        unnest(CAST($names AS VARCHAR[])) AS name,
        unnest(CAST($conditions AS VARCHAR[])) AS condition,
        unnest(CAST($thresholds AS DOUBLE[])) AS threshold,
        unnest(CAST($inclusive AS BOOLEAN[])) AS inclusive,
        unnest(CAST($severities AS VARCHAR[])) AS severity
),

steps AS (
    SELECT n.i
    FROM range(0, 240) AS n (i)
),

activity_steps AS (
    SELECT
        CAST(floor((epoch_us(a.slot) - epoch_us(CAST($previous_start AS TIMESTAMP))) / ($hours * 30e6)) AS BIGINT) AS i,
        sum(a.entries) AS entries,
        sum(a.error) AS errors,
        sum(a.timed) AS timed,
        sum(a.response_ns) AS response_ns
    FROM activity AS a
    WHERE a.date BETWEEN CAST($previous_start AS DATE) AND CAST($window_end AS DATE)
        AND a.grain = $grain AND a.slot >= $previous_start AND a.slot < $window_end
    GROUP BY CAST(floor((epoch_us(a.slot) - epoch_us(CAST($previous_start AS TIMESTAMP))) / ($hours * 30e6)) AS BIGINT)
),

storage_steps AS (
    SELECT
        CAST(floor((epoch_us(s.slot) - epoch_us(CAST($previous_start AS TIMESTAMP))) / ($hours * 30e6)) AS BIGINT) AS i,
        sum(s.bytes) AS bytes
    FROM storage AS s
    WHERE s.month BETWEEN strftime(CAST($previous_start AS TIMESTAMP), '%Y-%m') AND strftime(CAST($window_end AS TIMESTAMP), '%Y-%m')
        AND s.grain = $grain AND s.slot >= $previous_start AND s.slot < $window_end
    GROUP BY CAST(floor((epoch_us(s.slot) - epoch_us(CAST($previous_start AS TIMESTAMP))) / ($hours * 30e6)) AS BIGINT)
),

running AS (
    SELECT
        t.i,
        sum(coalesce(a.entries, 0)) OVER w AS entries,
        sum(coalesce(a.errors, 0)) OVER w AS errors,
        sum(coalesce(a.timed, 0)) OVER w AS timed,
        sum(coalesce(a.response_ns, 0)) OVER w AS response_ns,
        sum(coalesce(s.bytes, 0)) OVER w AS bytes
    FROM steps AS t
    LEFT JOIN activity_steps AS a ON a.i = t.i
    LEFT JOIN storage_steps AS s ON s.i = t.i
    WINDOW w AS (ORDER BY t.i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),

-- The sums over one window are the differences of two running sums.
windows AS (
    SELECT
        CAST($previous_start AS TIMESTAMP) + to_microseconds(CAST(round((r.i + 1) * $hours * 30e6) AS BIGINT)) AS ends,
        r.entries - e.entries AS entries,
        r.errors - e.errors AS errors,
        r.timed - e.timed AS timed,
        r.response_ns - e.response_ns AS response_ns,
        r.bytes - e.bytes AS bytes
    FROM running AS r
    JOIN running AS e ON e.i = r.i - 120
),

figures AS (
    SELECT
        w.ends,
        percentage(w.errors, w.entries) AS error_rate,
        mean_ms(w.response_ns, w.timed) AS response_ms,
        megabytes(w.bytes) / $hours AS growth
    FROM windows AS w
),

tested AS (
    SELECT
        r.id,
        f.ends,
        CASE r.condition
            WHEN 'errorRate' THEN f.error_rate
            WHEN 'avgResponseTime' THEN f.response_ms
            WHEN 'storageGrowth' THEN f.growth
            ELSE health_level(f.error_rate, f.response_ms)
        END AS value,
        r.threshold,
        r.inclusive
    FROM alert_rules AS r
    CROSS JOIN figures AS f
),

judged AS (
    SELECT
        t.id,
        t.ends,
        t.value,
        t.value > t.threshold OR (t.inclusive AND t.value >= t.threshold) AS fires
    FROM tested AS t
),

history AS (
    SELECT
        j.id,
        max(j.ends) FILTER (WHERE j.fires) AS last_fired,
        max(j.ends) FILTER (WHERE NOT j.fires)
            + to_microseconds(CAST(round($hours * 30e6) AS BIGINT)) AS next_step,
        min(j.ends) AS looked_back_to,
        max(j.value) FILTER (WHERE j.ends = $window_end) AS value,
        coalesce(bool_or(j.fires) FILTER (WHERE j.ends = $window_end), false) AS fires
    FROM judged AS j
    GROUP BY j.id
)

SELECT
    r.id,
    r.name,
    r.condition,
    r.threshold,
    true AS enabled,
    h.fires AS triggered,
    epoch_millis(h.last_fired) AS "lastTriggered",
    CAST(h.value AS DOUBLE) AS value,
    CASE WHEN h.fires THEN epoch_millis(coalesce(h.next_step, h.looked_back_to)) END AS since,
    r.severity
FROM alert_rules AS r
JOIN history AS h ON h.id = r.id
ORDER BY h.fires DESC, r.severity, r.id

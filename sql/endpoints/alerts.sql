-- GET /analytics/alerts: every enabled rule with its value over the window, and since when it fires.
-- Parameters: those of endpoints/window.sql and its columns. One row per rule, the firing ones first.
-- The same window is looked at as it stood at each earlier slot, one window's length back: "since" is the first
-- slot end from which on the rule fired without a break (at most one window ago), "lastTriggered" the last slot
-- end at which it fired. Units: epoch ms; values as in views/alert_rules.sql.
WITH slots AS (
    SELECT CAST($previous_start AS TIMESTAMP) + to_microseconds(CAST(n.i * $grain * 1000000 AS BIGINT)) AS slot
    FROM range(0, CAST(round(2 * $hours * 3600 / $grain) AS BIGINT)) AS n (i)
),

activity_slots AS (
    SELECT a.slot, a.entries, a.error, a.timed, a.response_ns
    FROM activity AS a
    WHERE a.date BETWEEN CAST($previous_start AS DATE) AND CAST($window_end AS DATE)
        AND a.grain = $grain AND a.slot >= $previous_start AND a.slot < $window_end
),

storage_slots AS (
    SELECT s.slot, sum(s.bytes) AS bytes
    FROM storage AS s
    WHERE s.month BETWEEN strftime(CAST($previous_start AS TIMESTAMP), '%Y-%m') AND strftime(CAST($window_end AS TIMESTAMP), '%Y-%m')
        AND s.grain = $grain AND s.slot >= $previous_start AND s.slot < $window_end
    GROUP BY s.slot
),

running AS (
    SELECT
        t.slot,
        sum(CAST(coalesce(a.entries, 0) AS DOUBLE)) OVER w AS entries,
        sum(CAST(coalesce(a.error, 0) AS DOUBLE)) OVER w AS errors,
        sum(CAST(coalesce(a.timed, 0) AS DOUBLE)) OVER w AS timed,
        sum(CAST(coalesce(a.response_ns, 0) AS DOUBLE)) OVER w AS response_ns,
        sum(CAST(coalesce(s.bytes, 0) AS DOUBLE)) OVER w AS bytes
    FROM slots AS t
    LEFT JOIN activity_slots AS a ON a.slot = t.slot
    LEFT JOIN storage_slots AS s ON s.slot = t.slot
    WINDOW w AS (ORDER BY t.slot ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),

-- The sums over one window are the differences of two running sums.
windows AS (
    SELECT
        r.slot + to_seconds($grain) AS ends,
        r.entries - e.entries AS entries,
        r.errors - e.errors AS errors,
        r.timed - e.timed AS timed,
        r.response_ns - e.response_ns AS response_ns,
        r.bytes - e.bytes AS bytes
    FROM running AS r
    JOIN running AS e ON e.slot = r.slot - to_microseconds(CAST(round($hours * 3600000000) AS BIGINT))
),

figures AS (
    SELECT
        w.ends,
        percent(w.errors, w.entries) AS error_rate,
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
    WHERE r.enabled
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
        max(j.ends) FILTER (WHERE NOT j.fires) AS last_quiet,
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
    CAST(r.threshold AS DOUBLE) AS threshold,
    r.enabled,
    h.fires AS triggered,
    epoch_millis(h.last_fired) AS "lastTriggered",
    CAST(h.value AS DOUBLE) AS value,
    CASE WHEN h.fires THEN epoch_millis(coalesce(h.last_quiet + to_seconds($grain), h.looked_back_to)) END AS since,
    r.severity
FROM alert_rules AS r
JOIN history AS h ON h.id = r.id
ORDER BY h.fires DESC, r.severity, r.id

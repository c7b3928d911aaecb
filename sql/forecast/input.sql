-- What a forecast is made of: the last 720 whole hours of each metric, from the first with an entry on. Grain: series (logs, errors,
-- responseTime, storage) and hour; t = 1, 2, …; y in the units of the view hourly. Parameter: $origin (UTC, where the history ends).
-- An hour without entries is 0, except where it must be a gap in the logs: where this hour of the day usually has 10 entries
-- and more, y is NULL. So is a response time where nothing was timed. Series without any value and histories of less than 3 hours have no row.
WITH found AS (
    SELECT h.slot, h.metric, h.value
    FROM hourly AS h
    WHERE h.date BETWEEN CAST($origin - INTERVAL 720 HOURS AS DATE) AND CAST($origin AS DATE)
        AND h.slot >= $origin - INTERVAL 720 HOURS AND h.slot < $origin
        AND h.metric IN ('logs', 'errors', 'responseTime', 'storage')
),

starts AS (
    SELECT min(f.slot) AS starts
    FROM found AS f
    WHERE f.metric = 'logs'
),

hours AS (
    SELECT CAST(n.i + 1 AS INTEGER) AS t, s.starts + to_hours(CAST(n.i AS INTEGER)) AS slot
    FROM starts AS s
    JOIN range(0, 720) AS n (i) ON s.starts + to_hours(CAST(n.i AS INTEGER)) < $origin
    WHERE s.starts <= $origin - INTERVAL 3 HOURS
),

entries AS (
    SELECT
        h.t,
        f.value IS NULL
        AND median(coalesce(f.value, 0)) OVER (PARTITION BY h.t % 24) >= 10 AS gap
    FROM hours AS h
    LEFT JOIN found AS f ON f.slot = h.slot AND f.metric = 'logs'
)

SELECT
    m.metric AS series,
    h.t,
    h.slot,
    CASE
        WHEN f.value IS NOT NULL THEN greatest(0, f.value)
        WHEN e.gap OR m.metric = 'responseTime' THEN NULL
        ELSE 0.0
    END AS y
FROM hours AS h
JOIN entries AS e ON e.t = h.t
CROSS JOIN (SELECT DISTINCT d.metric FROM found AS d) AS m
LEFT JOIN found AS f ON f.slot = h.slot AND f.metric = m.metric

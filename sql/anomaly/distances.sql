-- Step 2 of the search for anomalies: how far from usual each row is. Grain: series and row. Reads anomaly_usual.
-- Parameter: $smoothing (rows). point and kind are absolute differences from what is usual at this hour, and at this hour on such
-- days; shift is the mean of the last rows' differences, in units of the usual deviation, so that hours that are all a
-- little off add up. tolerance is what may always happen: three standard deviations of a Poisson distribution where things are counted,
-- else a tenth of what is usual.
WITH points AS (
    SELECT
        u.*,
        CASE WHEN u.seen >= $smoothing // 3 THEN abs(u.y - u.usual) END AS point,
        CASE WHEN u.seen_kind >= $smoothing // 3 THEN abs(u.y - u.usual_kind) END AS kind
    FROM anomaly_usual AS u
),

units AS (
    SELECT
        p.*,
        p.deviation
        + 0.5 * coalesce(
            median(p.point) OVER (PARTITION BY p.series ORDER BY p.i ROWS BETWEEN 2000 PRECEDING AND 1 PRECEDING), 0
        )
        + 0.05 * p.spread + 1e-12 AS unit
    FROM points AS p
)

SELECT
    u.series,
    u.i,
    u.slot,
    u.y,
    u.usual,
    u.unit,
    u.highest,
    u.lowest,
    CASE
        WHEN u.metric IN ('logs', 'errors', 'downloads') THEN 3 * sqrt(greatest(0, coalesce(u.usual, u.y)) + 1)
        ELSE 0.1 * abs(coalesce(u.usual, u.y))
    END AS tolerance,
    u.point,
    u.kind,
    abs(
        avg(CASE WHEN u.point IS NOT NULL THEN (u.y - u.usual) / u.unit END) OVER (
            PARTITION BY u.series ORDER BY u.i ROWS BETWEEN $smoothing - 1 PRECEDING AND CURRENT ROW
        )
    ) AS shift
FROM units AS u

-- Step 3 of the search for anomalies: how each row compares with the records before it. Grain: series and row. Reads
-- anomaly_distances. Parameters: $memory (rows that a record is remembered), $refractory (rows that a record silences
-- lesser ones).
-- Each strength is a distance divided by the largest one before, or by what may always happen (tolerance) where that is more: 1
-- equals the record, 2 is twice as far. beyond is how far a value lies outside all values before and what may always happen, in
-- units of their range, plus 1. strength is the greatest, 50 at most; score is strength / (1 + strength), 0.5 at a record, and 0
-- within $refractory rows of a row that was stronger.
WITH strengths AS (
    SELECT
        d.series,
        d.i,
        d.slot,
        d.y,
        d.usual,
        d.unit,
        strength_over(d.point, max(d.point) OVER remembered, d.tolerance) AS point,
        strength_over(d.shift, max(d.shift) OVER remembered, d.tolerance / d.unit) AS shift,
        strength_over(d.kind, max(d.kind) OVER past, d.tolerance) AS kind,
        coalesce(
            1
            + (greatest(d.y - d.highest, d.lowest - d.y) - d.tolerance)
            / nullif(greatest(d.highest - d.lowest, d.tolerance), 0),
            0
        ) AS beyond
    FROM anomaly_distances AS d
    WINDOW
        remembered AS (PARTITION BY d.series ORDER BY d.i ROWS BETWEEN $memory PRECEDING AND 1 PRECEDING),
        past AS (PARTITION BY d.series ORDER BY d.i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),

strongest AS (
    SELECT s.*, least(50, greatest(s.point, s.shift, s.beyond, s.kind)) AS strength
    FROM strengths AS s
)

SELECT
    t.series,
    t.i,
    t.slot,
    t.y,
    t.usual,
    t.unit,
    t.strength,
    CASE t.strength
        WHEN least(50, t.point) THEN 'point'
        WHEN least(50, t.beyond) THEN 'range'
        WHEN least(50, t.kind) THEN 'weekday'
        ELSE 'shift'
    END AS signal,
    CASE
        WHEN t.strength > coalesce(
            max(t.strength) OVER (PARTITION BY t.series ORDER BY t.i ROWS BETWEEN $refractory PRECEDING AND 1 PRECEDING), 0
        )
            THEN t.strength / (1 + t.strength)
        ELSE 0
    END AS score
FROM strongest AS t

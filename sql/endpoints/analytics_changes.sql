-- The change of every figure of GET /analytics against one window earlier.
-- Parameters: $names (list), $current and $previous (lists of the figures in the same order; null where there is none).
-- One row per figure, in the same order. difference in the figure's own unit (percentage points for rates); percent:
-- relative to the earlier figure, null where that is 0 or null.
SELECT
    c.name,
    c.current - c.previous AS difference,
    100.0 * (c.current - c.previous) / nullif(c.previous, 0) AS percent
FROM (
    SELECT
        unnest(CAST($names AS VARCHAR[])) AS name,
        unnest(CAST($current AS DOUBLE[])) AS current,
        unnest(CAST($previous AS DOUBLE[])) AS previous,
        unnest(range(len(CAST($names AS VARCHAR[])))) AS i
) AS c
ORDER BY c.i

-- Step 1 of a forecast: the hours without an observation filled, for fitting only. Reads forecast_input
-- (series, t = 1, 2, … hours without a hole, y or NULL). Grain: series and hour.
-- A hole takes the value of the same hour of the last day that has one, else of the next such day, else the last
-- value known. `observed` tells which hours may be scored.
SELECT
    i.series,
    i.t,
    i.y IS NOT NULL AS observed,
    coalesce(
        i.y,
        last_value(i.y IGNORE NULLS) OVER same_hour,
        first_value(i.y IGNORE NULLS) OVER same_hour_later,
        last_value(i.y IGNORE NULLS) OVER before,
        0
    ) AS y
FROM forecast_input AS i
WINDOW
    same_hour AS (PARTITION BY i.series, i.t % 24 ORDER BY i.t ROWS UNBOUNDED PRECEDING),
    same_hour_later AS (PARTITION BY i.series, i.t % 24 ORDER BY i.t ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
    before AS (PARTITION BY i.series ORDER BY i.t ROWS UNBOUNDED PRECEDING)

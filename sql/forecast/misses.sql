-- Step 12 of a forecast: by how much the backtest missed, in units of the spread. Grain: series, model, origin and hour
-- ahead that was observed. Reads forecast_combined and forecast_spread.
-- A forecast does not know its own error, so what is missed from an origin is measured by the errors of the other origins: the spread
-- times `others`, their mean absolute error over that of all, at least a half; 1 where there is no other origin.
WITH origins AS (
    SELECT
        c.series,
        c.model,
        c.origin,
        sum(abs(c.error)) AS error,
        count(c.error) AS hours,
        sum(sum(abs(c.error))) OVER whole AS all_errors,
        sum(count(c.error)) OVER whole AS all_hours
    FROM forecast_combined AS c
    WHERE c.error IS NOT NULL
    GROUP BY c.series, c.model, c.origin
    WINDOW whole AS (PARTITION BY c.series, c.model)
)

SELECT
    c.series,
    c.model,
    c.origin,
    c.ahead,
    c.x,
    c.error,
    c.error / s.spread / greatest(0.5, coalesce(
        (o.all_errors - o.error) / nullif(o.all_hours - o.hours, 0) / nullif(o.all_errors / o.all_hours, 0), 1
    )) AS miss
FROM forecast_combined AS c
JOIN forecast_spread AS s ON s.series = c.series AND s.model = c.model AND s.ahead = c.ahead
JOIN origins AS o ON o.series = c.series AND o.model = c.model AND o.origin = c.origin
WHERE c.error IS NOT NULL

-- Step 11 of a forecast: how wide it has to be, by hours ahead. Grain: series, model and hour ahead. Reads
-- forecast_combined.
-- The mean absolute error (of ln(1 + y)) of the backtest at about so many hours ahead, and never less than 0.2 divided by
-- the hours of history, because few hours that agree prove little. Beyond the longest way ahead that could be tried it
-- grows with the square root of the hours, as that of a random walk.
WITH errors AS (
    SELECT c.series, c.model, c.ahead, sum(abs(c.error)) AS error, count(c.error) AS hours
    FROM forecast_combined AS c
    GROUP BY c.series, c.model, c.ahead
),

longest AS (
    SELECT e.series, e.model, max(e.ahead) AS ahead
    FROM errors AS e
    WHERE e.hours > 0
    GROUP BY e.series, e.model
),

wanted AS (
    SELECT c.series, c.model, c.origin, c.ahead, least(c.ahead, l.ahead) AS tried
    FROM forecast_combined AS c
    JOIN longest AS l ON l.series = c.series AND l.model = c.model
    WHERE c.cut = 0
)

SELECT
    w.series,
    w.model,
    w.ahead,
    sqrt(w.ahead / w.tried) * greatest(sum(e.error) / sum(e.hours), 0.2 / w.origin) AS spread
FROM wanted AS w
JOIN errors AS e ON e.series = w.series AND e.model = w.model AND abs(e.ahead - w.tried) <= 1 + w.tried / 4
GROUP BY w.series, w.model, w.origin, w.ahead, w.tried
HAVING sum(e.hours) > 0

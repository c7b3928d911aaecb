-- Step 9 of a forecast: how much each model counts, by hours ahead. Grain: series, model and hour ahead. Reads
-- forecast_paths.
-- The weight is the inverse square of the mean absolute error (of ln(1 + y)) that the model made in the backtest at
-- about so many hours ahead (Bates and Granger, 1969). The straight line takes no part: it made every ensemble worse.
WITH errors AS (
    SELECT p.series, p.model, p.ahead, sum(abs(p.came - p.x)) AS error, count(p.came) AS hours
    FROM forecast_paths AS p
    WHERE p.cut > 0
    GROUP BY p.series, p.model, p.ahead
),

longest AS (
    SELECT e.series, max(e.ahead) AS ahead
    FROM errors AS e
    WHERE e.hours > 0
    GROUP BY e.series
),

wanted AS (
    SELECT p.series, p.model, p.ahead, least(p.ahead, l.ahead) AS tried
    FROM forecast_paths AS p
    JOIN longest AS l ON l.series = p.series
    WHERE p.cut = 0
)

SELECT
    w.series,
    w.model,
    w.ahead,
    1 / pow(sum(e.error) / sum(e.hours) + 1e-6, 2) AS weight
FROM wanted AS w
JOIN errors AS e ON e.series = w.series AND e.model = w.model AND abs(e.ahead - w.tried) <= 2 + w.tried / 2
GROUP BY w.series, w.model, w.ahead
HAVING sum(e.hours) > 0

-- Step 11 of a forecast: what is told, hour by hour: the ensemble, which is the weighted mean of the models, and two
-- models by themselves to compare it with. Grain: series, model, origin and hour ahead; values as ln(1 + y). Reads
-- forecast_paths and forecast_weights. error is what the backtest found; NULL for hours to come and hours without an
-- observation.
SELECT
    p.series,
    'ensemble' AS model,
    p.cut,
    p.origin,
    p.ahead,
    sum(w.weight * p.x) / sum(w.weight) AS x,
    any_value(p.came) - sum(w.weight * p.x) / sum(w.weight) AS error
FROM forecast_paths AS p
JOIN forecast_weights AS w ON w.series = p.series AND w.model = p.model AND w.ahead = p.ahead
GROUP BY p.series, p.cut, p.origin, p.ahead

UNION ALL

SELECT p.series, p.model, p.cut, p.origin, p.ahead, p.x, p.came - p.x AS error
FROM forecast_paths AS p
WHERE p.model IN ('linear', 'same-hour-yesterday')

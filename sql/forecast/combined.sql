-- Step 10 of a forecast: what is told, hour by hour: the ensemble, which is the weighted mean of the models, and two
-- models by themselves to compare it with. Grain: series, model, origin and hour ahead; values as ln(1 + y). Reads
-- forecast_paths, forecast_weights, forecast_lines and forecast_samples. Parameter: $horizon (hours). error is what the
-- backtest found; NULL for hours to come and hours without an observation.
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
WHERE p.model = 'same-hour-yesterday'

UNION ALL

SELECT v.series, 'linear' AS model, v.cut, v.origin, v.ahead, v.x, v.came - v.x AS error
FROM (
    SELECT
        l.series,
        l.cut,
        l.origin,
        CAST(h.ahead AS INTEGER) AS ahead,
        ln(1 + greatest(0, l.intercept + l.slope * h.ahead)) AS x,
        s.came[l.origin + h.ahead] AS came
    FROM forecast_lines AS l
    JOIN forecast_samples AS s ON s.series = l.series AND s.cut = l.cut
    JOIN range(1, $horizon + 1) AS h (ahead) ON l.cut = 0 OR h.ahead <= least(48, s.n - l.origin)
) AS v

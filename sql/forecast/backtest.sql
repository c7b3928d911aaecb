-- Step 16 of a forecast: how the backtest went. Grain: series and model. Reads forecast_misses, forecast_edges
-- and forecast_samples.
-- mase: the mean absolute error, divided by that of "as in the same hour yesterday" over the history (Hyndman and
-- Koehler, 2006; of "as in the hour before" where there are less than 49 hours). smape: percent, 0 to 200. coverage80 and
-- coverage95: the share of values, in percent, within intervals whose edges come from the other origins.
WITH tested AS (
    SELECT
        m.series,
        m.model,
        greatest(0, exp(m.x) - 1) AS y,
        exp(m.x + m.error) - 1 AS came,
        abs(m.miss) <= e.edge80 AS within80,
        abs(m.miss) <= e.edge95 AS within95
    FROM forecast_misses AS m
    LEFT JOIN forecast_edges AS e ON e.series = m.series AND e.model = m.model AND e.origin = m.origin
),

scales AS (
    SELECT
        s.series,
        list_avg(list_transform(
            range(CASE WHEN s.n >= 49 THEN 24 ELSE 1 END, s.n),
            lambda i: abs(s.y[i + 1] - s.y[i + 1 - CASE WHEN s.n >= 49 THEN 24 ELSE 1 END])
        )) AS scale
    FROM forecast_samples AS s
    WHERE s.cut = 0
)

SELECT
    t.series,
    t.model,
    count(*) AS hours,
    avg(abs(t.came - t.y)) / nullif(any_value(s.scale), 0) AS mase,
    200 * avg(coalesce(abs(t.came - t.y) / nullif(t.came + t.y, 0), 0)) AS smape,
    100 * avg(CAST(t.within80 AS INTEGER)) AS coverage80,
    100 * avg(CAST(t.within95 AS INTEGER)) AS coverage95
FROM tested AS t
JOIN scales AS s ON s.series = t.series
GROUP BY t.series, t.model

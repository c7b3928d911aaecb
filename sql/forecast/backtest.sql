-- Step 17 of a forecast: how the backtest went. Grain: series and model. Reads forecast_misses, forecast_edges,
-- forecast_cleaned and forecast_samples.
-- mase: the mean absolute error, divided by that of "as in the same hour yesterday" over the history (Hyndman and
-- Koehler, 2006; of "as in the hour before" where there are less than 49 hours). smape: percent, 0 to 200. coverage80 and
-- coverage95: the share of values, in percent, within intervals whose edges come from the other origins.
WITH tested AS (
    SELECT m.series, m.model, m.origin, m.miss, greatest(0, exp(m.x) - 1) AS y, exp(m.x + m.error) - 1 AS came
    FROM forecast_misses AS m
),

scales AS (
    SELECT d.series, avg(d.step) AS scale
    FROM (
        SELECT
            c.series,
            abs(c.y - lag(c.y, CASE WHEN s.n >= 49 THEN 24 ELSE 1 END) OVER (PARTITION BY c.series ORDER BY c.t)) AS step
        FROM forecast_cleaned AS c
        JOIN forecast_samples AS s ON s.series = c.series AND s.cut = 0
    ) AS d
    GROUP BY d.series
),

origins AS (
    SELECT DISTINCT t.series, t.model, t.origin
    FROM tested AS t
),

others AS (
    SELECT
        o.series,
        o.model,
        o.origin,
        interval_edge(quantile_cont(abs(t.miss), 0.80), 1.6, count(DISTINCT t.origin)) AS edge80,
        interval_edge(quantile_cont(abs(t.miss), 0.95), 2.8, count(DISTINCT t.origin)) AS edge95
    FROM origins AS o
    JOIN tested AS t ON t.series = o.series AND t.model = o.model AND t.origin <> o.origin
    GROUP BY o.series, o.model, o.origin
)

SELECT
    t.series,
    t.model,
    count(*) AS hours,
    avg(abs(t.came - t.y)) / nullif(any_value(s.scale), 0) AS mase,
    200 * avg(coalesce(abs(t.came - t.y) / nullif(t.came + t.y, 0), 0)) AS smape,
    100.0 * count(*) FILTER (WHERE abs(t.miss) <= o.edge80) / nullif(count(o.edge80), 0) AS coverage80,
    100.0 * count(*) FILTER (WHERE abs(t.miss) <= o.edge95) / nullif(count(o.edge95), 0) AS coverage95
FROM tested AS t
LEFT JOIN scales AS s ON s.series = t.series
LEFT JOIN others AS o ON o.series = t.series AND o.model = t.model AND o.origin = t.origin
GROUP BY t.series, t.model

-- Step 13 of a forecast: how many spreads its intervals reach. Grain: series, model and origin. Reads forecast_misses
-- and forecast_origins. What is told from an origin rests on the misses from the others: from the end of the history on all.
-- The quantiles of the backtest's misses (split conformal prediction, normalised; Lei et al., 2018), at least those of a
-- distribution a little heavier than the normal one, and a little wider for few origins. widening is how much wider the misses are
-- taken to be where the confidence is reckoned.
SELECT
    m.series,
    m.model,
    o.origin,
    interval_edge(quantile_cont(abs(m.miss), 0.80), 1.6, count(DISTINCT m.origin)) AS edge80,
    interval_edge(quantile_cont(abs(m.miss), 0.95), 2.8, count(DISTINCT m.origin)) AS edge95,
    1 + 0.12 / sqrt(count(DISTINCT m.origin)) AS widening
FROM forecast_misses AS m
JOIN forecast_origins AS o ON o.series = m.series AND o.origin <> m.origin
GROUP BY m.series, m.model, o.origin

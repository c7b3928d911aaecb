-- Step 14 of a forecast: how many spreads its intervals reach. Grain: series and model. Reads forecast_misses.
-- The quantiles of the backtest's misses (split conformal prediction, normalised; Lei et al., 2018), at least those of a
-- distribution a little heavier than the normal one, and a little wider for few origins. widening is how much wider the misses are
-- taken to be where the confidence is reckoned.
SELECT
    m.series,
    m.model,
    (1 + 0.25 / sqrt(count(DISTINCT m.origin))) * greatest(1.6, quantile_cont(abs(m.miss), 0.80)) AS edge80,
    (1 + 0.25 / sqrt(count(DISTINCT m.origin))) * greatest(2.8, quantile_cont(abs(m.miss), 0.95)) AS edge95,
    1 + 0.12 / sqrt(count(DISTINCT m.origin)) AS widening
FROM forecast_misses AS m
GROUP BY m.series, m.model

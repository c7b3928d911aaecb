-- Step 12 of a forecast: by how much the backtest missed, in units of the spread. Grain: series, model, origin and hour
-- ahead that was observed. Reads forecast_combined and forecast_spread.
SELECT c.series, c.model, c.origin, c.ahead, c.x, c.error, c.error / s.spread AS miss
FROM forecast_combined AS c
JOIN forecast_spread AS s ON s.series = c.series AND s.model = c.model AND s.ahead = c.ahead
WHERE c.error IS NOT NULL

-- Step 15 of a forecast: the values to come, with their intervals. Grain: series, model and hour ahead; values in the
-- series' own unit, never below zero. Reads forecast_told, forecast_misses and forecast_lines.
-- confidence: the share of the backtest's misses, in percent, with which the value to come would lie within a factor 1.2 of
-- the forecast; one hit and one failure more than were seen, so that few trials make nobody sure. The intervals of the
-- straight line are the textbook's prediction intervals: value ± t × residual × sqrt(1 + 1/n + distance² / squares)
-- (Draper and Smith, Applied Regression Analysis, 3.1).
WITH tries AS (
    SELECT
        t.series,
        t.model,
        t.ahead,
        100.0 * (count(*) FILTER (WHERE m.miss BETWEEN t.least_miss AND t.most_miss) + 1) / (count(*) + 2) AS confidence
    FROM forecast_told AS t
    JOIN forecast_misses AS m ON m.series = t.series AND m.model = t.model
    GROUP BY t.series, t.model, t.ahead
),

edges AS (
    SELECT
        t.series,
        t.model,
        t.ahead,
        t.x,
        t.y,
        t.edge80,
        t.edge95,
        line_error(l.residual, l.hours, l.middle, l.squares, t.ahead) AS error,
        l.t[1] AS t80,
        l.t[2] AS t95
    FROM forecast_told AS t
    LEFT JOIN forecast_lines AS l ON t.model = 'linear' AND l.series = t.series AND l.cut = 0
)

SELECT
    e.series,
    e.model,
    e.ahead,
    e.y AS value,
    greatest(0, coalesce(e.y - e.t80 * e.error, exp(e.x - e.edge80) - 1)) AS low80,
    coalesce(e.y + e.t80 * e.error, exp(e.x + e.edge80) - 1) AS high80,
    greatest(0, coalesce(e.y - e.t95 * e.error, exp(e.x - e.edge95) - 1)) AS low95,
    coalesce(e.y + e.t95 * e.error, exp(e.x + e.edge95) - 1) AS high95,
    t.confidence
FROM edges AS e
JOIN tries AS t ON t.series = e.series AND t.model = e.model AND t.ahead = e.ahead

-- Step 15 of a forecast: the values to come, with their intervals. Grain: series, model and hour ahead; values in the
-- series' own unit, never below zero. Reads forecast_combined, forecast_spread, forecast_edges and forecast_lines.
-- confidence: the share of the backtest's misses, in percent, with which the value to come would lie within a factor 1.2 of
-- the forecast; one hit and one failure more than were seen, so that few trials make nobody sure. The intervals of the
-- straight line are the textbook's prediction intervals: value ± t × residual × sqrt(1 + 1/n + distance² / squares)
-- (Draper and Smith, Applied Regression Analysis, 3.1).
WITH told AS (
    SELECT
        c.series,
        c.model,
        c.origin,
        c.ahead,
        c.x,
        s.spread,
        e.edge80,
        e.edge95,
        e.misses,
        greatest(0, exp(c.x) - 1) AS y
    FROM forecast_combined AS c
    JOIN forecast_spread AS s ON s.series = c.series AND s.model = c.model AND s.ahead = c.ahead
    JOIN forecast_edges AS e ON e.series = c.series AND e.model = c.model
    WHERE c.cut = 0
),

hits AS (
    SELECT
        t.*,
        len(list_filter(
            list_transform(t.misses, lambda v: greatest(0, exp(t.x + v * t.spread) - 1)),
            lambda y: greatest(y, t.y) <= 1.2 * least(y, t.y) + 1e-9
        )) AS hits
    FROM told AS t
)

SELECT
    h.series,
    h.model,
    h.origin,
    h.ahead,
    h.y AS value,
    greatest(0, coalesce(h.y - student_t(1.2816, l.hours - 2) * line_error(l.residual, l.hours, l.middle, l.squares, h.ahead), exp(h.x - h.spread * h.edge80) - 1))
        AS low80,
    greatest(0, coalesce(h.y + student_t(1.2816, l.hours - 2) * line_error(l.residual, l.hours, l.middle, l.squares, h.ahead), exp(h.x + h.spread * h.edge80) - 1))
        AS high80,
    greatest(0, coalesce(h.y - student_t(1.9600, l.hours - 2) * line_error(l.residual, l.hours, l.middle, l.squares, h.ahead), exp(h.x - h.spread * h.edge95) - 1))
        AS low95,
    greatest(0, coalesce(h.y + student_t(1.9600, l.hours - 2) * line_error(l.residual, l.hours, l.middle, l.squares, h.ahead), exp(h.x + h.spread * h.edge95) - 1))
        AS high95,
    100.0 * (h.hits + 1) / (len(h.misses) + 2) AS confidence
FROM hits AS h
LEFT JOIN forecast_lines AS l ON h.model = 'linear' AND l.series = h.series AND l.cut = 0

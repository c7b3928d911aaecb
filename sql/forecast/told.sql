-- Step 14 of a forecast: what is told and how uncertain it is. Grain: series, model and hour ahead; x as ln(1 + y). Reads
-- forecast_combined, forecast_spread and forecast_edges. The same hour of the day before is only compared with.
-- y: the value in the series' own unit, never below zero. edge80 and edge95: how far its intervals reach, as ln(1 + y). least_miss and
-- most_miss: with a miss (in spreads) between them the value to come lies within a factor 1.2 of y.
SELECT
    p.series,
    p.model,
    p.ahead,
    p.x,
    p.y,
    p.spread * p.edge80 AS edge80,
    p.spread * p.edge95 AS edge95,
    (ln(1 + p.y / 1.2) - p.x) / (p.spread * p.widening) - 1e-9 AS least_miss,
    (ln(1 + p.y * 1.2) - p.x) / (p.spread * p.widening) + 1e-9 AS most_miss
FROM (
    SELECT
        c.series,
        c.model,
        c.ahead,
        c.x,
        greatest(0, exp(c.x) - 1) AS y,
        s.spread,
        e.edge80,
        e.edge95,
        e.widening
    FROM forecast_combined AS c
    JOIN forecast_spread AS s ON s.series = c.series AND s.model = c.model AND s.ahead = c.ahead
    JOIN forecast_edges AS e ON e.series = c.series AND e.model = c.model AND e.origin = c.origin
    WHERE c.cut = 0 AND c.model <> 'same-hour-yesterday'
) AS p

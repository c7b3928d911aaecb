-- Step 3 of a forecast: each series twice, as ln(1 + y) in standard units: whole, to forecast from its end, and
-- without its last hours, to fit the models that the backtest then tries on them. Grain: series and cut. Reads
-- forecast_cleaned. Parameter: $holdout (hours; less of a short history: a quarter, and half where that is less than 72 hours,
-- but so few that 25 hours are left where they can be, because a daily rhythm takes that).
-- m is the last hour to fit on; tried is that of the backtest, by which the models are chosen, so that none forecasts
-- that was not tried. x has all n hours, mean is that of the two weeks before m; lowest and highest bound what a model
-- may say. y are the hours in the series' own unit, came those that were observed as ln(1 + y), the others NULL.
WITH lengths AS (
    SELECT
        c.series,
        CAST(count(*) AS INTEGER) AS n,
        CAST(least(
            $holdout,
            CASE
                WHEN count(*) BETWEEN 28 AND 49 THEN count(*) - 25
                ELSE greatest(count(*) // 4, least(count(*) // 2, 72))
            END
        ) AS INTEGER) AS held_out,
        list(c.y ORDER BY c.t) AS y,
        list(ln(1 + c.y) ORDER BY c.t) AS x,
        list(CASE WHEN c.observed THEN ln(1 + c.y) END ORDER BY c.t) AS came
    FROM forecast_cleaned AS c
    GROUP BY c.series
),

cuts AS (
    SELECT l.*, unnest(CASE WHEN l.held_out > 0 THEN [0, l.held_out] ELSE [0] END) AS cut
    FROM lengths AS l
),

moments AS (
    SELECT
        k.*,
        k.n - k.cut AS m,
        list_avg(k.x[greatest(1, k.n - k.cut - 335):k.n - k.cut]) AS mean,
        coalesce(list_stddev_samp(k.x[1:k.n - k.cut]), 0) + 1e-9 AS deviation
    FROM cuts AS k
)

SELECT
    m.series,
    m.cut,
    m.n,
    m.n - m.held_out AS tried,
    m.m,
    m.mean,
    m.deviation,
    (list_min(m.x[1:m.m]) - m.mean) / m.deviation - 0.5 AS lowest,
    (list_max(m.x[1:m.m]) - m.mean) / m.deviation + 0.5 AS highest,
    list_transform(m.x, lambda v: (v - m.mean) / m.deviation) AS x,
    m.y,
    m.came
FROM moments AS m

-- Step 3 of a forecast: each series twice, as ln(1 + y) in standard units: whole, to forecast from its end, and
-- without its last hours, to fit the models that the backtest then tries on them. Grain: series and cut. Reads
-- forecast_cleaned. Parameter: $holdout (hours; less of a short history: a quarter, and half where that is less than 72 hours,
-- but so few that 25 hours are left where they can be, because a daily rhythm takes that).
-- m is the last hour to fit on; tried is that of the backtest, by which the models are chosen, so that none forecasts
-- that was not tried. x has all n hours, mean is that of the two weeks before m; lowest and highest bound what a model
-- may say.
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
        ) AS INTEGER) AS held_out
    FROM forecast_cleaned AS c
    GROUP BY c.series
),

cuts AS (
    SELECT l.series, l.n, l.n - l.held_out AS tried, CASE WHEN k.whole THEN 0 ELSE l.held_out END AS cut
    FROM lengths AS l
    JOIN (VALUES (true), (false)) AS k (whole) ON k.whole OR l.held_out > 0
),

moments AS (
    SELECT
        k.series,
        k.cut,
        k.n,
        k.tried,
        avg(ln(1 + c.y)) FILTER (WHERE c.t > k.n - k.cut - 336) AS mean,
        coalesce(stddev_samp(ln(1 + c.y)), 0) + 1e-9 AS deviation,
        min(ln(1 + c.y)) AS lowest,
        max(ln(1 + c.y)) AS highest
    FROM cuts AS k
    JOIN forecast_cleaned AS c ON c.series = k.series AND c.t <= k.n - k.cut
    GROUP BY k.series, k.cut, k.n, k.tried
)

SELECT
    m.series,
    m.cut,
    m.n,
    m.tried,
    m.n - m.cut AS m,
    m.mean,
    m.deviation,
    (m.lowest - m.mean) / m.deviation - 0.5 AS lowest,
    (m.highest - m.mean) / m.deviation + 0.5 AS highest,
    list((ln(1 + c.y) - m.mean) / m.deviation ORDER BY c.t) AS x,
    list(c.observed ORDER BY c.t) AS observed
FROM moments AS m
JOIN forecast_cleaned AS c ON c.series = m.series
GROUP BY m.series, m.cut, m.n, m.tried, m.mean, m.deviation, m.lowest, m.highest

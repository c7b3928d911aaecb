-- Step 2 of a forecast: isolated spikes replaced, so that one bad hour bends neither fit nor backtest. Grain: series
-- and hour. Reads forecast_filled.
-- An hour is compared, as ln(1 + y), with the median of itself, its neighbours and the same hour one day before and
-- after. It is a spike where the difference is more than 12 robust standard deviations (1.4826 × median absolute
-- deviation, at least 0.02) from its usual one: a Hampel filter. Series of which more than half the hours are zero
-- keep every value: there a count is no spike.
WITH neighbours AS (
    SELECT
        f.series,
        f.t,
        f.observed,
        f.y,
        ln(1 + f.y) AS x,
        list_median(
            list_filter(
                [
                    lag(ln(1 + f.y), 24) OVER hours,
                    lag(ln(1 + f.y), 1) OVER hours,
                    ln(1 + f.y),
                    lead(ln(1 + f.y), 1) OVER hours,
                    lead(ln(1 + f.y), 24) OVER hours
                ],
                lambda v: v IS NOT NULL
            )
        ) AS around
    FROM forecast_filled AS f
    WINDOW hours AS (PARTITION BY f.series ORDER BY f.t)
),

usual AS (
    SELECT
        n.series,
        median(n.x - n.around) AS difference,
        12 * 1.4826 * greatest(mad(n.x - n.around), 0.02) AS limit_,
        avg(CASE WHEN n.y = 0 THEN 1 ELSE 0 END) AS zeros
    FROM neighbours AS n
    GROUP BY n.series
)

SELECT
    n.series,
    n.t,
    n.observed,
    u.zeros <= 0.5 AND abs(n.x - n.around - u.difference) > u.limit_ AS spike,
    CASE
        WHEN u.zeros <= 0.5 AND abs(n.x - n.around - u.difference) > u.limit_
            THEN greatest(0, exp(n.around + u.difference) - 1)
        ELSE n.y
    END AS y
FROM neighbours AS n
JOIN usual AS u ON u.series = n.series

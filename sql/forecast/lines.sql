-- Step 8 of a forecast: the straight line through the last week before each origin, and how well it fits. Grain: series
-- and origin, with at least 3 hours. Reads forecast_cleaned and forecast_origins.
-- Ordinary least squares of y on t: slope (per hour), intercept (at the origin), r2, and what a prediction interval
-- takes: the residual standard error, the hours used, their mean distance and its sum of squares.
SELECT
    o.series,
    o.cut,
    o.origin,
    regr_slope(c.y, c.t - o.origin) AS slope,
    regr_intercept(c.y, c.t - o.origin) AS intercept,
    coalesce(regr_r2(c.y, c.t - o.origin), 0) AS r2,
    sqrt(greatest(0, 1 - coalesce(regr_r2(c.y, c.t - o.origin), 0)) * regr_syy(c.y, c.t - o.origin) / (count(*) - 2))
        AS residual,
    count(*) AS hours,
    regr_avgx(c.y, c.t - o.origin) AS middle,
    regr_sxx(c.y, c.t - o.origin) AS squares
FROM forecast_origins AS o
JOIN forecast_cleaned AS c ON c.series = o.series AND c.t BETWEEN o.origin - 167 AND o.origin
GROUP BY o.series, o.cut, o.origin
HAVING count(*) >= 3

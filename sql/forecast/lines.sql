-- Step 8 of a forecast: the straight line through the last week before each origin, and how well it fits. Grain: series
-- and origin, with at least 2 hours. Reads forecast_cleaned and forecast_origins.
-- Ordinary least squares of y on t: slope (per hour), intercept (at the origin), r2, and what a prediction interval
-- takes: the residual standard error, the hours used, their mean distance and its sum of squares, and the quantiles of t
-- for 80 and 95 percent.
WITH fitted AS (
    SELECT
        o.series,
        o.cut,
        o.origin,
        regr_slope(c.y, c.t - o.origin) AS slope,
        regr_intercept(c.y, c.t - o.origin) AS intercept,
        coalesce(regr_r2(c.y, c.t - o.origin), 0) AS r2,
        regr_syy(c.y, c.t - o.origin) AS total,
        count(*) AS hours,
        regr_avgx(c.y, c.t - o.origin) AS middle,
        regr_sxx(c.y, c.t - o.origin) AS squares
    FROM forecast_origins AS o
    JOIN forecast_cleaned AS c ON c.series = o.series AND c.t BETWEEN o.origin - 167 AND o.origin
    GROUP BY o.series, o.cut, o.origin
    HAVING count(*) >= 2
)

SELECT
    f.series,
    f.cut,
    f.origin,
    f.slope,
    f.intercept,
    f.r2,
    sqrt(greatest(0, 1 - f.r2) * f.total / nullif(f.hours - 2, 0)) AS residual,
    f.hours,
    f.middle,
    f.squares,
    student_t(1.2816, nullif(f.hours - 2, 0)) AS t80,
    student_t(1.9600, nullif(f.hours - 2, 0)) AS t95
FROM fitted AS f

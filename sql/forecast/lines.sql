-- Step 7 of a forecast: the straight line through the last week before each origin, and how well it fits. Grain: series
-- and origin, with at least 2 hours. Reads forecast_samples and forecast_origins.
-- Ordinary least squares of y on t: slope (per hour), intercept (at the origin), r2, and what a prediction interval
-- takes: the residual standard error, the hours used, their mean distance and its sum of squares, and the quantiles of t
-- for 80 and 95 percent. The hours lie one apart, so their sum of squares around the middle is n(n² - 1)/12.
WITH used AS (
    SELECT
        s.series,
        s.cut,
        o.origin,
        least(o.origin, 168) AS hours,
        s.y[greatest(1, o.origin - 167):o.origin] AS y,
        list_transform(range(least(o.origin, 168)), lambda i: i - (least(o.origin, 168) - 1) / 2) AS distances
    FROM forecast_samples AS s
    JOIN forecast_origins AS o ON o.series = s.series AND o.cut = s.cut
    WHERE o.origin >= 2
),

sums AS (
    SELECT
        u.series,
        u.cut,
        u.origin,
        u.hours,
        -(u.hours - 1) / 2 AS middle,
        u.hours * (u.hours * u.hours - 1) / 12 AS squares,
        list_inner_product(u.distances, u.y) AS together,
        list_avg(u.y) AS mean,
        u.hours * list_var_pop(u.y) AS total
    FROM used AS u
),

fitted AS (
    SELECT
        s.*,
        s.together / s.squares AS slope,
        coalesce(s.together * s.together / s.squares / nullif(s.total, 0), 1) AS r2
    FROM sums AS s
)

SELECT
    f.series,
    f.cut,
    f.origin,
    f.slope,
    f.mean - f.slope * f.middle AS intercept,
    f.r2,
    sqrt(greatest(0, 1 - f.r2) * f.total / nullif(f.hours - 2, 0)) AS residual,
    f.hours,
    f.middle,
    f.squares,
    list_transform([1.2816, 1.9600], lambda z: student_t(z, nullif(f.hours - 2, 0))) AS t
FROM fitted AS f

-- Step 5 of a forecast: the normal equations of each model that is to be fitted. Grain: series, cut and model. Reads
-- forecast_samples and forecast_models.
-- `system` is what solve_linear takes: the products of the columns with each other, and with what is to be said as the
-- last of each line. The columns are the hours at the model's lags, the intercept, and last what the model is to say. An hour
-- so many hours before the end counts discount^hours in the squares, so its values count the root of that. On the
-- diagonal lies the ridge's penalty of 1e-5 per hour (Hoerl and Kennard, 1970).
WITH fitted AS (
    SELECT
        s.series,
        s.cut,
        s.x,
        k.model,
        k.lags,
        k.discount,
        list_max(k.lags) AS longest,
        len(k.lags) + 1 AS size,
        s.m,
        s.m - list_max(k.lags) AS hours
    FROM forecast_samples AS s
    JOIN forecast_models AS k ON k.coefficients IS NULL AND s.tried >= k.least AND s.tried < k.most
),

columns AS (
    SELECT
        f.*,
        list_concat(
            list_transform(f.lags, lambda lag: f.x[f.longest + 1 - lag:f.m - lag]),
            [list_resize(CAST([] AS DOUBLE[]), f.hours, 1), f.x[f.longest + 1:f.m]]
        ) AS columns,
        list_transform(range(f.hours), lambda i: pow(f.discount, (f.hours - 1 - i) / 2)) AS fading
    FROM fitted AS f
),

designs AS (
    SELECT
        c.series,
        c.cut,
        c.model,
        c.size,
        c.hours,
        CASE
            WHEN c.discount = 1 THEN c.columns
            ELSE list_transform(c.columns, lambda entries: list_transform(entries, lambda e, i: e * c.fading[i]))
        END AS design
    FROM columns AS c
)

SELECT d.series, d.cut, d.model, d.size, ridge_system(d.design, 1e-5 * d.hours) AS system
FROM designs AS d

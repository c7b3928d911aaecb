-- Step 5 of a forecast: what each model that is to be fitted knows of each hour. Grain: series, cut, model and column;
-- column 1 to `size` - 1 are the hours at the model's lags, column `size` is the intercept, the last one what the model
-- is to say. Reads forecast_samples and forecast_models.
-- An hour so many hours before the end counts discount^hours in the squares, so its values count the root of that.
WITH fitted AS (
    SELECT
        s.series,
        s.cut,
        s.m,
        s.x,
        k.model,
        k.lags,
        k.discount,
        list_max(k.lags) AS longest,
        len(k.lags) + 1 AS size
    FROM forecast_samples AS s
    JOIN forecast_models AS k ON k.coefficients IS NULL AND s.tried >= k.least AND s.tried < k.most
),

columns AS (
    SELECT f.*, CAST(c.place AS INTEGER) AS place, coalesce(f.lags[c.place], 0) AS lag
    FROM fitted AS f
    CROSS JOIN range(1, 64) AS c (place)
    WHERE c.place <= f.size + 1
)

SELECT
    c.series,
    c.cut,
    c.model,
    c.place,
    c.size,
    c.m - c.longest AS hours,
    CASE
        WHEN c.discount = 1 THEN c.entries
        ELSE list_transform(c.entries, lambda e, i: e * pow(c.discount, (c.m - c.longest - i) / 2))
    END AS entries
FROM (
    SELECT
        o.*,
        CASE
            WHEN o.place = o.size THEN list_resize(CAST([] AS DOUBLE[]), o.m - o.longest, 1)
            ELSE o.x[o.longest + 1 - o.lag:o.m - o.lag]
        END AS entries
    FROM columns AS o
) AS c

-- Step 6 of a forecast: the coefficients of every model that the history is long enough for. Grain: series, cut and
-- model. Reads forecast_samples, forecast_models and forecast_equations.
-- `coefficients` are those of the lags, then the intercept. `carry` is the first autocorrelation of a model's errors
-- of the last two weeks, 0 to 0.99, for models that carry their last error on.
WITH solved AS (
    SELECT
        s.series,
        s.cut,
        k.model,
        k.lags,
        list_max(k.lags) AS longest,
        coalesce(k.coefficients, solve_linear(e.system, e.size)) AS coefficients,
        k.carries,
        s.n,
        s.m,
        s.x
    FROM forecast_samples AS s
    JOIN forecast_models AS k ON s.tried >= k.least AND s.tried < k.most
    LEFT JOIN forecast_equations AS e ON e.series = s.series AND e.cut = s.cut AND e.model = k.model
),

errors AS (
    SELECT
        s.*,
        CASE
            WHEN s.carries
                THEN list_transform(
                    range(greatest(s.longest, s.m - 336) + 1, s.m + 1),
                    lambda t: s.x[t] - lagged_value(s.x, s.coefficients, s.lags, t)
                )
            ELSE CAST([] AS DOUBLE[])
        END AS errors
    FROM solved AS s
),

neighbours AS (
    SELECT
        e.*,
        list_inner_product(e.errors[2:], e.errors[1:len(e.errors) - 1]) AS together,
        list_inner_product(e.errors[1:len(e.errors) - 1], e.errors[1:len(e.errors) - 1]) AS alone
    FROM errors AS e
)

SELECT
    n.series,
    n.cut,
    n.model,
    n.lags,
    n.longest,
    n.coefficients,
    CASE WHEN n.carries THEN greatest(0, least(0.99, coalesce(n.together / nullif(n.alone, 0), 0))) ELSE 0 END AS carry
FROM neighbours AS n

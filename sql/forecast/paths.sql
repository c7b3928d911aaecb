-- Step 8 of a forecast: what each model says, hour by hour, from the end of the history and from each origin of the
-- backtest, with what then came. Grain: series, model, origin and hour ahead; values as ln(1 + y). Reads forecast_fits
-- and forecast_samples. Parameter: $horizon (hours).
-- A model reads its own values where the hour has not been; no value leaves lowest to highest. The backtest looks 48 hours ahead.
WITH starts AS (
    SELECT
        f.series,
        f.model,
        f.cut,
        o.origin,
        s.mean,
        s.deviation,
        s.lowest,
        s.highest,
        s.x[o.origin - f.longest + 1:o.origin] AS tail,
        s.came[o.origin + 1:] AS came,
        CASE WHEN f.carry > 0 THEN s.x[o.origin] - lagged_value(s.x, f.coefficients, f.lags, o.origin) ELSE 0 END AS last_error,
        CASE WHEN s.cut = 0 THEN $horizon ELSE least($horizon, 48, s.n - o.origin) END AS ahead,
        f.lags,
        f.longest,
        f.coefficients,
        f.carry
    FROM forecast_fits AS f
    JOIN forecast_samples AS s ON s.series = f.series AND s.cut = f.cut
    JOIN forecast_origins AS o ON o.series = f.series AND o.cut = f.cut
),

rolled AS (
    SELECT
        k.series,
        k.model,
        k.cut,
        k.origin,
        k.came,
        list_transform(
            list_reduce(
                list_prepend(k.tail, list_transform(range(k.ahead), lambda i: CAST([0] AS DOUBLE[]))),
                lambda path, step: list_append(
                    path,
                    greatest(k.lowest, least(k.highest, lagged_value(path, k.coefficients, k.lags, len(path) + 1)))
                )
            )[k.longest + 1:],
            lambda v, i: k.mean + k.deviation * (v + pow(k.carry, i) * k.last_error)
        ) AS path
    FROM starts AS k
)

SELECT r.series, r.model, r.cut, r.origin, CAST(h.ahead AS INTEGER) AS ahead, r.path[h.ahead] AS x, r.came[h.ahead] AS came
FROM rolled AS r
JOIN range(1, $horizon + 1) AS h (ahead) ON h.ahead <= len(r.path)

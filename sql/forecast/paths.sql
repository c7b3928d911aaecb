-- Step 9 of a forecast: what each model says, hour by hour, from the end of the history and from each origin of the
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
        s.x,
        s.observed,
        s.n,
        f.lags,
        f.longest,
        f.coefficients,
        f.carry
    FROM forecast_fits AS f
    JOIN forecast_samples AS s ON s.series = f.series AND s.cut = f.cut
    JOIN forecast_origins AS o ON o.series = f.series AND o.cut = f.cut
),

known AS (
    SELECT
        s.* EXCLUDE (x, observed),
        s.x[s.origin - s.longest + 1:s.origin] AS tail,
        CASE
            WHEN s.carry > 0 THEN s.x[s.origin] - lagged_value(s.x, s.coefficients, s.lags, s.origin) ELSE 0
        END AS last_error,
        s.x[s.origin + 1:] AS came,
        s.observed[s.origin + 1:] AS observed,
        CASE WHEN s.cut = 0 THEN $horizon ELSE least($horizon, 48, s.n - s.origin) END AS ahead
    FROM starts AS s
),

rolled AS (
    SELECT
        k.* EXCLUDE (tail),
        list_reduce(
            list_prepend(k.tail, list_transform(range(k.ahead), lambda i: CAST([0] AS DOUBLE[]))),
            lambda path, step: list_append(
                path,
                greatest(k.lowest, least(k.highest, lagged_value(path, k.coefficients, k.lags, len(path) + 1)))
            )
        )[k.longest + 1:] AS path
    FROM known AS k
)

SELECT
    r.series,
    r.model,
    r.cut,
    r.origin,
    CAST(h.ahead AS INTEGER) AS ahead,
    r.mean + r.deviation * (r.path[h.ahead] + pow(r.carry, h.ahead) * r.last_error) AS x,
    CASE WHEN r.observed[h.ahead] THEN r.mean + r.deviation * r.came[h.ahead] END AS came
FROM rolled AS r
JOIN range(1, $horizon + 1) AS h (ahead) ON h.ahead <= r.ahead

UNION ALL

SELECT
    l.series,
    'linear' AS model,
    l.cut,
    l.origin,
    CAST(h.ahead AS INTEGER) AS ahead,
    ln(1 + greatest(0, l.intercept + l.slope * h.ahead)) AS x,
    CASE WHEN s.observed[l.origin + h.ahead] THEN s.mean + s.deviation * s.x[l.origin + h.ahead] END AS came
FROM forecast_lines AS l
JOIN forecast_samples AS s ON s.series = l.series AND s.cut = l.cut
JOIN range(1, $horizon + 1) AS h (ahead) ON l.cut = 0 OR h.ahead <= least(48, s.n - l.origin)

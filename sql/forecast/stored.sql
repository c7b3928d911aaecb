-- Step 17 of a forecast: what is kept of it (tables/forecasts.sql). Reads forecast_values. Parameters: $origin (UTC), $version.
SELECT
    CAST($origin AS TIMESTAMP) AS issued,
    v.series AS metric,
    v.model,
    $version AS version,
    CAST(v.ahead AS SMALLINT) AS ahead,
    CAST($origin AS TIMESTAMP) + to_hours(v.ahead - 1) AS slot,
    v.value,
    v.low80,
    v.high80,
    v.low95,
    v.high95,
    v.confidence
FROM forecast_values AS v
WHERE v.model IN ('ensemble', 'linear')

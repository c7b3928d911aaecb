-- GET /analytics/predict: what is expected of each of the next $hours hours, and how that came about.
-- Parameters: as of endpoints/predict.sql. One row per metric. Units: entries, ms, MB; confidence, shares and coverage in percent; slope
-- in the unit per hour. path: hour by hour, oldest first, times in epoch ms. backtest: of the model, of the straight line and of "as
-- in the same hour yesterday", on hours that the models had not seen.
WITH described AS (
    SELECT m.metric, m.model, m.hours, m.members, m.shares, m.slope, m.r2, m.tested, m.mase, m.smape, m.coverage80, m.coverage95, m.reason
    FROM forecast_models AS m
    WHERE m.date = CAST($issued AS DATE) AND m.issued = $issued
),

paths AS (
    SELECT
        f.metric,
        avg(f.confidence) AS confidence,
        list_sort(list({
            'time': epoch_millis(f.slot),
            'value': f.value / u.divisor,
            'low80': f.low80 / u.divisor,
            'high80': f.high80 / u.divisor,
            'low95': f.low95 / u.divisor,
            'high95': f.high95 / u.divisor,
            'confidence': f.confidence
        })) AS path
    FROM forecasts AS f
    JOIN (VALUES ('logs', 1), ('errors', 1), ('responseTime', 1), ('storage', 1048576)) AS u (metric, divisor)
        ON u.metric = f.metric
    WHERE f.date = CAST($issued AS DATE) AND f.issued = $issued AND f.model = $model
        AND f.slot >= $starts AND f.slot < CAST($starts AS TIMESTAMP) + to_hours(CAST($hours AS INTEGER))
    GROUP BY f.metric
),

tests AS (
    SELECT
        d.metric,
        list_sort(list({
            'model': d.model,
            'hours': d.tested,
            'mase': d.mase,
            'smape': d.smape,
            'coverage80': d.coverage80,
            'coverage95': d.coverage95
        })) AS backtest
    FROM described AS d
    GROUP BY d.metric
)

SELECT
    p.metric,
    CASE p.metric WHEN 'responseTime' THEN 'ms' WHEN 'storage' THEN 'MB' ELSE 'entries' END AS unit,
    d.model,
    d.reason,
    p.confidence,
    d.hours AS "historyHours",
    list_zip(d.members, d.shares) AS members,
    CASE WHEN p.metric = 'storage' THEN megabytes(d.slope) ELSE d.slope END AS slope,
    d.r2,
    t.backtest,
    p.path
FROM paths AS p
JOIN described AS d ON d.metric = p.metric AND d.model = $model
JOIN tests AS t ON t.metric = p.metric
ORDER BY list_position(['logs', 'errors', 'storage', 'responseTime'], p.metric)

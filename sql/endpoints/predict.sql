-- GET /analytics/predict: what is expected of each of the next $hours hours, of all together, and how that came about.
-- Parameters: $starts (UTC, the first hour that counts), $hours, $issued (UTC, which forecast), $model. One row per metric. Units:
-- entries, ms, MB; confidence (the mean of the hours'), shares and coverage in percent; slope in the unit per hour. total: the sum
-- over the hours; entries: the same in whole ones, as logs and errors are told. path: hour by hour, oldest first, times in epoch ms.
-- backtest: of the model, of the straight line and of "as in the same hour yesterday", on hours that the models had not seen.
WITH described AS (
    SELECT
        m.metric,
        max(m.reason) FILTER (WHERE m.model = $model) AS reason,
        max(m.hours) FILTER (WHERE m.model = $model) AS hours,
        max(m.members) FILTER (WHERE m.model = $model) AS members,
        max(m.shares) FILTER (WHERE m.model = $model) AS shares,
        max(m.slope) FILTER (WHERE m.model = $model) AS slope,
        max(m.r2) FILTER (WHERE m.model = $model) AS r2,
        list_sort(list({
            'model': m.model,
            'hours': m.tested,
            'mase': m.mase,
            'smape': m.smape,
            'coverage80': m.coverage80,
            'coverage95': m.coverage95
        })) AS backtest
    FROM forecast_models AS m
    WHERE m.date = CAST($issued AS DATE) AND m.issued = $issued
    GROUP BY m.metric
),

hours AS (
    SELECT
        f.metric,
        f.slot,
        f.confidence,
        f.value,
        f.low80,
        f.high80,
        f.low95,
        f.high95,
        CASE f.metric WHEN 'storage' THEN 1048576 ELSE 1 END AS unit
    FROM forecasts AS f
    WHERE f.date = CAST($issued AS DATE) AND f.issued = $issued AND f.model = $model
        AND f.slot >= $starts AND f.slot < CAST($starts AS TIMESTAMP) + to_hours(CAST($hours AS INTEGER))
),

paths AS (
    SELECT
        h.metric,
        avg(h.confidence) AS confidence,
        sum(h.value / h.unit) AS total,
        list_sort(list({
            'time': epoch_millis(h.slot),
            'value': h.value / h.unit,
            'low80': h.low80 / h.unit,
            'high80': h.high80 / h.unit,
            'low95': h.low95 / h.unit,
            'high95': h.high95 / h.unit,
            'confidence': h.confidence
        })) AS path
    FROM hours AS h
    GROUP BY h.metric
)

SELECT
    p.metric,
    CASE p.metric WHEN 'responseTime' THEN 'ms' WHEN 'storage' THEN 'MB' ELSE 'entries' END AS unit,
    $model AS model,
    d.reason,
    p.confidence,
    CAST(round(p.total) AS BIGINT) AS entries,
    p.total,
    d.hours AS "historyHours",
    list_zip(d.members, d.shares) AS members,
    CASE WHEN p.metric = 'storage' THEN megabytes(d.slope) ELSE d.slope END AS slope,
    d.r2,
    d.backtest,
    p.path
FROM paths AS p
JOIN described AS d ON d.metric = p.metric
ORDER BY list_position(['logs', 'errors', 'storage', 'responseTime'], p.metric)

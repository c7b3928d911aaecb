-- GET /analytics/predict/accuracy: how right the forecasts were, of hours from $starts to before $ends (UTC), by $model.
-- One row per metric and kind of group: all (name empty), day (the day forecast, ISO) and ahead (so many hours ahead). Units: mae in entries, ms and MB;
-- bias likewise, positive where too much was forecast; smape 0 to 200; coverage, hits and confidence in percent: confidence is what was
-- told, hits what came of it.
WITH checked AS (
    SELECT
        c.metric,
        c.ahead,
        c.slot,
        CASE WHEN c.metric = 'storage' THEN megabytes(c.value) ELSE c.value END AS value,
        CASE WHEN c.metric = 'storage' THEN megabytes(c.actual) ELSE c.actual END AS actual,
        c.inside80,
        c.inside95,
        c.hit,
        c.confidence
    FROM tested_forecasts AS c
    WHERE c.slot >= $starts AND c.slot < $ends AND c.model = $model AND c.ahead <= 48
        AND c.date BETWEEN CAST(CAST($starts AS TIMESTAMP) - INTERVAL 2 DAYS AS DATE) AND CAST($ends AS DATE)
),

grouped AS (
    SELECT 'all' AS kind, '' AS name, 0 AS place, a.*
    FROM checked AS a
    UNION ALL
    SELECT 'day' AS kind, strftime(d.slot, '%Y-%m-%d') AS name, 0 AS place, d.*
    FROM checked AS d
    UNION ALL
    SELECT
        'ahead' AS kind,
        CASE WHEN b.ahead = 1 THEN '1' WHEN b.ahead <= 6 THEN '2-6' WHEN b.ahead <= 24 THEN '7-24' ELSE '25-48' END AS name,
        CASE WHEN b.ahead = 1 THEN 1 WHEN b.ahead <= 6 THEN 2 WHEN b.ahead <= 24 THEN 3 ELSE 4 END AS place,
        b.*
    FROM checked AS b
)

SELECT
    g.kind,
    g.name,
    g.metric,
    CASE g.metric WHEN 'responseTime' THEN 'ms' WHEN 'storage' THEN 'MB' ELSE 'entries' END AS unit,
    count(*) AS forecasts,
    avg(abs(g.actual - g.value)) AS mae,
    avg(g.value - g.actual) AS bias,
    200 * avg(coalesce(abs(g.actual - g.value) / nullif(g.actual + g.value, 0), 0)) AS smape,
    100.0 * count(*) FILTER (WHERE g.inside80) / count(*) AS coverage80,
    100.0 * count(*) FILTER (WHERE g.inside95) / count(*) AS coverage95,
    100.0 * count(*) FILTER (WHERE g.hit) / count(*) AS hits,
    avg(g.confidence) AS confidence
FROM grouped AS g
GROUP BY g.kind, g.name, g.place, g.metric
ORDER BY g.kind, g.place, g.name, g.metric

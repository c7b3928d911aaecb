-- An alert rule over a forecast: how far the edge of its interval goes within the hours to come, and whether that is beyond the threshold.
-- Parameters: $metric (forecastLogs, forecastErrors, forecastResponseTime, forecastStorage), $interval (80 or 95), $window_end (UTC: now),
-- $hours (how far, from the present hour on), $operator, $threshold. One row; value is null without a forecast of the last two days.
-- The upper edge where the operator looks upwards, else the lower one, of the hour that goes furthest. forecastStorage is what the buckets
-- hold by then, in MB: what they hold when the forecast begins, and the edges of the hours since added up, as if all erred alike.
WITH hours AS (
    SELECT
        f.slot,
        f.issued,
        CASE
            WHEN $operator IN ('<', '<=') THEN CASE WHEN $interval = 80 THEN f.low80 ELSE f.low95 END
            WHEN $interval = 80 THEN f.high80
            ELSE f.high95
        END AS edge
    FROM forecasts AS f
    JOIN (
        SELECT max(m.issued) AS issued
        FROM forecast_models AS m
        WHERE m.date BETWEEN CAST(CAST($window_end AS TIMESTAMP) - INTERVAL 2 DAYS AS DATE) AND CAST($window_end AS DATE)
            AND m.issued <= $window_end
    ) AS n ON n.issued = f.issued
    WHERE f.date BETWEEN CAST(CAST($window_end AS TIMESTAMP) - INTERVAL 2 DAYS AS DATE) AND CAST($window_end AS DATE)
        AND f.model = 'ensemble'
        AND f.metric = CASE $metric
            WHEN 'forecastLogs' THEN 'logs' WHEN 'forecastErrors' THEN 'errors' WHEN 'forecastStorage' THEN 'storage'
            ELSE 'responseTime'
        END
        AND f.slot < date_trunc('hour', CAST($window_end AS TIMESTAMP)) + to_hours(CAST($hours AS INTEGER))
),

edges AS (
    SELECT
        max(CASE WHEN h.slot + INTERVAL 1 HOUR > $window_end THEN h.edge END) AS highest,
        min(CASE WHEN h.slot + INTERVAL 1 HOUR > $window_end THEN h.edge END) AS lowest,
        sum(h.edge) AS all_hours,
        max(h.issued) AS issued
    FROM hours AS h
),

held AS (
    SELECT sum(s.bytes) AS bytes
    FROM storage AS s
    JOIN edges AS e ON s.slot < e.issued
    WHERE s.grain = 3600
)

SELECT
    CAST(NULL AS VARCHAR) AS name,
    v.value,
    breaches(v.value, $operator, CAST($threshold AS DOUBLE)) AS breached
FROM (
    SELECT
        CASE
            WHEN $metric = 'forecastStorage' THEN megabytes(coalesce(d.bytes, 0) + e.all_hours)
            WHEN $operator IN ('<', '<=') THEN e.lowest
            ELSE e.highest
        END AS value
    FROM edges AS e
    CROSS JOIN held AS d
) AS v

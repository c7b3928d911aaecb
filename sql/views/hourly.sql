-- What happened in each hour, one figure per row: the series that forecasts and anomalies are told of.
-- Grain: hour with entries (storage: with stored objects) and metric: logs, errors (entries), responseTime, responseTimeMax,
-- responseTimeMin (ms, hours with timed entries only), storage (bytes newly stored in the buckets). date is that of slot.
CREATE OR REPLACE VIEW hourly AS
SELECT h.slot, h.date, h.metric, h.value
FROM (
    SELECT
        a.slot,
        a.date,
        m.metric,
        CASE m.metric
            WHEN 'logs' THEN CAST(a.entries AS DOUBLE)
            WHEN 'errors' THEN CAST(a.error AS DOUBLE)
            WHEN 'responseTime' THEN mean_ms(a.response_ns, a.timed)
            WHEN 'responseTimeMax' THEN a.response_max
            ELSE a.response_min
        END AS value
    FROM activity AS a
    CROSS JOIN (
        SELECT unnest(['logs', 'errors', 'responseTime', 'responseTimeMax', 'responseTimeMin']) AS metric
    ) AS m
    WHERE a.grain = 3600 AND (a.timed > 0 OR m.metric IN ('logs', 'errors'))
) AS h
UNION ALL
SELECT s.slot, CAST(s.slot AS DATE) AS date, 'storage' AS metric, CAST(sum(s.bytes) AS DOUBLE) AS value
FROM storage AS s
WHERE s.grain = 3600
GROUP BY s.slot;

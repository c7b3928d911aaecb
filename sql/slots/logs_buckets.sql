-- The distributions of response times beside slots/logs_slots.sql.
-- Grain: one entry that carries a response time, in a slot of 30 seconds.
CREATE OR REPLACE VIEW logs_buckets AS
SELECT
    l.date,
    30 AS grain,
    time_bucket(INTERVAL 30 SECONDS, l.ts) AS slot,
    l.ts,
    latency_bucket(l.response_ms) AS bucket,
    l.weight AS entries,
    NULL AS dimension,
    NULL AS value,
    l.source,
    l.package,
    status_class(l.status) AS status,
    l.config_hash
FROM logs AS l
WHERE l.response_ms IS NOT NULL;

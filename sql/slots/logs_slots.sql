-- What metrics(…) counts where several filters are set: the log rows in the columns that slots of all sources share.
-- Grain: one entry, in a slot of 30 seconds. Units: response_ns in nanoseconds; status is the class (2xx, 3xx …).
CREATE OR REPLACE VIEW logs_slots AS
SELECT
    l.date,
    30 AS grain,
    time_bucket(INTERVAL 30 SECONDS, l.ts) AS slot,
    l.ts,
    l.weight AS entries,
    CASE WHEN l.level = 'error' THEN l.weight ELSE 0 END AS error,
    CASE WHEN l.level = 'warn' THEN l.weight ELSE 0 END AS warn,
    CASE WHEN l.response_ms IS NOT NULL THEN l.weight ELSE 0 END AS timed,
    coalesce(CAST(round(l.response_ms * 1000000) AS BIGINT) * l.weight, 0) AS response_ns,
    CASE WHEN l.status IS NOT NULL THEN l.weight ELSE 0 END AS requests,
    CASE WHEN l.status >= 500 THEN l.weight ELSE 0 END AS server_errors,
    NULL AS dimension,
    NULL AS value,
    l.source,
    l.package,
    status_class(l.status) AS status,
    l.config_hash
FROM logs AS l;

-- What endpoints/top_error_messages.sql counts where several filters are set: the log rows at level error.
-- Grain: one entry; its message is cut to 1,000 characters, as those of the rollups are.
CREATE OR REPLACE VIEW logs_messages AS
SELECT
    l.date,
    30 AS grain,
    l.ts,
    substr(coalesce(l.message, ''), 1, 1000) AS message,
    l.weight AS entries,
    NULL AS dimension,
    NULL AS value,
    l.source,
    l.package,
    status_class(l.status) AS status,
    l.config_hash
FROM logs AS l
WHERE l.level = 'error';

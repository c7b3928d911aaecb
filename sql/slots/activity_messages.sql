-- What endpoints/top_error_messages.sql counts where nothing is filtered: the rollup errors.
-- Grain: that of tables/errors.sql, which `grain` tells. ts is the slot's start; filters are null.
CREATE OR REPLACE VIEW activity_messages AS
SELECT
    e.date, e.grain, e.slot AS ts, e.message, e.entries,
    NULL AS dimension, NULL AS value, NULL AS source, NULL AS package, NULL AS status, NULL AS config_hash
FROM errors AS e;

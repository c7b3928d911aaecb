-- What metrics(…) counts where nothing is filtered: the rollup activity in the columns that slots of all sources share.
-- Grain: that of tables/activity.sql, which `grain` tells. ts is the slot's start; filters are null.
CREATE OR REPLACE VIEW activity_slots AS
SELECT
    a.date, a.grain, a.slot, a.slot AS ts, a.entries, a.error, a.warn, a.timed, a.response_ns, a.requests, a.server_errors,
    NULL AS dimension, NULL AS value, NULL AS source, NULL AS package, NULL AS status, NULL AS config_hash
FROM activity AS a;

-- What metrics(…) counts where one filter is set: the rollup by dimension in the columns that slots of all sources share.
-- Grain: one hour, dimension and value. ts is the slot's start; other filters are null.
CREATE OR REPLACE VIEW activity_by_slots AS
SELECT
    b.date, 3600 AS grain, b.slot, b.slot AS ts, b.entries, b.error, b.warn, b.timed, b.response_ns, b.requests,
    b.server_errors, b.dimension, b.value, NULL AS source, NULL AS package, NULL AS status, NULL AS config_hash
FROM activity_by AS b;

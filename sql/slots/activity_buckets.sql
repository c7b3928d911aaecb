-- The distributions of response times beside slots/activity_slots.sql: the rollup latency.
-- Grain: that of tables/latency.sql, which `grain` tells. ts is the slot's start; filters are null.
CREATE OR REPLACE VIEW activity_buckets AS
SELECT
    t.date, t.grain, t.slot, t.slot AS ts, t.bucket, t.entries,
    NULL AS dimension, NULL AS value, NULL AS source, NULL AS package, NULL AS status, NULL AS config_hash
FROM latency AS t;

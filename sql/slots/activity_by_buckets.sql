-- The distributions of response times beside slots/activity_by_slots.sql.
-- Grain: one hour, dimension, value and bucket. ts is the slot's start; other filters are null.
CREATE OR REPLACE VIEW activity_by_buckets AS
SELECT
    b.date, 3600 AS grain, b.slot, b.slot AS ts, unnest(b.buckets) AS bucket, unnest(b.counts) AS entries,
    b.dimension, b.value, NULL AS source, NULL AS package, NULL AS status, NULL AS config_hash
FROM activity_by AS b;

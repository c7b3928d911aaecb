-- What all runs of a month asked of the bucket, and what that costs, from the manifest.
-- Grain: one UTC month (by the runs' starts) and set of prices. Units: bytes, attempts, dollars, as in `runs`;
-- last_at is when the last of the runs started, peak_stored_bytes the most that the bucket held after one.
CREATE OR REPLACE VIEW run_months AS
SELECT
    u.m.month AS month,
    u.m.runs AS runs,
    u.m.listed AS listed,
    u.m.listed_bytes AS listed_bytes,
    u.m.objects AS objects,
    u.m.downloaded_bytes AS downloaded_bytes,
    u.m.class_a AS class_a,
    u.m.class_b AS class_b,
    u.m.retries AS retries,
    u.m.class_a_price AS class_a_price,
    u.m.class_b_price AS class_b_price,
    u.m.storage_price AS storage_price,
    make_timestamp(u.m.last_us) AS last_at,
    u.m.peak_stored_bytes AS peak_stored_bytes,
    (u.m.class_a * u.m.class_a_price + u.m.class_b * u.m.class_b_price) / 1000000 AS operations_dollars,
    u.m.peak_stored_bytes / 1000000000.0 * u.m.storage_price AS storage_dollars
FROM (SELECT unnest(getvariable('run_months')) AS m) AS u;

-- The latest 1,000 runs, from the manifest: what each did, what it asked of the bucket, what that costs.
-- Grain: one run; a sync of several buckets is one run per bucket. Units: compressed_bytes as stored in the
-- bucket, downloaded_bytes as received (repeated requests too), raw_bytes after decompression; class_a and
-- class_b count attempts, retries are those of them that repeat another; prices in dollars per million
-- operations, and per GB (1,000,000,000 bytes) and month; operations_dollars is the run's own cost,
-- storage_dollars a month of stored_bytes, which is what all buckets held after it.
CREATE OR REPLACE VIEW runs AS
SELECT
    u.m.run_id AS run_id,
    u.m.kind AS kind,
    u.m.bucket AS bucket,
    u.m.status AS status,
    make_timestamp(u.m.started_us) AS started_at,
    make_timestamp(u.m.finished_us) AS finished_at,
    u.m.full_listing = 1 AS full_listing,
    u.m.listed AS listed,
    u.m.listed_bytes AS listed_bytes,
    u.m.objects AS objects,
    u.m.replaced AS replaced,
    u.m.entries AS entries,
    u.m.rejected AS rejected,
    u.m.compressed_bytes AS compressed_bytes,
    u.m.downloaded_bytes AS downloaded_bytes,
    u.m.raw_bytes AS raw_bytes,
    u.m.class_a AS class_a,
    u.m.class_b AS class_b,
    u.m.retries AS retries,
    u.m.stored_bytes AS stored_bytes,
    u.m.class_a_price AS class_a_price,
    u.m.class_b_price AS class_b_price,
    u.m.storage_price AS storage_price,
    (u.m.class_a * u.m.class_a_price + u.m.class_b * u.m.class_b_price) / 1000000 AS operations_dollars,
    u.m.stored_bytes / 1000000000.0 * u.m.storage_price AS storage_dollars,
    u.m.detail AS detail
FROM (SELECT unnest(getvariable('runs')) AS m) AS u;

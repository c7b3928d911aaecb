-- The latest 1,000 runs of sync and cleanup, from the manifest.
-- Grain: one run. Units: compressed_bytes as fetched, raw_bytes after decompression.
CREATE OR REPLACE VIEW runs AS
SELECT
    u.m.run_id AS run_id,
    u.m.kind AS kind,
    u.m.status AS status,
    make_timestamp(u.m.started_us) AS started_at,
    make_timestamp(u.m.finished_us) AS finished_at,
    u.m.objects AS objects,
    u.m.replaced AS replaced,
    u.m.entries AS entries,
    u.m.rejected AS rejected,
    u.m.compressed_bytes AS compressed_bytes,
    u.m.raw_bytes AS raw_bytes,
    u.m.class_a AS class_a,
    u.m.class_b AS class_b,
    u.m.detail AS detail
FROM (SELECT unnest(getvariable('runs')) AS m) AS u;

-- The Parquet files that the manifest names, summed up.
-- Grain: one table and partition. Units: bytes on disk.
CREATE OR REPLACE VIEW files AS
SELECT
    u.m."table" AS "table",
    u.m."partition" AS "partition",
    u.m.files AS files,
    u.m.entries AS entries,
    u.m.bytes AS bytes
FROM (SELECT unnest(getvariable('files')) AS m) AS u;

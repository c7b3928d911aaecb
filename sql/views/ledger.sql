-- What the buckets hold and what of it is mirrored, from the manifest.
-- Grain: one bucket and prefix. Units: bytes as stored in the bucket, raw_bytes after decompression.
CREATE OR REPLACE VIEW ledger AS
SELECT
    u.m.bucket AS bucket,
    u.m.prefix AS prefix,
    u.m.objects AS objects,
    u.m.bytes AS bytes,
    u.m.raw_bytes AS raw_bytes,
    u.m.lines AS lines,
    u.m.accepted AS accepted,
    u.m.rejected AS rejected
FROM (SELECT unnest(getvariable('ledger')) AS m) AS u;

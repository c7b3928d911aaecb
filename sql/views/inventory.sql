-- What the buckets hold, hour by hour: what was stored in an hour and is still there.
-- Grain: one UTC hour in which something was stored, bucket, prefix, storage class and class of size (from
-- size_from bytes). Units: bytes as stored. objects_total and bytes_total: all of that kind up to the hour's end.
CREATE OR REPLACE VIEW inventory AS
SELECT
    s.slot AS hour,
    s.bucket AS bucket,
    s.prefix AS prefix,
    s.storage_class AS storage_class,
    s.size_from AS size_from,
    s.objects AS objects,
    s.bytes AS bytes,
    CAST(sum(s.objects) OVER (
        PARTITION BY s.bucket, s.prefix, s.storage_class, s.size_from ORDER BY s.slot
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS BIGINT) AS objects_total,
    CAST(sum(s.bytes) OVER (
        PARTITION BY s.bucket, s.prefix, s.storage_class, s.size_from ORDER BY s.slot
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS BIGINT) AS bytes_total
FROM (
    SELECT
        x.slot,
        x.bucket,
        x.prefix,
        x.storage_class,
        x.size_from,
        sum(x.objects) AS objects,
        sum(x.bytes) AS bytes
    FROM storage AS x
    WHERE x.grain = 3600
    GROUP BY x.slot, x.bucket, x.prefix, x.storage_class, x.size_from
    HAVING sum(x.objects) <> 0 OR sum(x.bytes) <> 0
) AS s;

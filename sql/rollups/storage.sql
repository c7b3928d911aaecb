-- Objects and bytes by the time they were stored; see tables/storage.sql for grain and the negative amounts.
-- Reads fresh_objects (bucket, prefix, last_modified, storage_class, sign, size: sign is 1 for an object that
-- came and -1 for one that went) and prior (this rollup before them); both hold one partition's rows.
WITH parts AS (
    SELECT
        time_bucket(INTERVAL 30 SECONDS, o.last_modified) AS slot,
        o.bucket,
        o.prefix,
        o.storage_class,
        size_from(o.size) AS size_from,
        sum(o.sign) AS objects,
        sum(o.sign * o.size) AS bytes
    FROM fresh_objects AS o
    GROUP BY time_bucket(INTERVAL 30 SECONDS, o.last_modified), o.bucket, o.prefix, o.storage_class,
        size_from(o.size)
    UNION ALL
    SELECT p.slot, p.bucket, p.prefix, p.storage_class, p.size_from, p.objects, p.bytes
    FROM prior AS p
    WHERE p.grain = 30
)
SELECT
    g.grain,
    time_bucket(to_seconds(g.grain), s.slot) AS slot,
    s.bucket,
    s.prefix,
    s.storage_class,
    s.size_from,
    CAST(sum(s.objects) AS BIGINT) AS objects,
    CAST(sum(s.bytes) AS BIGINT) AS bytes
FROM parts AS s
CROSS JOIN (VALUES (30), (300), (3600), (86400)) AS g (grain)
GROUP BY g.grain, time_bucket(to_seconds(g.grain), s.slot), s.bucket, s.prefix, s.storage_class, s.size_from
HAVING sum(s.objects) <> 0 OR sum(s.bytes) <> 0
ORDER BY 1, 2, 3, 4, 5, 6

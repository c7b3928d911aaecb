-- GET /inventory: how large the objects are. One row per bucket, prefix and class of size that has objects.
-- No parameters. Units: bytes as stored; a class holds the objects from sizeFrom bytes up to the next class.
SELECT
    s.bucket,
    s.prefix,
    s.size_from AS "sizeFrom",
    CAST(sum(s.objects) AS BIGINT) AS objects,
    CAST(sum(s.bytes) AS BIGINT) AS bytes
FROM storage AS s
WHERE s.grain = 86400
GROUP BY s.bucket, s.prefix, s.size_from
HAVING sum(s.objects) <> 0 OR sum(s.bytes) <> 0
ORDER BY s.bucket, s.prefix, s.size_from

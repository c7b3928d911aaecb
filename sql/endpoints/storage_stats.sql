-- GET /stats: what the bucket holds, in one row.
-- No parameters. totalPackages counts names, not versions; totalSize is bytes of all mirrored prefixes;
-- storageClass is the class that holds most bytes, STANDARD for an empty bucket; lastSync is ISO 8601 in UTC.
SELECT
    (SELECT count(DISTINCT p.name) FROM packages AS p) AS "totalPackages",
    CAST(coalesce((SELECT sum(g.bytes) FROM ledger AS g), 0) AS BIGINT) AS "totalSize",
    (
        SELECT strftime(max(r.finished_at), '%Y-%m-%dT%H:%M:%S.%gZ')
        FROM runs AS r
        WHERE r.kind = 'sync' AND r.status = 'ok'
    ) AS "lastSync",
    coalesce((
        SELECT s.storage_class
        FROM storage AS s
        WHERE s.grain = 86400
        GROUP BY s.storage_class
        ORDER BY sum(s.bytes) DESC, s.storage_class
        LIMIT 1
    ), 'STANDARD') AS "storageClass"

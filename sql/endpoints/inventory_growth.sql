-- GET /inventory: what was stored in each of the last $periods slots of $grain seconds and is still there, oldest first.
-- Parameters: $now, $grain (3600 or 86400), $periods. $periods rows, those without anything new with zeros; the last
-- one holds $now. Units: bytes as stored; start in epoch ms.
WITH periods AS (
    SELECT
        time_bucket(to_seconds(CAST($grain AS BIGINT)), CAST($now AS TIMESTAMP))
            - to_seconds(n.i * CAST($grain AS BIGINT)) AS slot
    FROM range(0, CAST($periods AS BIGINT)) AS n (i)
)

SELECT
    epoch_millis(p.slot) AS start,
    CAST(coalesce(sum(s.objects), 0) AS BIGINT) AS objects,
    CAST(coalesce(sum(s.bytes), 0) AS BIGINT) AS bytes
FROM periods AS p
LEFT JOIN storage AS s ON s.slot = p.slot AND s.grain = $grain
GROUP BY p.slot
ORDER BY p.slot

-- GET /inventory/packages/growth: what one package, or all of them, took at the end of each UTC day, of what is there still.
-- Parameters: $now (UTC), $days (the last one holds $now), $package (null: all packages). $days rows, oldest first. Units: bytes as stored;
-- start in epoch ms. objects and bytes: newly stored on the day; storedObjects and storedBytes: there at its end.
WITH days AS (
    SELECT date_trunc('day', CAST($now AS TIMESTAMP)) - to_days(CAST(n.i AS INTEGER)) AS day
    FROM range(0, CAST($days AS BIGINT)) AS n (i)
),

stored AS (
    SELECT date_trunc('day', p.stored_at) AS day, count(*) AS objects, sum(p.size) AS bytes
    FROM packages AS p
    WHERE p.name IS NOT NULL AND ($package IS NULL OR p.name = $package)
    GROUP BY date_trunc('day', p.stored_at)
),

before AS (
    SELECT coalesce(sum(s.objects), 0) AS objects, coalesce(sum(s.bytes), 0) AS bytes
    FROM stored AS s
    WHERE s.day < (SELECT min(d.day) FROM days AS d)
)

SELECT
    epoch_millis(d.day) AS start,
    coalesce(s.objects, 0) AS objects,
    CAST(coalesce(s.bytes, 0) AS BIGINT) AS bytes,
    CAST(b.objects + sum(coalesce(s.objects, 0)) OVER up_to AS BIGINT) AS "storedObjects",
    CAST(b.bytes + sum(coalesce(s.bytes, 0)) OVER up_to AS BIGINT) AS "storedBytes"
FROM days AS d
LEFT JOIN stored AS s ON s.day = d.day
CROSS JOIN before AS b
WINDOW up_to AS (ORDER BY d.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY d.day

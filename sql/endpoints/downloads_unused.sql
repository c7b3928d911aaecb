-- GET /downloads/unused: packages of the inventory that nobody downloaded in the days asked for.
-- Parameters: $first, $last (dates, both included), $limit. A package that was stored in those days is none of them:
-- it had no time to be.
-- Units: bytes in bytes, storedAt in epoch ms (its newest object). Largest first; total counts all of them.
SELECT
    p.name,
    count(DISTINCT p.version) AS versions,
    CAST(sum(p.size) AS BIGINT) AS bytes,
    epoch_millis(max(p.stored_at)) AS "storedAt",
    count(*) OVER () AS total
FROM packages AS p
WHERE p.name IS NOT NULL
    AND NOT EXISTS (
        FROM downloads AS d
        WHERE d.package = p.name
            AND d.downloads > 0
            AND d.date BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
    )
GROUP BY p.name
HAVING max(p.stored_at) < CAST($first AS TIMESTAMP)
ORDER BY sum(p.size) DESC, p.name
LIMIT CAST($limit AS BIGINT)

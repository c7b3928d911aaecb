-- Packages that nobody downloaded in 90 days, where they take a tenth of all packages' bytes; only where the logs reach
-- back that far.
-- Parameters: $now (UTC). At most one row. value: their bytes; since is 90 days ago.
SELECT
    'info' AS severity,
    CAST(u.bytes AS DOUBLE) AS value,
    epoch_millis(CAST(CAST($now AS DATE) - INTERVAL 90 DAY AS TIMESTAMP)) AS since,
    format('{} packages, {:.1f} MB, had no download in 90 days.', u.packages, megabytes(u.bytes)) AS seen,
    'Ask their owners whether they can go: warehouse downloads --unused.' AS action,
    'packages' AS "view"
FROM (
    SELECT count(DISTINCT p.name) AS packages, coalesce(sum(p.size), 0) AS bytes
    FROM (
        SELECT q.name, q.size, max(q.stored_at) OVER (PARTITION BY q.name) AS newest
        FROM packages AS q
        WHERE q.name IS NOT NULL
    ) AS p
    WHERE p.newest < CAST(CAST($now AS DATE) - INTERVAL 90 DAY AS TIMESTAMP)
        AND NOT EXISTS (
            FROM downloads AS d
            WHERE d.package = p.name AND d.downloads > 0 AND d.date >= CAST($now AS DATE) - INTERVAL 90 DAY
        )
) AS u
WHERE u.bytes > 0
    AND u.bytes >= 0.1 * (SELECT sum(a.size) FROM packages AS a)
    AND (SELECT min(y.day) FROM daily AS y) <= CAST($now AS DATE) - INTERVAL 90 DAY

-- GET /downloads/range and /downloads/point: downloads by UTC day and package, in npm's shape; days without any
-- are there with 0. A package that is neither in the inventory nor was asked for in the range has no row.
-- Parameters: $first, $last (dates, both included), $packages (list of names; null: all packages together).
-- Grain: package (null for all together) and day, oldest first.
WITH asked AS (
    SELECT DISTINCT unnest(CASE WHEN $packages IS NULL THEN [NULL] ELSE CAST($packages AS VARCHAR[]) END) AS package
), counted AS (
    SELECT
        CASE WHEN $packages IS NOT NULL THEN d.package END AS package,
        d.day,
        sum(d.downloads) AS downloads
    FROM downloads AS d
    WHERE d.date BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
        AND ($packages IS NULL OR list_contains(CAST($packages AS VARCHAR[]), d.package))
    GROUP BY CASE WHEN $packages IS NOT NULL THEN d.package END, d.day
), known AS (
    SELECT a.package
    FROM asked AS a
    WHERE a.package IS NULL
        OR EXISTS (FROM counted AS c WHERE c.package = a.package)
        OR EXISTS (FROM packages AS p WHERE p.name = a.package)
)
SELECT
    k.package,
    strftime(s.day, '%Y-%m-%d') AS day,
    CAST(coalesce(c.downloads, 0) AS BIGINT) AS downloads,
    CAST(sum(coalesce(c.downloads, 0)) OVER (PARTITION BY k.package) AS BIGINT) AS total
FROM known AS k
CROSS JOIN (
    SELECT CAST(unnest(generate_series(
        CAST($first AS TIMESTAMP), CAST($last AS TIMESTAMP), INTERVAL 1 DAY
    )) AS DATE) AS day
) AS s
LEFT JOIN counted AS c ON c.package IS NOT DISTINCT FROM k.package AND c.day = s.day
ORDER BY k.package, s.day

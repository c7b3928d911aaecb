-- GET /downloads: sums over whole UTC days.
-- Parameters: $first, $last (dates, both included), $package, $version, $agent (null: all).
-- Units: bytes in bytes. Clients are addresses with a download; packages and versions those with one.
-- previousDownloads: downloads of as many days before, all of them whole.
SELECT
    coalesce(sum(d.downloads) FILTER (WHERE d.date >= CAST($first AS DATE)), 0)::BIGINT AS downloads,
    coalesce(sum(d.downloads) FILTER (WHERE d.date < CAST($first AS DATE)), 0)::BIGINT AS "previousDownloads",
    coalesce(sum(d.not_modified) FILTER (WHERE d.date >= CAST($first AS DATE)), 0)::BIGINT AS "notModified",
    coalesce(sum(d.failed) FILTER (WHERE d.date >= CAST($first AS DATE)), 0)::BIGINT AS failed,
    coalesce(sum(d.bytes) FILTER (WHERE d.date >= CAST($first AS DATE)), 0)::BIGINT AS bytes,
    coalesce(sum(d.publishes) FILTER (WHERE d.date >= CAST($first AS DATE)), 0)::BIGINT AS publishes,
    count(DISTINCT d.package) FILTER (WHERE d.date >= CAST($first AS DATE) AND d.downloads > 0) AS packages,
    count(DISTINCT (d.package, d.version)) FILTER (WHERE d.date >= CAST($first AS DATE) AND d.downloads > 0) AS versions,
    (
        SELECT count(DISTINCT i.client)
        FROM installers AS i
        WHERE i.date BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
            AND ($package IS NULL OR i.package = $package)
            AND ($version IS NULL OR i.version = $version)
            AND ($agent IS NULL OR i.agent = $agent)
    ) AS clients
FROM downloads AS d
WHERE d.date BETWEEN CAST($first AS DATE) - CAST(CAST($last AS DATE) - CAST($first AS DATE) + 1 AS INTEGER)
    AND CAST($last AS DATE)
    AND ($package IS NULL OR d.package = $package)
    AND ($version IS NULL OR d.version = $version)
    AND ($agent IS NULL OR d.agent = $agent)

-- GET /downloads: sums over whole UTC days.
-- Parameters: $first, $last (dates, both included), $package, $version, $agent (null: all).
-- Units: bytes in bytes. Clients are addresses with a download; packages and versions those with one.
SELECT
    coalesce(sum(d.downloads), 0)::BIGINT AS downloads,
    coalesce(sum(d.not_modified), 0)::BIGINT AS "notModified",
    coalesce(sum(d.failed), 0)::BIGINT AS failed,
    coalesce(sum(d.bytes), 0)::BIGINT AS bytes,
    coalesce(sum(d.publishes), 0)::BIGINT AS publishes,
    count(DISTINCT d.package) FILTER (WHERE d.downloads > 0) AS packages,
    count(DISTINCT (d.package, d.version)) FILTER (WHERE d.downloads > 0) AS versions,
    (
        SELECT count(DISTINCT i.client)
        FROM installers AS i
        WHERE i.date BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
            AND ($package IS NULL OR i.package = $package)
            AND ($version IS NULL OR i.version = $version)
            AND ($agent IS NULL OR i.agent = $agent)
    ) AS clients
FROM downloads AS d
WHERE d.date BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
    AND ($package IS NULL OR d.package = $package)
    AND ($version IS NULL OR d.version = $version)
    AND ($agent IS NULL OR d.agent = $agent)

-- GET /downloads: one row per package, version, agent, day or week (named by its Monday), most downloads first;
-- days and weeks newest first.
-- Parameters: $by (package, version, agent, day, week), $first, $last (dates, both included), $package, $version,
-- $agent (null: all), $limit.
-- Units: share in percent of all downloads that match, bytes in bytes, lastSeen in epoch ms (the latest download).
WITH counted AS (
    SELECT
        download_name($by, d.package, d.version, d.agent, d.day) AS name,
        sum(d.downloads) AS downloads,
        sum(d.not_modified) AS not_modified,
        sum(d.failed) AS failed,
        sum(d.bytes) AS bytes,
        sum(d.publishes) AS publishes,
        max(d.last_ts) AS last_ts
    FROM downloads AS d
    WHERE d.date BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
        AND ($package IS NULL OR d.package = $package)
        AND ($version IS NULL OR d.version = $version)
        AND ($agent IS NULL OR d.agent = $agent)
    GROUP BY download_name($by, d.package, d.version, d.agent, d.day)
), who AS (
    SELECT
        download_name($by, i.package, i.version, i.agent, i.day) AS name,
        count(DISTINCT i.client) AS clients
    FROM installers AS i
    WHERE i.date BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
        AND ($package IS NULL OR i.package = $package)
        AND ($version IS NULL OR i.version = $version)
        AND ($agent IS NULL OR i.agent = $agent)
    GROUP BY download_name($by, i.package, i.version, i.agent, i.day)
)
SELECT
    c.name,
    CAST(c.downloads AS BIGINT) AS downloads,
    percentage(c.downloads, sum(c.downloads) OVER ()) AS share,
    coalesce(w.clients, 0) AS clients,
    CAST(c.not_modified AS BIGINT) AS "notModified",
    CAST(c.failed AS BIGINT) AS failed,
    CAST(c.bytes AS BIGINT) AS bytes,
    CAST(c.publishes AS BIGINT) AS publishes,
    epoch_millis(c.last_ts) AS "lastSeen"
FROM counted AS c
LEFT JOIN who AS w ON w.name = c.name
ORDER BY CASE WHEN $by IN ('day', 'week') THEN c.name END DESC, c.downloads DESC, c.name
LIMIT CAST($limit AS BIGINT)

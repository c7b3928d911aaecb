-- GET /downloads?by=client: who installs most: one row per client's address, most downloads first.
-- Parameters: $first, $last (dates, both included), $package, $version, $agent (null: all), $limit.
-- Units: share in percent of all downloads that match, lastSeen in epoch ms. packages: different ones.
SELECT
    i.client AS name,
    CAST(sum(i.downloads) AS BIGINT) AS downloads,
    percentage(sum(i.downloads), sum(sum(i.downloads)) OVER ()) AS share,
    count(DISTINCT i.package) AS packages,
    epoch_millis(max(i.last_ts)) AS "lastSeen"
FROM installers AS i
WHERE i.date BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
    AND ($package IS NULL OR i.package = $package)
    AND ($version IS NULL OR i.version = $version)
    AND ($agent IS NULL OR i.agent = $agent)
GROUP BY i.client
ORDER BY sum(i.downloads) DESC, i.client
LIMIT CAST($limit AS BIGINT)

-- Who installs which package; see tables/installers.sql for the grain.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. An entry counts as many times as its weight says.
WITH requests AS (
    SELECT
        l.ts,
        plain_path(l.path) AS path,
        l.package_version,
        l.client_ip AS client,
        user_agent_family(l.user_agent) AS agent,
        l.weight
    FROM fresh_logs AS l
    WHERE l.method = 'GET' AND l.path LIKE '%/-/%.tgz%' AND is_download(l.status) AND l.client_ip IS NOT NULL
), parts AS (
    SELECT
        CAST(r.ts AS DATE) AS day,
        tarball_package(r.path) AS package,
        coalesce(tarball_version(r.path, tarball_package(r.path)), r.package_version) AS version,
        r.client,
        r.agent,
        sum(r.weight) AS downloads,
        max(r.ts) AS last_ts
    FROM requests AS r
    WHERE tarball_package(r.path) IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT p.day, p.package, p.version, p.client, p.agent, p.downloads, p.last_ts
    FROM prior AS p
)
SELECT
    s.day,
    s.package,
    s.version,
    s.client,
    s.agent,
    CAST(sum(s.downloads) AS BIGINT) AS downloads,
    max(s.last_ts) AS last_ts
FROM parts AS s
GROUP BY s.day, s.package, s.version, s.client, s.agent
ORDER BY 1, 2, 3, 4, 5

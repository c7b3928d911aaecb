-- Who installs which package; see tables/installers.sql for the grain.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. An entry counts as many times as its weight says.
WITH requests AS (
    -- The same requests together first: their paths and programs are looked at once and not once each.
    SELECT
        CAST(l.ts AS DATE) AS day,
        l.path,
        l.package_version,
        l.client_ip AS client,
        l.user_agent,
        sum(l.weight) AS entries,
        max(l.ts) AS last_ts
    FROM fresh_logs AS l
    WHERE l.method = 'GET' AND l.path LIKE '%/-/%.tgz%' AND is_download(l.status) AND l.client_ip IS NOT NULL
    GROUP BY CAST(l.ts AS DATE), l.path, l.package_version, l.client_ip, l.user_agent
), paths AS (
    SELECT r.path, plain_path(r.path) AS plain
    -- Not DISTINCT: what is asked of the packages further down would be asked of each request, before it.
    FROM (SELECT min(q.path) AS path FROM requests AS q GROUP BY q.path) AS r
), agents AS (
    SELECT r.user_agent, user_agent_family(r.user_agent) AS agent
    FROM (SELECT DISTINCT q.user_agent FROM requests AS q) AS r
), named AS (
    SELECT p.path, tarball_package(p.plain) AS package, tarball_version(p.plain, tarball_package(p.plain)) AS version
    FROM paths AS p
), parts AS (
    SELECT
        r.day,
        n.package,
        coalesce(n.version, r.package_version) AS version,
        r.client,
        a.agent,
        sum(r.entries) AS downloads,
        max(r.last_ts) AS last_ts
    FROM requests AS r
    JOIN named AS n ON n.path = r.path
    JOIN agents AS a ON a.user_agent IS NOT DISTINCT FROM r.user_agent
    WHERE n.package IS NOT NULL
    GROUP BY r.day, n.package, coalesce(n.version, r.package_version), r.client, a.agent
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

-- Which package was installed and published, how often; see tables/downloads.sql for the grain.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. An entry counts as many times as its weight says.
WITH requests AS (
    -- The same requests together first: their paths and programs are looked at once and not once each.
    SELECT
        CAST(l.ts AS DATE) AS day,
        l.method,
        l.path,
        l.package_version,
        l.user_agent,
        l.status,
        sum(weighted(l.bytes, l.weight)) AS bytes,
        sum(l.weight) AS entries,
        max(l.ts) AS last_ts
    FROM fresh_logs AS l
    WHERE (l.method = 'GET' AND l.path LIKE '%/-/%.tgz%')
        OR (l.method = 'PUT' AND l.status BETWEEN 200 AND 299)
    GROUP BY CAST(l.ts AS DATE), l.method, l.path, l.package_version, l.user_agent, l.status
), paths AS (
    SELECT
        p.method,
        p.path,
        CASE p.method WHEN 'GET' THEN tarball_package(p.plain) ELSE published_package(p.plain) END AS package,
        CASE p.method WHEN 'GET' THEN tarball_version(p.plain, tarball_package(p.plain)) END AS version
    FROM (
        SELECT r.method, r.path, plain_path(r.path) AS plain
        -- Not DISTINCT: what is asked of the packages further down would be asked of each request, before it.
        FROM (SELECT min(q.method) AS method, min(q.path) AS path FROM requests AS q GROUP BY q.method, q.path) AS r
    ) AS p
), agents AS (
    SELECT r.user_agent, user_agent_family(r.user_agent) AS agent
    FROM (SELECT DISTINCT q.user_agent FROM requests AS q) AS r
), named AS (
    SELECT
        r.day,
        r.last_ts,
        r.method = 'GET' AS fetched,
        p.package,
        coalesce(p.version, r.package_version) AS version,
        a.agent,
        r.status,
        r.bytes,
        r.entries
    FROM requests AS r
    JOIN paths AS p ON p.method = r.method AND p.path = r.path
    JOIN agents AS a ON a.user_agent IS NOT DISTINCT FROM r.user_agent
), parts AS (
    SELECT
        n.day,
        n.package,
        n.version,
        n.agent,
        coalesce(sum(n.entries) FILTER (WHERE n.fetched AND is_download(n.status)), 0) AS downloads,
        coalesce(sum(n.entries) FILTER (WHERE n.fetched AND n.status = 304), 0) AS not_modified,
        coalesce(sum(n.entries) FILTER (WHERE n.fetched AND n.status >= 400), 0) AS failed,
        coalesce(sum(n.bytes) FILTER (WHERE n.fetched AND is_download(n.status)), 0) AS bytes,
        coalesce(sum(n.entries) FILTER (WHERE NOT n.fetched), 0) AS publishes,
        max(n.last_ts) FILTER (WHERE n.fetched AND is_download(n.status)) AS last_ts
    FROM named AS n
    WHERE n.package IS NOT NULL
    GROUP BY
        n.day, n.package, n.version, n.agent
    UNION ALL
    SELECT p.day, p.package, p.version, p.agent, p.downloads, p.not_modified, p.failed, p.bytes, p.publishes, p.last_ts
    FROM prior AS p
)
SELECT
    s.day,
    s.package,
    s.version,
    s.agent,
    CAST(sum(s.downloads) AS BIGINT) AS downloads,
    CAST(sum(s.not_modified) AS BIGINT) AS not_modified,
    CAST(sum(s.failed) AS BIGINT) AS failed,
    CAST(least(sum(s.bytes), 9223372036854775807) AS BIGINT) AS bytes,
    CAST(sum(s.publishes) AS BIGINT) AS publishes,
    max(s.last_ts) AS last_ts
FROM parts AS s
GROUP BY s.day, s.package, s.version, s.agent
HAVING sum(s.downloads) + sum(s.not_modified) + sum(s.failed) + sum(s.publishes) > 0
ORDER BY 1, 2, 3, 4

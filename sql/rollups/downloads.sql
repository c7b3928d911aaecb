-- Which package was installed and published, how often; see tables/downloads.sql for the grain.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. An entry counts as many times as its weight says.
WITH requests AS (
    SELECT
        l.ts,
        l.method,
        plain_path(l.path) AS path,
        l.package_version,
        user_agent_family(l.user_agent) AS agent,
        l.status,
        l.bytes,
        l.weight
    FROM fresh_logs AS l
    WHERE (l.method = 'GET' AND l.path LIKE '%/-/%.tgz%')
        OR (l.method = 'PUT' AND l.status BETWEEN 200 AND 299)
), named AS (
    SELECT
        r.ts,
        r.method = 'GET' AS fetched,
        CASE r.method WHEN 'GET' THEN tarball_package(r.path) ELSE published_package(r.path) END AS package,
        r.path,
        r.package_version,
        r.agent,
        r.status,
        r.bytes,
        r.weight
    FROM requests AS r
), parts AS (
    SELECT
        CAST(n.ts AS DATE) AS day,
        n.package,
        coalesce(tarball_version(n.path, n.package), n.package_version) AS version,
        n.agent,
        coalesce(sum(n.weight) FILTER (WHERE n.fetched AND is_download(n.status)), 0) AS downloads,
        coalesce(sum(n.weight) FILTER (WHERE n.fetched AND n.status = 304), 0) AS not_modified,
        coalesce(sum(n.weight) FILTER (WHERE n.fetched AND n.status >= 400), 0) AS failed,
        coalesce(sum(n.bytes * n.weight) FILTER (WHERE n.fetched AND is_download(n.status)), 0) AS bytes,
        coalesce(sum(n.weight) FILTER (WHERE NOT n.fetched), 0) AS publishes,
        max(n.ts) FILTER (WHERE n.fetched AND is_download(n.status)) AS last_ts
    FROM named AS n
    WHERE n.package IS NOT NULL
    GROUP BY
        CAST(n.ts AS DATE), n.package, coalesce(tarball_version(n.path, n.package), n.package_version), n.agent
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

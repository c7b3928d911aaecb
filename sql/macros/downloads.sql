-- What a request to a registry was about, by its path: tarballs, publishes, and the program that asked.

-- The path without query and fragment, percent-encoding undone (npm writes @scope%2fname) where it is UTF-8.
CREATE OR REPLACE MACRO plain_path(path) AS
    coalesce(TRY(url_decode(regexp_extract(path, '^[^?#]*'))), regexp_extract(path, '^[^?#]*'));

-- The package of a tarball's plain_path: /name/-/name-1.0.0.tgz or /@scope/name/-/name-1.0.0.tgz, below any
-- folder; null for every other path.
CREATE OR REPLACE MACRO tarball_package(path) AS
    nullif(regexp_extract(path, '((?:@[^/]+/)?[^/]+)/-/(?:@[^/]+/)?[^/]+\.tgz$', 1), '');

-- The version that a tarball's plain_path names after its package; null where it names none.
CREATE OR REPLACE MACRO tarball_version(path, package) AS
    CASE
        WHEN starts_with(split_part(path, '/', -1), split_part(package, '/', -1) || '-')
            THEN regexp_extract(path, '([^/]+)\.tgz$', 1)[length(split_part(package, '/', -1)) + 2:]
    END;

-- The package that a PUT to this plain_path publishes: the last name of the path, with its scope; null for paths
-- of the registry's own (/-/user/…, /name/-rev/…).
CREATE OR REPLACE MACRO published_package(path) AS
    CASE
        WHEN path NOT LIKE '%/-%' THEN nullif(regexp_extract(path, '((?:@[^/]+/)?[^/]+)/*$', 1), '')
    END;

-- The program behind a User-Agent, by the product that it names first.
CREATE OR REPLACE MACRO user_agent_family(user_agent) AS
    CASE
        WHEN user_agent IS NULL OR trim(user_agent) = '' THEN 'unknown'
        WHEN list_contains(
            ['npm', 'yarn', 'pnpm', 'bun', 'deno', 'node', 'curl', 'wget', 'got', 'axios', 'renovate', 'verdaccio',
                'cnpm', 'volta', 'corepack', 'artifactory', 'nexus', 'python-requests', 'undici', 'node-fetch'],
            regexp_extract(lower(trim(user_agent)), '^[a-z][a-z-]*')
        ) THEN regexp_extract(lower(trim(user_agent)), '^[a-z][a-z-]*')
        WHEN user_agent ILIKE 'mozilla/%' THEN 'browser'
        ELSE 'other'
    END;

-- A response that gave the tarball, or sent the client to where it lies.
CREATE OR REPLACE MACRO is_download(status) AS status BETWEEN 200 AND 399 AND status <> 304;

-- The name of a row of GET /downloads, by what is counted.
CREATE OR REPLACE MACRO download_name(counted, package, version, agent, day) AS
    CASE counted
        WHEN 'package' THEN package
        WHEN 'version' THEN concat(package, '@', coalesce(version, '?'))
        WHEN 'agent' THEN agent
        WHEN 'day' THEN strftime(day, '%Y-%m-%d')
        WHEN 'week' THEN strftime(date_trunc('week', day), '%Y-%m-%d')
    END;

-- Access logs of nginx and Apache as text: common and combined format, also with the virtual host in front.
-- detect: regexp_matches(raw, '^(?:[A-Za-z0-9.-]+:[0-9]+ )?[^ ]+ [^ ]+ .+? \[[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\] "')
-- Reads raw_lines and raw_objects and gives one row per raw line, as formats/registry.sql does.
-- Fields: CLIENT IDENT USER [TIME] "REQUEST" STATUS BYTES ["REFERER" "AGENT" [REST]]; a minus sign stands for nothing.
-- The first number with a point in REST (also rt=, request_time=) is the time of the request in seconds; whole
-- numbers there may be anything and are left alone. level comes from the status.
-- metadata: what has no column, with request and time as they were written.
WITH matched AS (
    SELECT
        r.object_no,
        r.line,
        r.raw,
        r.fault,
        rtrim(r.raw, E'\r\n') AS text,
        regexp_extract(
            rtrim(r.raw, E'\r\n'),
            '^(?:([A-Za-z0-9.-]+:[0-9]+) )?([^ ]+) ([^ ]+) (.+?) \[([^\]]*)\] "((?:[^"\\]|\\.)*)" ([0-9]{3}|-) ([0-9]+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?((?: (?:"(?:[^"\\]|\\.)*"|[^" ][^ ]*))*) *$',
            ['vhost', 'client', 'ident', 'user', 'time', 'request', 'status', 'bytes', 'referer', 'agent', 'rest']
        ) AS f
    FROM raw_lines AS r
),

typed AS (
    SELECT
        m.object_no,
        m.line,
        m.raw,
        m.fault,
        m.text,
        m.f,
        time_of(m.f."time") AS ts,
        status_of(m.f.status) AS status,
        nullif(regexp_extract(m.f.request, '^([A-Za-z]+) [^ ]', 1), '') AS method,
        path_of(nullif(regexp_extract(m.f.request, '^[A-Za-z]+ ([^ ]+)', 1), '')) AS path,
        nullif(regexp_extract(m.f.rest, '(?:^| )(?:rt=|request_time=)?"?([0-9]+\.[0-9]+)"?(?: |$)', 1), '') AS seconds
    FROM matched AS m
),

judged AS (
    SELECT
        t.*,
        CASE
            WHEN t.fault IS NOT NULL THEN t.fault
            WHEN NOT regexp_matches(t.text, '[^ \t]') THEN 'blank line'
            WHEN t.f.client = '' THEN 'not a line of the common or combined log format'
            ELSE time_fault('time', t.f."time", t.ts)
        END AS reason
    FROM typed AS t
)

SELECT
    j.object_no,
    j.line,
    j.reason,
    CASE WHEN j.reason IS NOT NULL THEN rtrim(j.raw, chr(10)) END AS raw,
    CASE WHEN j.reason IS NULL THEN j.ts END AS ts,
    coalesce(level_of_status(j.status), 'info') AS level,
    CAST(NULL AS VARCHAR) AS raw_level,
    CASE WHEN j.path IS NOT NULL THEN concat_ws(' ', upper(j.method), j.path, j.status) ELSE j.f.request END AS message,
    'access' AS source,
    hash_of_key(o.object_key) AS config_hash,
    CAST(NULL AS VARCHAR) AS config_version,
    duration_of(j.seconds, 1000) AS response_ms,
    j.status,
    upper(j.method) AS method,
    j.path,
    surely_package_of(j.path) AS package,
    package_version_of(j.path) AS package_version,
    nullif(j.f.client, '-') AS client_ip,
    nullif(nullif(replace(replace(replace(j.f.agent, '\x22', '"'), '\"', '"'), '\\', '\'), '-'), '') AS user_agent,
    bytes_of(j.f.bytes) AS bytes,
    o.sample AS weight,
    -- A merge with nothing takes the nulls out.
    CAST(json_merge_patch(CAST('{}' AS JSON), json_object(
        'request', j.f.request,
        'time', j.f."time",
        'ident', nullif(nullif(j.f.ident, '-'), ''),
        'user', nullif(nullif(j.f.user, '-'), ''),
        'referer', nullif(nullif(j.f.referer, '-'), ''),
        'agent', CASE WHEN contains(j.f.agent, '\') THEN j.f.agent END,
        'virtualHost', nullif(j.f.vhost, ''),
        'rest', nullif(ltrim(j.f.rest), '')
    )) AS VARCHAR) AS metadata,
    '{}' AS extra,
    CAST(NULL AS TIMESTAMP) AS stored_at,
    o.bucket,
    o.object_key
FROM judged AS j
JOIN raw_objects AS o ON o.object_no = j.object_no

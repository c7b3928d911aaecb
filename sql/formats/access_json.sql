-- Access logs as JSON lines: nginx with the names of its variables, Apache alike or with its usual names, and Caddy.
-- detect: json_exists(entry, '$.status')
--     AND ((json_exists(entry, '$.method') AND (json_exists(entry, '$.remoteIP') OR json_exists(entry, '$.userAgent')))
--         OR json_exists(entry, '$.request_method') OR json_exists(entry, '$.request_uri') OR json_exists(entry, '$.request.uri')
--         OR json_exists(entry, '$.remote_addr') OR json_exists(entry, '$.remote_ip') OR json_exists(entry, '$.http_user_agent'))
--     AND coalesce(json_type(entry, '$.level'), '') NOT IN ('UBIGINT', 'BIGINT')
-- Reads raw_lines and raw_objects and gives one row per raw line, as formats/registry.sql does.
-- Fields: the time in any form of time_of (time_iso8601, msec, time_local, ts, time, timestamp, @timestamp);
-- request_time and Caddy's duration in seconds, whether quoted or not. level comes from the status.
-- metadata: the whole line.
WITH parsed AS (
    SELECT
        r.object_no,
        r.line,
        r.raw,
        r.fault,
        CASE WHEN r.fault IS NULL THEN TRY_CAST(r.raw AS JSON) END AS entry
    FROM raw_lines AS r
),

opened AS (
    SELECT
        p.object_no,
        p.line,
        p.raw,
        p.fault,
        p.entry,
        CAST(json(p.entry) AS VARCHAR) AS metadata,
        json_transform(p.entry, '{
            "time_iso8601": "VARCHAR", "msec": "VARCHAR", "time_local": "VARCHAR", "ts": "VARCHAR", "time": "VARCHAR",
            "timestamp": "VARCHAR", "@timestamp": "VARCHAR", "level": "VARCHAR", "msg": "VARCHAR",
            "remote_addr": "VARCHAR", "remote_ip": "VARCHAR", "client_ip": "VARCHAR", "clientip": "VARCHAR",
            "remoteIP": "VARCHAR", "userAgent": "VARCHAR",
            "request_method": "VARCHAR", "method": "VARCHAR", "request_uri": "VARCHAR", "uri": "VARCHAR",
            "path": "VARCHAR", "status": "VARCHAR", "body_bytes_sent": "VARCHAR", "bytes_sent": "VARCHAR",
            "bytes": "VARCHAR", "size": "VARCHAR", "http_user_agent": "VARCHAR", "user_agent": "VARCHAR",
            "request_time": "VARCHAR", "duration": "VARCHAR"}') AS f,
        -- nginx's $request is the request line, Apache's usual "request" the path alone, Caddy's an object.
        p.entry ->> '$.request' AS request,
        json_transform(p.entry, '{"request": {"method": "VARCHAR", "uri": "VARCHAR", "client_ip": "VARCHAR",
            "remote_ip": "VARCHAR", "headers": {"User-Agent": ["VARCHAR"]}}}').request AS caddy
    FROM parsed AS p
),

named AS (
    SELECT
        o.object_no,
        o.line,
        o.raw,
        o.f,
        o.caddy,
        o.metadata,
        json_line_fault(o.raw, o.fault, o.entry, o.metadata) AS fault,
        coalesce(o.f.msec, o.f.time_iso8601, o.f.ts, o.f."@timestamp", o.f."timestamp", o.f."time", o.f.time_local) AS moment,
        status_of(o.f.status) AS status,
        upper(coalesce(o.f.request_method, o.caddy."method", o.f."method",
            nullif(regexp_extract(o.request, '^([A-Za-z]+) [^ ]', 1), ''))) AS method,
        path_of(coalesce(o.f.request_uri, o.caddy.uri, nullif(regexp_extract(o.request, '^[A-Za-z]+ ([^ ]+)', 1), ''),
            CASE WHEN starts_with(o.request, '/') THEN o.request END, o.f.uri, o.f."path")) AS path
    FROM opened AS o
),

timed AS (
    SELECT n.*, time_of(n.moment) AS ts
    FROM named AS n
),

judged AS (
    SELECT t.*, coalesce(t.fault, time_fault('time', t.moment, t.ts)) AS reason
    FROM timed AS t
)

SELECT
    j.object_no,
    j.line,
    j.reason,
    CASE WHEN j.reason IS NOT NULL THEN rtrim(j.raw, chr(10)) END AS raw,
    CASE WHEN j.reason IS NULL THEN j.ts END AS ts,
    coalesce(level_of_status(j.status), level_of(lower(j.f.level))) AS level,
    j.f.level AS raw_level,
    coalesce(nullif(concat_ws(' ', j.method, j.path, j.status), ''), j.f.msg) AS message,
    'access' AS source,
    hash_of_key(o.object_key) AS config_hash,
    CAST(NULL AS VARCHAR) AS config_version,
    duration_of(coalesce(j.f.request_time, j.f.duration), 1000) AS response_ms,
    j.status,
    j.method,
    j.path,
    surely_package_of(j.path) AS package,
    package_version_of(j.path) AS package_version,
    coalesce(j.f.remote_addr, j.caddy.client_ip, j.caddy.remote_ip, j.f.remote_ip, j.f.client_ip, j.f.clientip,
        j.f."remoteIP")
        AS client_ip,
    nullif(nullif(coalesce(j.f.http_user_agent, j.caddy.headers."User-Agent"[1], j.f.user_agent,
        j.f."userAgent"), '-'), '') AS user_agent,
    bytes_of(coalesce(j.f.body_bytes_sent, j.f.bytes_sent, j.f.bytes, j.f.size)) AS bytes,
    o.sample AS weight,
    j.metadata,
    '{}' AS extra,
    CAST(NULL AS TIMESTAMP) AS stored_at,
    o.bucket,
    o.object_key
FROM judged AS j
JOIN raw_objects AS o ON o.object_no = j.object_no

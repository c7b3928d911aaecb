-- Verdaccio, pino and bunyan: JSON lines with integer levels (10 trace to 60 fatal), time, msg, req and res.
-- detect: json_exists(entry, '$.time') AND json_exists(entry, '$.level')
--     AND (json_type(entry, '$.level') IN ('UBIGINT', 'BIGINT')
--         OR (json_exists(entry, '$.pid') AND json_exists(entry, '$.hostname')))
-- Reads raw_lines and raw_objects and gives one row per raw line, as formats/registry.sql does.
-- Fields: time in any form of time_of, responseTime and "response-time" in milliseconds. Verdaccio writes no duration.
-- Verdaccio's placeholders in msg (@{status}) are filled with the line's own fields. metadata: the whole line.
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
            "level": "VARCHAR", "time": "VARCHAR", "msg": "VARCHAR", "name": "VARCHAR", "sub": "VARCHAR",
            "status": "VARCHAR", "ip": "VARCHAR", "remoteIP": "VARCHAR", "user": "VARCHAR", "error": "VARCHAR",
            "responseTime": "VARCHAR", "response-time": "VARCHAR", "bytes": {"in": "VARCHAR", "out": "VARCHAR"},
            "req": {"method": "VARCHAR", "url": "VARCHAR", "remoteAddress": "VARCHAR", "headers": {"user-agent": "VARCHAR"}},
            "request": {"method": "VARCHAR", "url": "VARCHAR"},
            "res": {"statusCode": "VARCHAR", "headers": {"content-length": "VARCHAR"}},
            "err": {"message": "VARCHAR", "statusCode": "VARCHAR"}}') AS f
    FROM parsed AS p
),

typed AS (
    SELECT
        o.object_no,
        o.line,
        o.raw,
        o.f,
        o.metadata,
        json_line_fault(o.raw, o.fault, o.entry, o.metadata) AS fault,
        time_of(o.f."time") AS ts,
        TRY_CAST(o.f.level AS DOUBLE) AS level_number,
        path_of(coalesce(o.f.request.url, o.f.req.url)) AS path
    FROM opened AS o
),

judged AS (
    SELECT t.*, coalesce(t.fault, time_fault('time', t.f."time", t.ts)) AS reason
    FROM typed AS t
)

SELECT
    j.object_no,
    j.line,
    j.reason,
    CASE WHEN j.reason IS NOT NULL THEN rtrim(j.raw, chr(10)) END AS raw,
    CASE WHEN j.reason IS NULL THEN j.ts END AS ts,
    -- Verdaccio logs requests at 25 and sinopia at 35, between debug (20), info (30) and warn (40).
    CASE
        WHEN j.level_number >= 50 THEN 'error'
        WHEN j.level_number >= 40 THEN 'warn'
        WHEN j.level_number >= 25 THEN 'info'
        WHEN j.level_number IS NOT NULL THEN 'debug'
        ELSE level_of(lower(j.f.level))
    END AS level,
    j.f.level AS raw_level,
    CASE WHEN contains(j.f.msg, '@{') THEN
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(j.f.msg,
            '@{status}', coalesce(j.f.status, '')),
            '@{user}', coalesce(j.f.user, 'null')),
            '@{remoteIP}', coalesce(j.f."remoteIP", '')),
            '@{ip}', coalesce(j.f.ip, '')),
            '@{error}', coalesce(j.f.error, '')),
            '@{request.method}', coalesce(j.f.request.method, '')),
            '@{request.url}', coalesce(j.f.request.url, '')),
            '@{req.method}', coalesce(j.f.req.method, '')),
            '@{req.url}', coalesce(j.f.req.url, '')),
            '@{bytes.in}', coalesce(j.f.bytes."in", '')),
            '@{bytes.out}', coalesce(j.f.bytes."out", ''))
        ELSE coalesce(j.f.msg, j.f.err.message)
    END AS message,
    nullif(concat_ws('/', j.f.name, j.f.sub), '') AS source,
    hash_of_key(o.object_key) AS config_hash,
    CAST(NULL AS VARCHAR) AS config_version,
    duration_of(coalesce(j.f."responseTime", j.f."response-time"), 1) AS response_ms,
    status_of(coalesce(j.f.status, j.f.res."statusCode", j.f.err."statusCode")) AS status,
    upper(coalesce(j.f.request.method, j.f.req.method)) AS method,
    j.path,
    package_of(j.path) AS package,
    package_version_of(j.path) AS package_version,
    -- Behind a proxy Verdaccio writes "CLIENT, PROXY via PEER".
    nullif(regexp_extract(coalesce(j.f."remoteIP", j.f.ip, j.f.req."remoteAddress"), '^[^ ,]+'), '') AS client_ip,
    j.f.req.headers."user-agent" AS user_agent,
    bytes_of(coalesce(j.f.bytes."out", j.f.res.headers."content-length")) AS bytes,
    o.sample AS weight,
    j.metadata,
    '{}' AS extra,
    CAST(NULL AS TIMESTAMP) AS stored_at,
    o.bucket,
    o.object_key
FROM judged AS j
JOIN raw_objects AS o ON o.object_no = j.object_no

-- Cloudflare audit logs (account, R2): Logpush datasets audit_logs and audit_logs_v2, and the entries of the API.
-- detect: (json_exists(entry, '$.ActionType') OR json_exists(entry, '$.Action.Type') OR json_exists(entry, '$.action.type'))
--     AND (json_exists(entry, '$.When') OR json_exists(entry, '$.ActionTimestamp') OR json_exists(entry, '$.Action.Time')
--         OR json_exists(entry, '$.when') OR json_exists(entry, '$.action.time'))
-- Reads raw_lines and raw_objects and gives one row per raw line, as formats/registry.sql does.
-- Fields: When or ActionTimestamp in any form of time_of. An action that failed is a warning.
-- metadata: the whole line, with the old and the new value.
WITH parsed AS (
    SELECT
        r.object_no,
        r.line,
        r.raw,
        r.fault,
        CASE WHEN r.fault IS NULL THEN TRY_CAST(r.raw AS JSON) END AS entry
    FROM raw_lines AS r
),

-- Field names: version 1, version 2, nested, and those of the API.
opened AS (
    SELECT
        p.object_no,
        p.line,
        p.raw,
        p.fault,
        p.entry,
        CAST(json(p.entry) AS VARCHAR) AS metadata,
        coalesce(p.entry ->> '$.When', p.entry ->> '$.ActionTimestamp', p.entry ->> '$.Action.Time', p.entry ->> '$.when',
            p.entry ->> '$.action.time') AS moment,
        coalesce(p.entry ->> '$.ActionType', p.entry ->> '$.Action.Type', p.entry ->> '$.action.type') AS action,
        lower(coalesce(p.entry ->> '$.ActionResult', p.entry ->> '$.Action.Result', p.entry ->> '$.action.result')) AS result,
        coalesce(p.entry ->> '$.ActorEmail', p.entry ->> '$.Actor.Email', p.entry ->> '$.actor.email',
            p.entry ->> '$.ActorID', p.entry ->> '$.Actor.ID', p.entry ->> '$.actor.id') AS actor,
        coalesce(p.entry ->> '$.ActorIP', p.entry ->> '$.ActorIPAddress', p.entry ->> '$.Actor.IPAddress',
            p.entry ->> '$.actor.ip', p.entry ->> '$.actor.ip_address') AS client_ip,
        coalesce(p.entry ->> '$.ResourceType', p.entry ->> '$.Resource.Type', p.entry ->> '$.resource.type') AS resource,
        coalesce(p.entry ->> '$.ResourceRequest.method', p.entry ->> '$.raw.method') AS method,
        coalesce(p.entry ->> '$.ResourceRequest.uri', p.entry ->> '$.raw.uri') AS uri,
        coalesce(p.entry ->> '$.ResourceResponse.status_code', p.entry ->> '$.raw.status_code') AS status
    FROM parsed AS p
),

typed AS (
    SELECT
        o.*,
        json_line_fault(o.raw, o.fault, o.entry, o.metadata) AS line_fault,
        time_of(o.moment) AS ts
    FROM opened AS o
),

judged AS (
    SELECT t.*, coalesce(t.line_fault, time_fault('When', t.moment, t.ts)) AS reason
    FROM typed AS t
)

SELECT
    j.object_no,
    j.line,
    j.reason,
    CASE WHEN j.reason IS NOT NULL THEN rtrim(j.raw, chr(10)) END AS raw,
    CASE WHEN j.reason IS NULL THEN j.ts END AS ts,
    CASE WHEN j.result IN ('false', 'failure', 'failed', 'error', 'denied') THEN 'warn' ELSE 'info' END AS level,
    j.result AS raw_level,
    nullif(concat_ws(' ', j.action, j.resource, 'by ' || j.actor), '') AS message,
    'cloudflare-audit' AS source,
    hash_of_key(o.object_key) AS config_hash,
    CAST(NULL AS VARCHAR) AS config_version,
    CAST(NULL AS DOUBLE) AS response_ms,
    status_of(j.status) AS status,
    upper(j.method) AS method,
    path_of(j.uri) AS path,
    CAST(NULL AS VARCHAR) AS package,
    CAST(NULL AS VARCHAR) AS package_version,
    nullif(j.client_ip, '') AS client_ip,
    CAST(NULL AS VARCHAR) AS user_agent,
    CAST(NULL AS BIGINT) AS bytes,
    o.sample AS weight,
    j.metadata,
    '{}' AS extra,
    CAST(NULL AS TIMESTAMP) AS stored_at,
    o.bucket,
    o.object_key
FROM judged AS j
JOIN raw_objects AS o ON o.object_no = j.object_no

-- Cloudflare Logpush, dataset workers_trace_events: one JSON object per invocation of a Worker.
-- detect: json_exists(entry, '$.EventTimestampMs')
--     AND (json_exists(entry, '$.Outcome') OR json_exists(entry, '$.ScriptName') OR json_exists(entry, '$.Event'))
-- Reads raw_lines and raw_objects and gives one row per raw line, as formats/registry.sql does.
-- Fields: EventTimestampMs in any form of time_of, WallTimeMs in milliseconds (the response time).
-- level: an error where the Outcome is one, an exception was not caught or the answer was 5xx; a warning where the
-- client went away or the answer was 4xx. metadata: the whole line, with console messages and CPUTimeMs.
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
            "EventTimestampMs": "VARCHAR", "EventType": "VARCHAR", "Outcome": "VARCHAR", "ScriptName": "VARCHAR",
            "WallTimeMs": "VARCHAR",
            "Event": {
                "Request": {"URL": "VARCHAR", "Method": "VARCHAR",
                    "Headers": {"user-agent": "VARCHAR", "cf-connecting-ip": "VARCHAR"}},
                "Response": {"Status": "VARCHAR"}}}') AS f,
        coalesce(json_array_length(p.entry, '$.Exceptions'), 0) AS exceptions,
        -- Columns know no upper and lower case, paths do; both are found.
        nullif(concat_ws(': ', coalesce(p.entry ->> '$.Exceptions[0].Name', p.entry ->> '$.Exceptions[0].name'),
            coalesce(p.entry ->> '$.Exceptions[0].Message', p.entry ->> '$.Exceptions[0].message')), '') AS exception
    FROM parsed AS p
),

typed AS (
    SELECT
        o.object_no,
        o.line,
        o.raw,
        o.f,
        o.exceptions,
        o.exception,
        o.metadata,
        json_line_fault(o.raw, o.fault, o.entry, o.metadata) AS fault,
        time_of(o.f."EventTimestampMs") AS ts,
        status_of(o.f."Event"."Response"."Status") AS status,
        path_of(o.f."Event"."Request"."URL") AS path
    FROM opened AS o
),

judged AS (
    SELECT t.*, coalesce(t.fault, time_fault('EventTimestampMs', t.f."EventTimestampMs", t.ts)) AS reason
    FROM typed AS t
)

SELECT
    j.object_no,
    j.line,
    j.reason,
    CASE WHEN j.reason IS NOT NULL THEN rtrim(j.raw, chr(10)) END AS raw,
    CASE WHEN j.reason IS NULL THEN j.ts END AS ts,
    CASE
        WHEN j.exceptions > 0 THEN 'error'
        WHEN coalesce(lower(j.f."Outcome"), 'ok') NOT IN ('ok', 'canceled', 'responsestreamdisconnected', 'unknown')
            THEN 'error'
        WHEN j.status >= 500 THEN 'error'
        WHEN coalesce(lower(j.f."Outcome"), 'ok') NOT IN ('ok', 'unknown') OR j.status >= 400 THEN 'warn'
        ELSE 'info'
    END AS level,
    j.f."Outcome" AS raw_level,
    coalesce(
        j.exception,
        nullif(concat_ws(' ', upper(j.f."Event"."Request"."Method"), j.path, j.status), ''),
        nullif(concat_ws(' ', j.f."EventType", j.f."Outcome"), '')
    ) AS message,
    j.f."ScriptName" AS source,
    hash_of_key(o.object_key) AS config_hash,
    CAST(NULL AS VARCHAR) AS config_version,
    duration_of(j.f."WallTimeMs", 1) AS response_ms,
    j.status,
    upper(j.f."Event"."Request"."Method") AS method,
    j.path,
    surely_package_of(j.path) AS package,
    package_version_of(j.path) AS package_version,
    j.f."Event"."Request"."Headers"."cf-connecting-ip" AS client_ip,
    j.f."Event"."Request"."Headers"."user-agent" AS user_agent,
    CAST(NULL AS BIGINT) AS bytes,
    o.sample AS weight,
    j.metadata,
    '{}' AS extra,
    CAST(NULL AS TIMESTAMP) AS stored_at,
    o.bucket,
    o.object_key
FROM judged AS j
JOIN raw_objects AS o ON o.object_no = j.object_no

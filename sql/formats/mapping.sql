-- JSON lines of any shape, by a [mapping.NAME] of the settings file: which field becomes which column.
-- Reads raw_lines and raw_objects and gives one row per raw line, as formats/registry.sql does. It has no rule of
-- detection: a prefix names it as mapping:NAME.
-- The mapping stands in one JSON text below, which warehouse/formats puts in as a quoted literal: a JSON pointer per
-- column ({"ts": "/meta/when"}), and under "time_us" and "response_ms_unit" how many microseconds and milliseconds
-- the units of the time and of the response time are (no time_us: any form of time_of). metadata: the whole line.
WITH settings AS (
    SELECT CAST('{}' AS JSON) AS m
),

parsed AS (
    SELECT
        r.object_no,
        r.line,
        r.raw,
        r.fault,
        CASE WHEN r.fault IS NULL THEN TRY_CAST(r.raw AS JSON) END AS entry
    FROM raw_lines AS r
),

named AS (
    SELECT
        p.object_no,
        p.line,
        p.raw,
        CAST(json(p.entry) AS VARCHAR) AS metadata,
        json_line_fault(p.raw, p.fault, p.entry, CAST(json(p.entry) AS VARCHAR)) AS fault,
        TRY_CAST(s.m ->> 'time_us' AS DOUBLE) AS time_us,
        coalesce(TRY_CAST(s.m ->> 'response_ms_unit' AS DOUBLE), 1) AS response_ms_unit,
        CASE WHEN json_exists(s.m, '/level') THEN p.entry ->> (s.m ->> 'level') END AS level,
        CASE WHEN json_exists(s.m, '/ts') THEN p.entry ->> (s.m ->> 'ts') END AS ts,
        CASE WHEN json_exists(s.m, '/message') THEN p.entry ->> (s.m ->> 'message') END AS message,
        CASE WHEN json_exists(s.m, '/source') THEN p.entry ->> (s.m ->> 'source') END AS source,
        CASE WHEN json_exists(s.m, '/config_hash') THEN p.entry ->> (s.m ->> 'config_hash') END AS config_hash,
        CASE WHEN json_exists(s.m, '/config_version') THEN p.entry ->> (s.m ->> 'config_version') END AS config_version,
        CASE WHEN json_exists(s.m, '/response_ms') THEN p.entry ->> (s.m ->> 'response_ms') END AS response_ms,
        CASE WHEN json_exists(s.m, '/status') THEN p.entry ->> (s.m ->> 'status') END AS status,
        CASE WHEN json_exists(s.m, '/method') THEN p.entry ->> (s.m ->> 'method') END AS method,
        CASE WHEN json_exists(s.m, '/path') THEN p.entry ->> (s.m ->> 'path') END AS path,
        CASE WHEN json_exists(s.m, '/package') THEN p.entry ->> (s.m ->> 'package') END AS package,
        CASE WHEN json_exists(s.m, '/package_version') THEN p.entry ->> (s.m ->> 'package_version') END AS package_version,
        CASE WHEN json_exists(s.m, '/client_ip') THEN p.entry ->> (s.m ->> 'client_ip') END AS client_ip,
        CASE WHEN json_exists(s.m, '/user_agent') THEN p.entry ->> (s.m ->> 'user_agent') END AS user_agent,
        CASE WHEN json_exists(s.m, '/bytes') THEN p.entry ->> (s.m ->> 'bytes') END AS bytes,
        CASE WHEN json_exists(s.m, '/weight') THEN p.entry ->> (s.m ->> 'weight') END AS weight,
        CASE WHEN json_exists(s.m, '/stored_at') THEN p.entry ->> (s.m ->> 'stored_at') END AS stored_at,
        CASE WHEN json_exists(s.m, '/ts') THEN ltrim(s.m ->> 'ts', '/') ELSE 'ts of the mapping' END AS time_field,
        ltrim(s.m ->> 'weight', '/') AS weight_field
    FROM parsed AS p
    CROSS JOIN settings AS s
),

timed AS (
    SELECT
        n.*,
        CASE
            WHEN n.time_us IS NULL THEN time_of(n.ts)
            WHEN TRY_CAST(n.ts AS DOUBLE) * n.time_us BETWEEN 1e14 AND 1e17
                THEN micros_to_timestamp(round(TRY_CAST(n.ts AS DOUBLE) * n.time_us))
        END AS moment
    FROM named AS n
),

judged AS (
    SELECT t.*, coalesce(t.fault, time_fault(t.time_field, t.ts, t.moment), weight_fault(t.weight_field, t.weight)) AS reason
    FROM timed AS t
)

SELECT
    j.object_no,
    j.line,
    j.reason,
    CASE WHEN j.reason IS NOT NULL THEN rtrim(j.raw, chr(10)) END AS raw,
    CASE WHEN j.reason IS NULL THEN j.moment END AS ts,
    coalesce(CASE WHEN j.level IS NULL THEN level_of_status(status_of(j.status)) END, level_of(lower(j.level))) AS level,
    j.level AS raw_level,
    j.message,
    j.source,
    coalesce(hex_hash(j.config_hash), hash_of_key(o.object_key)) AS config_hash,
    j.config_version,
    duration_of(j.response_ms, j.response_ms_unit) AS response_ms,
    status_of(j.status) AS status,
    upper(j.method) AS method,
    j.path,
    j.package,
    j.package_version,
    j.client_ip,
    j.user_agent,
    bytes_of(j.bytes) AS bytes,
    weight_of(j.weight, o.sample) AS weight,
    j.metadata,
    '{}' AS extra,
    time_of(j.stored_at) AS stored_at,
    o.bucket,
    o.object_key
FROM judged AS j
JOIN raw_objects AS o ON o.object_no = j.object_no

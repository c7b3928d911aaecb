-- The registry's own log format: one JSON object a line, conformed to the canonical row (tables/logs.sql).
-- Reads raw_lines (object_no, line, raw, fault) and raw_objects (object_no, bucket, object_key); gives one row
-- per raw line. A line that cannot be a log row carries a reason and goes to quarantine; every other line has
-- a null reason. fault is what the splitter saw already (bytes that are no UTF-8, nesting without end).
-- Fields: timestamp and storedAt are epoch milliseconds, metadata.responseTime milliseconds.
-- Where a key stands twice in an object, the first one counts.
WITH parsed AS (
    SELECT
        r.object_no,
        r.line,
        r.raw,
        CASE
            WHEN r.fault IS NOT NULL THEN r.fault
            WHEN trim(r.raw, E' \t\r\n') = '' THEN 'blank line'
            WHEN NOT json_valid(r.raw) THEN 'not valid JSON'
            WHEN json_type(r.raw) <> 'OBJECT' THEN 'not a JSON object but ' || lower(json_type(r.raw))
        END AS reason,
        CASE WHEN r.fault IS NULL AND json_valid(r.raw) THEN json_transform(r.raw, '{
            "timestamp": "JSON", "level": "JSON", "message": "JSON", "metadata": "JSON", "configHash": "VARCHAR",
            "source": "VARCHAR", "storedAt": "JSON", "configVersion": "VARCHAR"}') END AS f,
        CASE WHEN r.fault IS NULL AND json_valid(r.raw) THEN CAST(json_merge_patch(r.raw, '{
            "timestamp": null, "level": null, "message": null, "metadata": null, "configHash": null,
            "source": null, "storedAt": null, "configVersion": null}') AS VARCHAR) END AS extra
    FROM raw_lines AS r
),

typed AS (
    SELECT
        p.object_no,
        p.line,
        p.raw,
        p.reason,
        p.f,
        p.extra,
        CASE
            WHEN p.f.metadata IS NULL OR json_type(p.f.metadata) = 'NULL' THEN '{}'
            WHEN json_type(p.f.metadata) = 'OBJECT' THEN CAST(p.f.metadata AS VARCHAR)
            ELSE '{"value":' || CAST(p.f.metadata AS VARCHAR) || '}'
        END AS metadata,
        CASE WHEN json_type(p.f.metadata) = 'OBJECT' THEN json_transform(p.f.metadata, '{
            "endpoint": "VARCHAR", "path": "VARCHAR", "method": "VARCHAR", "responseTime": "DOUBLE",
            "status": "INTEGER", "statusCode": "INTEGER", "package": "VARCHAR", "version": "VARCHAR",
            "userAgent": "VARCHAR", "clientIP": "VARCHAR", "bytes": "BIGINT"}') END AS m,
        CASE WHEN is_json_number(p.f.timestamp) THEN TRY_CAST(p.f.timestamp AS DOUBLE) END AS timestamp_ms,
        CASE WHEN is_json_number(p.f."storedAt") THEN TRY_CAST(p.f."storedAt" AS DOUBLE) END AS stored_ms,
        lower(json_text(p.f.level)) AS level_name
    FROM parsed AS p
),

judged AS (
    SELECT
        t.object_no,
        t.line,
        t.raw,
        t.f,
        t.m,
        t.metadata,
        t.extra,
        t.timestamp_ms,
        t.stored_ms,
        t.level_name,
        CASE
            WHEN t.reason IS NOT NULL THEN t.reason
            WHEN has_non_finite(t.metadata) OR has_non_finite(t.extra) THEN 'not valid JSON: NaN or Infinity'
            WHEN t.f.timestamp IS NULL OR json_type(t.f.timestamp) = 'NULL' THEN 'timestamp is missing'
            WHEN t.timestamp_ms IS NULL THEN 'timestamp is not a number of epoch milliseconds'
            WHEN NOT is_epoch_ms(t.timestamp_ms) THEN 'timestamp is out of range: ' || CAST(t.f.timestamp AS VARCHAR)
            WHEN t.f."storedAt" IS NULL OR json_type(t.f."storedAt") = 'NULL' THEN NULL
            WHEN t.stored_ms IS NULL THEN 'storedAt is not a number of epoch milliseconds'
            WHEN NOT is_epoch_ms(t.stored_ms) THEN 'storedAt is out of range: ' || CAST(t.f."storedAt" AS VARCHAR)
        END AS reason
    FROM typed AS t
)

SELECT
    j.object_no,
    j.line,
    j.reason,
    CASE WHEN j.reason IS NOT NULL THEN rtrim(j.raw, chr(10)) END AS raw,
    CASE WHEN j.reason IS NULL THEN epoch_ms_to_timestamp(j.timestamp_ms) END AS ts,
    level_of(j.level_name) AS level,
    json_text(j.f.level) AS raw_level,
    json_text(j.f.message) AS message,
    j.f.source AS source,
    coalesce(hex_hash(j.f."configHash"), o.config_hash) AS config_hash,
    j.f."configVersion" AS config_version,
    -- A response time of more than a day is another unit or nonsense, and would burst the sums of nanoseconds.
    CASE WHEN j.m."responseTime" BETWEEN 0 AND 86400000 THEN j.m."responseTime" END AS response_ms,
    CASE WHEN coalesce(j.m.status, j.m."statusCode") BETWEEN 100 AND 599
        THEN CAST(coalesce(j.m.status, j.m."statusCode") AS SMALLINT) END AS status,
    upper(j.m.method) AS method,
    coalesce(j.m.endpoint, j.m.path) AS path,
    j.m.package AS package,
    j.m.version AS package_version,
    j.m."clientIP" AS client_ip,
    j.m."userAgent" AS user_agent,
    CASE WHEN j.m.bytes >= 0 THEN j.m.bytes END AS bytes,
    j.metadata,
    j.extra,
    CASE WHEN j.reason IS NULL THEN epoch_ms_to_timestamp(j.stored_ms) END AS stored_at,
    o.bucket,
    o.object_key
FROM judged AS j
JOIN (
    SELECT
        b.object_no,
        b.bucket,
        b.object_key,
        hex_hash(nullif(regexp_extract(b.object_key, '/((0[xX])?[0-9a-fA-F]{6,64})/', 1), '')) AS config_hash
    FROM raw_objects AS b
) AS o ON o.object_no = j.object_no

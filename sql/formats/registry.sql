-- The registry's own log format: one JSON object a line, conformed to the canonical row (tables/logs.sql).
-- detect: json_type(entry, '$.timestamp') IN ('UBIGINT', 'BIGINT', 'DOUBLE')
--     AND (json_exists(entry, '$.level') OR json_exists(entry, '$.message') OR json_exists(entry, '$.metadata'))
-- Reads raw_lines (object_no, line, raw, fault) and raw_objects (object_no, bucket, object_key, sample: how many
-- entries each of its lines stands for); gives one row per raw line. A line that cannot be a log row carries a reason and goes to quarantine; every other line has
-- a null reason. fault is what the splitter saw already (bytes that are no UTF-8, nesting without end).
-- Fields: timestamp and storedAt are epoch milliseconds, metadata.responseTime milliseconds.
-- Where a key stands twice in an object, the first one counts; of the line's own fields the others are kept in extra.
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
        len(json_keys(p.entry)) AS key_count,
        json_transform(p.entry, '{
            "timestamp": "JSON", "level": "VARCHAR", "message": "VARCHAR", "metadata": "JSON",
            "configHash": "VARCHAR", "source": "VARCHAR", "storedAt": "JSON", "configVersion": "VARCHAR",
            "registryUrl": "JSON", "systemInfo": "JSON"}') AS f
    FROM parsed AS p
),

typed AS (
    SELECT
        o.object_no,
        o.line,
        o.raw,
        o.fault,
        o.entry,
        o.key_count,
        o.f,
        CASE
            WHEN is_json_object(o.f.metadata) THEN CAST(o.f.metadata AS VARCHAR)
            WHEN is_json_null(o.f.metadata) THEN '{}'
            ELSE '{"value":' || CAST(o.f.metadata AS VARCHAR) || '}'
        END AS metadata,
        CASE WHEN is_json_object(o.f.metadata) THEN json_transform(o.f.metadata, '{
            "endpoint": "VARCHAR", "path": "VARCHAR", "method": "VARCHAR", "responseTime": "DOUBLE",
            "status": "INTEGER", "statusCode": "INTEGER", "package": "VARCHAR", "version": "VARCHAR",
            "userAgent": "VARCHAR", "clientIP": "VARCHAR", "bytes": "BIGINT"}') END AS m,
        -- Nearly every entry has the ten fields that we know and no other: putting the two that have no
        -- column together is half the work of taking eight out of the whole.
        CASE
            WHEN o.key_count = 10 AND o.f.timestamp IS NOT NULL AND o.f.level IS NOT NULL
                AND o.f.message IS NOT NULL AND o.f.metadata IS NOT NULL AND o.f."configHash" IS NOT NULL
                AND o.f.source IS NOT NULL AND o.f."storedAt" IS NOT NULL AND o.f."configVersion" IS NOT NULL
                AND o.f."registryUrl" IS NOT NULL AND o.f."systemInfo" IS NOT NULL
                THEN '{"registryUrl":' || CAST(o.f."registryUrl" AS VARCHAR)
                    || ',"systemInfo":' || CAST(o.f."systemInfo" AS VARCHAR) || '}'
            WHEN is_json_object(o.entry) THEN CAST(json_merge_patch(o.entry, '{
                "timestamp": null, "level": null, "message": null, "metadata": null, "configHash": null,
                "source": null, "storedAt": null, "configVersion": null}') AS VARCHAR)
        END AS extra,
        CASE WHEN is_json_number(o.f.timestamp) THEN TRY_CAST(o.f.timestamp AS DOUBLE) END AS timestamp_ms,
        CASE WHEN is_json_number(o.f."storedAt") THEN TRY_CAST(o.f."storedAt" AS DOUBLE) END AS stored_ms,
        -- As texts these may be words or numbers that are none; what they were tells the line itself.
        CASE
            WHEN regexp_matches(
                concat(':', o.f.level, ':', o.f.message, ':', o.f."configHash", ':', o.f.source, ':', o.f."configVersion"),
                ':-?(?:[nN][aA]|[iI][nN])'
            ) THEN has_non_finite(CAST(json_extract(o.entry, '$') AS VARCHAR))
            ELSE false
        END AS odd_text
    FROM opened AS o
),

kept AS (
    SELECT t.* REPLACE (
        CASE
            -- More keys were taken out than there are fields: one stands twice (or is null). Each but the first is kept.
            WHEN t.key_count - len(json_keys(t.extra)) > CAST(t.f.timestamp IS NOT NULL AS TINYINT)
                    + CAST(t.f.level IS NOT NULL AS TINYINT) + CAST(t.f.message IS NOT NULL AS TINYINT)
                    + CAST(t.f.metadata IS NOT NULL AS TINYINT) + CAST(t.f."configHash" IS NOT NULL AS TINYINT)
                    + CAST(t.f.source IS NOT NULL AS TINYINT) + CAST(t.f."storedAt" IS NOT NULL AS TINYINT)
                    + CAST(t.f."configVersion" IS NOT NULL AS TINYINT)
                THEN '{' || array_to_string(list_filter(
                    list_transform(
                        range(1, t.key_count + 1),
                        lambda i: CASE
                            WHEN list_position(json_keys(t.entry), json_keys(t.entry)[i]) < i
                                OR NOT list_contains(['timestamp', 'level', 'message', 'metadata', 'configHash', 'source',
                                    'storedAt', 'configVersion'], json_keys(t.entry)[i])
                                THEN CAST(to_json(json_keys(t.entry)[i]) AS VARCHAR) || ':'
                                    || CAST(json_extract(t.entry, '$.*')[i] AS VARCHAR)
                        END
                    ),
                    lambda field: field IS NOT NULL
                ), ',') || '}'
            ELSE t.extra
        END AS extra
    )
    FROM typed AS t
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
        CASE
            WHEN is_epoch_ms(t.timestamp_ms) AND (is_json_null(t.f."storedAt") OR is_epoch_ms(t.stored_ms))
                AND NOT has_non_finite(t.metadata) AND NOT has_non_finite(t.extra) AND NOT t.odd_text
                AND NOT has_trailing_comma(t.raw) THEN NULL
            WHEN t.fault IS NOT NULL THEN t.fault
            WHEN NOT regexp_matches(t.raw, '[^ \t\r\n]') THEN 'blank line'
            WHEN t.entry IS NULL THEN 'not valid JSON'
            WHEN NOT is_json_object(t.entry) THEN 'not a JSON object but ' || json_kind(t.entry)
            WHEN has_non_finite(t.metadata) OR has_non_finite(t.extra) OR t.odd_text THEN 'not valid JSON: NaN or Infinity'
            WHEN has_trailing_comma(t.raw) THEN 'not valid JSON: a comma before a closing bracket'
            WHEN is_json_null(t.f.timestamp) THEN 'timestamp is missing'
            WHEN t.timestamp_ms IS NULL THEN 'timestamp is not a number of epoch milliseconds'
            WHEN NOT is_epoch_ms(t.timestamp_ms) THEN 'timestamp is out of range: ' || CAST(t.f.timestamp AS VARCHAR)
            WHEN t.stored_ms IS NULL THEN 'storedAt is not a number of epoch milliseconds'
            ELSE 'storedAt is out of range: ' || CAST(t.f."storedAt" AS VARCHAR)
        END AS reason
    FROM kept AS t
)

SELECT
    j.object_no,
    j.line,
    j.reason,
    CASE WHEN j.reason IS NOT NULL THEN rtrim(j.raw, chr(10)) END AS raw,
    CASE WHEN j.reason IS NULL THEN epoch_ms_to_timestamp(j.timestamp_ms) END AS ts,
    level_of(lower(j.f.level)) AS level,
    j.f.level AS raw_level,
    j.f.message AS message,
    j.f.source AS source,
    coalesce(hex_hash(j.f."configHash"), o.config_hash) AS config_hash,
    j.f."configVersion" AS config_version,
    -- A response time of more than a day is another unit or nonsense, and would burst the sums of nanoseconds.
    -- true and false are cast to 1 and 0.
    CASE
        WHEN j.m."responseTime" IN (0, 1) THEN
            CASE WHEN NOT contains(j.metadata, '"responseTime":true') AND NOT contains(j.metadata, '"responseTime":false')
                THEN j.m."responseTime" END
        WHEN j.m."responseTime" BETWEEN 0 AND 86400000 THEN j.m."responseTime"
    END AS response_ms,
    CASE WHEN coalesce(j.m.status, j.m."statusCode") BETWEEN 100 AND 599
        THEN CAST(coalesce(j.m.status, j.m."statusCode") AS SMALLINT) END AS status,
    upper(j.m.method) AS method,
    coalesce(j.m.endpoint, j.m.path) AS path,
    j.m.package AS package,
    j.m.version AS package_version,
    j.m."clientIP" AS client_ip,
    j.m."userAgent" AS user_agent,
    CASE WHEN j.m.bytes >= 0 THEN j.m.bytes END AS bytes,
    o.sample AS weight,
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
        b.sample,
        hash_of_registry_key(b.object_key) AS config_hash
    FROM raw_objects AS b
) AS o ON o.object_no = j.object_no

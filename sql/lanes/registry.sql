-- The fast lane of the registry's format: log rows of those lines that are as the registry writes them. The
-- other lines of a batch, good or bad, are left to formats/registry.sql, which gives the same rows at half the
-- speed; no line is judged bad here.
-- Reads raw_lines (object_no, line, raw, plain) and raw_objects, as the format does; plain is what the splitter
-- found nothing odd about. Gives the columns of tables/logs.sql, one row per line that it takes.
-- row_number keeps DuckDB from moving the last condition down, where it would read all the JSON once more.
WITH opened AS (
    SELECT
        k.bucket,
        k.object_key,
        k.key_hash,
        k.sample,
        k.line,
        k.key_count,
        CASE WHEN k.key_count IS NOT NULL THEN json_transform(k.raw, '{
            "timestamp": "JSON", "level": "VARCHAR", "message": "VARCHAR", "metadata": "JSON",
            "configHash": "VARCHAR", "source": "VARCHAR", "storedAt": "JSON", "configVersion": "VARCHAR",
            "registryUrl": "JSON", "systemInfo": "JSON"}') END AS f
    FROM (
        SELECT
            o.bucket,
            o.object_key,
            o.key_hash,
            o.sample,
            r.line,
            r.raw,
            TRY(len(json_keys(r.raw))) AS key_count
        FROM raw_lines AS r
        -- Joined here, while the rows are slim.
        JOIN (
            SELECT
                b.object_no,
                b.bucket,
                b.object_key,
                b.sample,
                hex_hash(nullif(regexp_extract(b.object_key, '/((0[xX])?[0-9a-fA-F]{6,64})/', 1), '')) AS key_hash
            FROM raw_objects AS b
        ) AS o ON o.object_no = r.object_no
        WHERE r.plain
    ) AS k
),

typed AS (
    SELECT
        o.bucket,
        o.object_key,
        o.key_hash,
        o.sample,
        o.line,
        o.f,
        json_transform(o.f.metadata, '{
            "endpoint": "VARCHAR", "path": "VARCHAR", "method": "VARCHAR", "responseTime": "DOUBLE",
            "status": "INTEGER", "statusCode": "INTEGER", "package": "VARCHAR", "version": "VARCHAR",
            "userAgent": "VARCHAR", "clientIP": "VARCHAR", "bytes": "BIGINT"}') AS m,
        CAST(o.f.metadata AS VARCHAR) AS metadata,
        CASE WHEN is_json_number(o.f.timestamp) THEN TRY_CAST(o.f.timestamp AS DOUBLE) END AS timestamp_ms,
        CASE WHEN is_json_number(o.f."storedAt") THEN TRY_CAST(o.f."storedAt" AS DOUBLE) END AS stored_ms,
        -- Every key is one of ours and stands once.
        o.key_count = 10 AND o.f.timestamp IS NOT NULL AND o.f.level IS NOT NULL AND o.f.message IS NOT NULL
        AND o.f.metadata IS NOT NULL AND o.f."configHash" IS NOT NULL AND o.f.source IS NOT NULL
        AND o.f."storedAt" IS NOT NULL AND o.f."configVersion" IS NOT NULL AND o.f."registryUrl" IS NOT NULL
        AND o.f."systemInfo" IS NOT NULL AS is_whole
    FROM opened AS o
),

numbered AS (
    SELECT *, row_number() OVER () AS place FROM typed
)

SELECT
    epoch_ms_to_timestamp(t.timestamp_ms) AS ts,
    level_of(lower(t.f.level)) AS level,
    t.f.level AS raw_level,
    t.f.message AS message,
    t.f.source AS source,
    CASE WHEN t.f."configHash" = t.key_hash THEN t.key_hash
        ELSE coalesce(hex_hash(t.f."configHash"), t.key_hash) END AS config_hash,
    t.f."configVersion" AS config_version,
    t.m."responseTime" AS response_ms,
    CAST(coalesce(t.m.status, t.m."statusCode") AS SMALLINT) AS status,
    upper(t.m.method) AS method,
    coalesce(t.m.endpoint, t.m.path) AS path,
    t.m.package AS package,
    t.m.version AS package_version,
    t.m."clientIP" AS client_ip,
    t.m."userAgent" AS user_agent,
    t.m.bytes AS bytes,
    t.sample AS weight,
    t.metadata,
    '{"registryUrl":' || CAST(t.f."registryUrl" AS VARCHAR) || ',"systemInfo":' || CAST(t.f."systemInfo" AS VARCHAR)
        || '}' AS extra,
    epoch_ms_to_timestamp(t.stored_ms) AS stored_at,
    t.bucket,
    t.object_key,
    t.line
FROM numbered AS t
WHERE t.place > 0 AND t.is_whole
    AND is_epoch_ms(t.timestamp_ms) AND is_epoch_ms(t.stored_ms)
    AND is_json_object(t.metadata)
    -- What the format would drop with care: 0 and 1 may have been false and true.
    AND coalesce(t.m."responseTime", 0) BETWEEN 0 AND 86400000
    AND CASE WHEN t.m."responseTime" = 0 THEN NOT contains(t.metadata, '"responseTime":false')
        WHEN t.m."responseTime" = 1 THEN NOT contains(t.metadata, '"responseTime":true') ELSE true END
    AND coalesce(t.m.status, t.m."statusCode", 200) BETWEEN 100 AND 599
    AND coalesce(t.m.bytes, 0) >= 0
ORDER BY ts, object_key, line

-- The fast lane of the registry's format: log rows of those lines that are as the registry writes them. The
-- other lines of a batch, good or bad, are left to formats/registry.sql, which gives the same rows at a third of
-- the speed; no line is judged bad here.
-- opening: {"timestamp":
-- Reads usual_lines (object_no, line, ms, raw), which begin with the opening and the 13 digits of ms, are sorted by
-- ms, and hold nothing that looks like NaN or Infinity; and raw_objects, as the format does. Gives the columns of
-- tables/logs.sql, one row per line that it takes, in the same order. It runs without DuckDB's pushdown of filters,
-- which would read all the JSON once more.
WITH opened AS (
    SELECT
        o.bucket,
        o.object_key,
        o.key_hash,
        o.sample,
        r.line,
        r.ms,
        r.raw,
        TRY(json_transform(r.raw, '{
            "level": "VARCHAR", "message": "VARCHAR", "metadata": "JSON", "configHash": "VARCHAR", "source": "VARCHAR",
            "storedAt": "BIGINT", "configVersion": "VARCHAR", "registryUrl": "JSON", "systemInfo": "JSON"}')) AS f
    FROM usual_lines AS r
    JOIN (
        SELECT
            b.object_no,
            b.bucket,
            b.object_key,
            b.sample,
            hash_of_registry_key(b.object_key) AS key_hash
        FROM raw_objects AS b
    ) AS o ON o.object_no = r.object_no
),

typed AS (
    SELECT
        o.bucket,
        o.object_key,
        o.key_hash,
        o.sample,
        o.line,
        o.ms,
        o.raw,
        o.f,
        json_transform(o.f.metadata, '{
            "endpoint": "VARCHAR", "path": "VARCHAR", "method": "VARCHAR", "responseTime": "DOUBLE",
            "status": "INTEGER", "statusCode": "INTEGER", "package": "VARCHAR", "version": "VARCHAR",
            "userAgent": "VARCHAR", "clientIP": "VARCHAR", "bytes": "BIGINT"}') AS m,
        CAST(o.f.metadata AS VARCHAR) AS metadata,
        CAST(o.f."registryUrl" AS VARCHAR) AS url,
        CAST(o.f."systemInfo" AS VARCHAR) AS system
    FROM opened AS o
)

SELECT
    make_timestamp(t.ms * 1000) AS ts,
    CASE WHEN t.f.level = 'info' THEN 'info' ELSE level_of(lower(t.f.level)) END AS level,
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
    concat('{"registryUrl":', t.url, ',"systemInfo":', t.system, '}') AS extra,
    make_timestamp(t.f."storedAt" * 1000) AS stored_at,
    t.bucket,
    t.object_key,
    t.line
FROM typed AS t
WHERE is_epoch_ms(t.ms) AND is_epoch_ms(t.f."storedAt")
    AND starts_with(t.metadata, '{')
    AND CASE
        -- The line that the fields make is the line: they are all, stand once, and are of their kinds.
        WHEN t.raw = concat('{"timestamp":', t.ms, ',"level":"', t.f.level, '","message":"', t.f.message,
            '","metadata":', t.metadata, ',"configHash":"', t.f."configHash", '","source":"', t.f.source,
            '","storedAt":', t.f."storedAt", ',"configVersion":"', t.f."configVersion", '","registryUrl":', t.url,
            ',"systemInfo":', t.system, E'}\n') THEN true
        -- With escapes, blanks or another order it takes a second and a third look. Commas too many end here.
        ELSE NOT looks_like_trailing_comma(t.raw) AND TRY(len(json_keys(t.raw))) = 10
            AND t.f.level IS NOT NULL AND t.f.message IS NOT NULL AND t.f."configHash" IS NOT NULL
            AND t.f.source IS NOT NULL AND t.f."configVersion" IS NOT NULL
            AND t.url IS NOT NULL AND t.system IS NOT NULL AND TRY(json_type(t.raw, '$.storedAt')) = 'UBIGINT'
    END
    -- What the format would drop with care: 0 and 1 may have been false and true.
    AND coalesce(t.m."responseTime", 0) BETWEEN 0 AND 86400000
    AND CASE WHEN t.m."responseTime" = 0 THEN NOT contains(t.metadata, '"responseTime":false')
        WHEN t.m."responseTime" = 1 THEN NOT contains(t.metadata, '"responseTime":true') ELSE true END
    AND coalesce(t.m.status, t.m."statusCode", 200) BETWEEN 100 AND 599
    AND coalesce(t.m.bytes, 0) >= 0

-- Cloudflare Logpush, dataset http_requests: one JSON object per request that the edge answered.
-- detect: (json_exists(entry, '$.EdgeStartTimestamp') OR json_exists(entry, '$.EdgeEndTimestamp'))
--     AND (json_exists(entry, '$.ClientRequestMethod') OR json_exists(entry, '$.EdgeResponseStatus')
--         OR json_exists(entry, '$.ClientRequestURI') OR json_exists(entry, '$.ClientIP'))
-- Reads raw_lines and raw_objects and gives one row per raw line, as formats/registry.sql does.
-- Fields: the timestamps in unix nanoseconds, unix seconds or RFC 3339, whatever the job's settings say;
-- EdgeTimeToFirstByteMs and OriginResponseDurationMs in milliseconds, OriginResponseTime in nanoseconds.
-- level comes from the status; SampleInterval is the weight. metadata: the whole line.
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
            "EdgeStartTimestamp": "VARCHAR", "EdgeEndTimestamp": "VARCHAR", "EdgeResponseStatus": "VARCHAR",
            "EdgeResponseBytes": "VARCHAR", "EdgeTimeToFirstByteMs": "VARCHAR", "OriginResponseDurationMs": "VARCHAR",
            "OriginResponseTime": "VARCHAR", "ClientRequestMethod": "VARCHAR", "ClientRequestPath": "VARCHAR",
            "ClientRequestURI": "VARCHAR", "ClientRequestUserAgent": "VARCHAR", "ClientIP": "VARCHAR",
            "SampleInterval": "VARCHAR"}') AS f
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
        time_of(coalesce(o.f."EdgeStartTimestamp", o.f."EdgeEndTimestamp")) AS ts,
        time_of(o.f."EdgeEndTimestamp") AS ended,
        status_of(o.f."EdgeResponseStatus") AS status,
        path_of(coalesce(o.f."ClientRequestPath", o.f."ClientRequestURI")) AS path
    FROM opened AS o
),

judged AS (
    SELECT
        t.*,
        coalesce(
            t.fault,
            time_fault('EdgeStartTimestamp', coalesce(t.f."EdgeStartTimestamp", t.f."EdgeEndTimestamp"), t.ts),
            weight_fault('SampleInterval', t.f."SampleInterval")
        ) AS reason
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
    nullif(concat_ws(' ', upper(j.f."ClientRequestMethod"), j.path, j.status), '') AS message,
    'cloudflare' AS source,
    hash_of_key(o.object_key) AS config_hash,
    CAST(NULL AS VARCHAR) AS config_version,
    -- Of a request that the cache answered the origin's durations are 0. The difference of the timestamps counts
    -- only where they are finer than seconds.
    coalesce(
        duration_of(j.f."EdgeTimeToFirstByteMs", 1),
        nullif(duration_of(j.f."OriginResponseDurationMs", 1), 0),
        nullif(duration_of(j.f."OriginResponseTime", 0.000001), 0),
        CASE WHEN epoch_us(j.ts) % 1000000 <> 0 OR epoch_us(j.ended) % 1000000 <> 0
            THEN duration_of(CAST(epoch_us(j.ended) - epoch_us(j.ts) AS VARCHAR), 0.001) END
    ) AS response_ms,
    j.status,
    upper(j.f."ClientRequestMethod") AS method,
    j.path,
    surely_package_of(j.path) AS package,
    package_version_of(j.path) AS package_version,
    j.f."ClientIP" AS client_ip,
    nullif(j.f."ClientRequestUserAgent", '') AS user_agent,
    bytes_of(j.f."EdgeResponseBytes") AS bytes,
    weight_of(j.f."SampleInterval", o.sample) AS weight,
    j.metadata,
    '{}' AS extra,
    CAST(NULL AS TIMESTAMP) AS stored_at,
    o.bucket,
    o.object_key
FROM judged AS j
JOIN raw_objects AS o ON o.object_no = j.object_no

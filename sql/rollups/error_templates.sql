-- Which faults, how often, and one occurrence of each; see tables/error_templates.sql for the grain.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. An entry counts as many times as its weight says. The coarser grain is a sum of the finer one.
WITH messages AS (
    SELECT
        l.ts,
        substr(coalesce(l.message, ''), 1, 1000) AS message,
        error_template(substr(coalesce(l.message, ''), 1, 1000)) AS template,
        l.weight,
        l.bucket,
        l.object_key,
        l.line,
        l.source,
        l.package,
        status_class(l.status) AS status,
        l.config_hash AS config
    FROM fresh_logs AS l
    WHERE l.level = 'error'
), parts AS (
    SELECT
        d.dimension,
        CASE d.dimension
            WHEN 'all' THEN '' WHEN 'source' THEN m.source WHEN 'package' THEN m.package WHEN 'status' THEN m.status
            ELSE m.config
        END AS value,
        time_bucket(INTERVAL 300 SECONDS, m.ts) AS slot,
        m.template,
        m.weight AS entries,
        m.ts AS last_ts,
        {
            'ts': m.ts, 'bucket': m.bucket, 'object_key': m.object_key, 'line': m.line, 'message': m.message
        } AS example
    FROM messages AS m
    CROSS JOIN (VALUES ('all'), ('source'), ('package'), ('status'), ('config')) AS d (dimension)
    UNION ALL
    SELECT
        p.dimension,
        p.value,
        p.slot,
        p.template,
        p.entries,
        p.last_ts,
        {
            'ts': p.first_ts, 'bucket': p.example_bucket, 'object_key': p.example_key, 'line': p.example_line,
            'message': p.example
        } AS example
    FROM prior AS p
    WHERE p.grain = 300
), sums AS (
    SELECT
        g.grain,
        s.dimension,
        s.value,
        time_bucket(to_seconds(g.grain), s.slot) AS slot,
        s.template,
        CAST(sum(s.entries) AS BIGINT) AS entries,
        max(s.last_ts) AS last_ts,
        -- The least of these is the first occurrence, whatever the order in which they came.
        min(s.example) AS example
    FROM parts AS s
    CROSS JOIN (VALUES (300), (3600)) AS g (grain)
    WHERE s.value IS NOT NULL
    GROUP BY g.grain, s.dimension, s.value, time_bucket(to_seconds(g.grain), s.slot), s.template
)
SELECT
    t.grain,
    t.dimension,
    t.value,
    t.slot,
    t.template,
    t.entries,
    t.example.ts AS first_ts,
    t.last_ts,
    t.example.message AS example,
    t.example.bucket AS example_bucket,
    t.example.object_key AS example_key,
    t.example.line AS example_line
FROM sums AS t
ORDER BY 1, 2, 3, 4, 5

-- Which faults, how often, and one occurrence of each; see tables/error_templates.sql for the grain.
-- Reads fresh_logs (rows to add) and prior (this rollup before them; empty on a rebuild); both hold one
-- partition's rows. An entry counts as many times as its weight says. The coarser grain is a sum of the finer one.
WITH messages AS (
    SELECT l.ts, substr(coalesce(l.message, ''), 1, 1000) AS message, l.weight, l.bucket, l.object_key, l.line
    FROM fresh_logs AS l
    WHERE l.level = 'error'
), parts AS (
    SELECT
        time_bucket(INTERVAL 300 SECONDS, m.ts) AS slot,
        error_template(m.message) AS template,
        sum(m.weight) AS entries,
        max(m.ts) AS last_ts,
        -- The least of these is the first occurrence, whatever the order in which they came.
        min({'ts': m.ts, 'bucket': m.bucket, 'object_key': m.object_key, 'line': m.line, 'message': m.message}) AS example
    FROM messages AS m
    GROUP BY time_bucket(INTERVAL 300 SECONDS, m.ts), error_template(m.message)
    UNION ALL
    SELECT
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
        time_bucket(to_seconds(g.grain), s.slot) AS slot,
        s.template,
        CAST(sum(s.entries) AS BIGINT) AS entries,
        max(s.last_ts) AS last_ts,
        min(s.example) AS example
    FROM parts AS s
    CROSS JOIN (VALUES (300), (3600)) AS g (grain)
    GROUP BY g.grain, time_bucket(to_seconds(g.grain), s.slot), s.template
)
SELECT
    t.grain,
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
ORDER BY 1, 2, 3

-- The faults of a window from what was counted of each template by slot: faults(…) has one row per template, the most frequent
-- first by place, of which there are as many as wanted. endpoints/error_templates.sql tells what its columns mean.
-- Parameters: counted (name of a table of template, slot, entries, first_ts, last_ts, example), window_starts, earlier_starts
-- (of the window before), window_ends, points (periods of the trend), wanted.
CREATE OR REPLACE MACRO faults(counted, window_starts, earlier_starts, window_ends, points, wanted) AS TABLE
WITH templates AS (
    SELECT
        s.template,
        sum(s.entries) FILTER (WHERE s.slot >= window_starts) AS entries,
        coalesce(sum(s.entries) FILTER (WHERE s.slot >= earlier_starts AND s.slot < window_starts), 0) AS earlier,
        min(s.first_ts) AS first_ts,
        max(s.last_ts) FILTER (WHERE s.slot >= window_starts) AS last_ts,
        min(s.example) FILTER (WHERE s.slot >= window_starts) AS example
    FROM query_table(counted) AS s
    GROUP BY s.template
    HAVING sum(s.entries) FILTER (WHERE s.slot >= window_starts) > 0
),

periods AS (
    SELECT
        s.template,
        period_of(s.slot, window_starts, window_ends, points) AS i,
        sum(s.entries) AS entries
    FROM query_table(counted) AS s
    WHERE s.slot >= window_starts
    GROUP BY s.template, period_of(s.slot, window_starts, window_ends, points)
),

ranked AS (
    SELECT
        t.template,
        t.entries,
        t.earlier,
        t.first_ts,
        t.last_ts,
        t.example,
        sum(t.entries) OVER () AS total,
        count(*) OVER () AS templates,
        row_number() OVER (ORDER BY t.entries DESC, t.template) AS place
    FROM templates AS t
),

trends AS (
    SELECT g.template, array_agg(CAST(coalesce(p.entries, 0) AS BIGINT) ORDER BY g.i) AS trend
    FROM (
        SELECT r.template, n.i
        FROM ranked AS r
        CROSS JOIN range(0, CAST(points AS BIGINT)) AS n (i)
        WHERE r.place <= wanted
    ) AS g
    LEFT JOIN periods AS p ON p.i = g.i AND p.template = g.template
    GROUP BY g.template
)

SELECT
    r.place,
    r.template,
    CAST(r.entries AS BIGINT) AS count,
    percentage(r.entries, r.total) AS share,
    CAST(r.earlier AS BIGINT) AS "previousCount",
    100.0 * (r.entries - r.earlier) / nullif(r.earlier, 0) AS change,
    epoch_millis(r.first_ts) AS "firstSeen",
    epoch_millis(r.last_ts) AS "lastSeen",
    r.first_ts >= window_starts AS "isNew",
    t.trend,
    {
        'message': r.example.message,
        'timestamp': epoch_millis(r.example.ts),
        'bucket': r.example.bucket,
        'objectKey': r.example."key",
        'line': r.example.line
    } AS example,
    r.templates,
    CAST(r.total AS BIGINT) AS total
FROM ranked AS r
JOIN trends AS t ON t.template = r.template;

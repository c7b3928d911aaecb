-- GET /logs/facets: how the entries that match are spread over levels, sources, statuses, methods, packages and
-- config hashes: the most frequent values of each.
-- Parameters: those of functions/matching.sql, $limit (values per facet). A sampled entry counts by its weight.
-- Grain: facet and value, most frequent first; entries without a value have none. total: every value's entries.
WITH matches AS (
    SELECT
        m.level,
        m.source,
        CAST(m.status AS VARCHAR) AS status,
        m.method,
        m.package,
        m.config_hash AS "configHash",
        sum(m.entries) AS entries
    FROM matching(
        $starts, $ends, $first_whole, $after_whole, $slot_grain, $levels, $source, $config_hash, $q, $status, $method, $package,
        $min_response_ms, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2
    ) AS m
    GROUP BY m.level, m.source, m.status, m.method, m.package, m.config_hash
),

counted AS (
    SELECT f.facet, f.value, sum(f.entries) AS entries
    FROM (
        SELECT 'level' AS facet, m.level AS value, m.entries FROM matches AS m
        UNION ALL
        SELECT 'source' AS facet, m.source AS value, m.entries FROM matches AS m
        UNION ALL
        SELECT 'status' AS facet, m.status AS value, m.entries FROM matches AS m
        UNION ALL
        SELECT 'method' AS facet, m.method AS value, m.entries FROM matches AS m
        UNION ALL
        SELECT 'package' AS facet, m.package AS value, m.entries FROM matches AS m
        UNION ALL
        SELECT 'configHash' AS facet, m."configHash" AS value, m.entries FROM matches AS m
    ) AS f
    WHERE f.value IS NOT NULL
    GROUP BY f.facet, f.value
),

ranked AS (
    SELECT
        c.facet,
        c.value,
        c.entries,
        row_number() OVER (PARTITION BY c.facet ORDER BY c.entries DESC, c.value) AS place,
        count(*) OVER (PARTITION BY c.facet) AS facet_values
    FROM counted AS c
)

SELECT r.facet, r.value, CAST(r.entries AS BIGINT) AS count, r.facet_values AS "values"
FROM ranked AS r
WHERE r.place <= $limit
ORDER BY r.facet, r.place

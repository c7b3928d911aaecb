-- How far a page of GET /logs reaches, where the filter names facets: the slots that hold a match, and the one up to which there are
-- $limit of them, from the page's end of time on. So a filter that matches rarely or never reads few rows.
-- Parameters: $from_slot (inclusive) and $to_ts (exclusive), $edge_slot (may lie in the window in part, and does not count), $slot_grain
-- (seconds), $descending, $limit and the filters of macros/log_matches.sql that facets tell. One row; nulls where nothing matches. A sampled
-- entry counts by its weight, so that a page may have to read on.
WITH slots AS (
    SELECT f.slot, sum(f.entries) AS entries
    FROM facets AS f
    WHERE f.date BETWEEN CAST($from_slot AS DATE) AND CAST($to_ts AS DATE)
        AND f.grain = $slot_grain AND f.slot >= $from_slot AND f.slot < $to_ts
        AND log_matches(f.level, f.source, f.config_hash, NULL, f.status, f.method, f.package, NULL,
            $levels, $source, $config_hash, NULL, $status, $method, $package, NULL)
    GROUP BY f.slot
),

counted AS (
    SELECT
        s.slot,
        sum(CASE WHEN s.slot = $edge_slot THEN 0 ELSE s.entries END) OVER (
            ORDER BY CASE WHEN $descending THEN -epoch_us(s.slot) ELSE epoch_us(s.slot) END
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS up_to
    FROM slots AS s
)

SELECT
    min(c.slot) AS first_slot,
    max(c.slot) AS last_slot,
    CASE
        WHEN $descending THEN max(c.slot) FILTER (WHERE c.up_to >= $limit)
        ELSE min(c.slot) FILTER (WHERE c.up_to >= $limit)
    END AS reach
FROM counted AS c

-- How many entries match the filters of GET /logs, by UTC date, newest first (a sampled one counts by its weight).
-- Parameters: those of functions/matching.sql. One row per date that has a match.
SELECT m.date, CAST(sum(m.entries) AS BIGINT) AS entries
FROM matching(
    $starts, $ends, $first_whole, $after_whole, $slot_grain, $levels, $source, $config_hash, $q, $status, $method, $package,
    $min_response_ms, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2
) AS m
GROUP BY m.date
ORDER BY m.date DESC

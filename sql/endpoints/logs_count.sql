-- How many entries match the filters of GET /logs, by UTC date, newest first (a sampled one counts by its weight).
-- Parameters: those of endpoints/logs_newest.sql but the page's. One row per date that has a match.
SELECT l.date, CAST(sum(l.weight) AS BIGINT) AS entries
FROM logs AS l
WHERE l.date BETWEEN $first_date AND $last_date
    AND ($start IS NULL OR l.ts >= $start)
    AND ($end IS NULL OR l.ts <= $end)
    AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
        $levels, $source, $config_hash, $q, $status, $method, $package, $min_response_ms)
    AND has_words(l.message, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2)
GROUP BY l.date
ORDER BY l.date DESC

-- What a search by text or response time finds in a window, in the shape of the rollup `facets`: entries by slot and combination of what
-- facets tell. Queries that read that read this instead (warehouse/logfinds.py), so that the messages are looked through once and not by each.
-- Parameters: $starts and $ends (UTC, both inclusive), $slot_grain (seconds), $q, $min_response_ms and the terms of macros/log_matches.sql.
-- The slots at the edges hold what lies in the window. A sampled entry counts by its weight.
SELECT
    CAST(l.date AS DATE) AS date,
    CAST($slot_grain AS INTEGER) AS grain,
    time_bucket(to_seconds($slot_grain), l.ts) AS slot,
    l.level,
    l.source,
    l.status,
    l.method,
    l.package,
    l.config_hash,
    CAST(sum(l.weight) AS BIGINT) AS entries
FROM logs AS l
WHERE l.date BETWEEN CAST($starts AS DATE) AND CAST($ends AS DATE) AND l.ts >= $starts AND l.ts <= $ends
    AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
        NULL, NULL, NULL, $q, NULL, NULL, NULL, $min_response_ms)
    AND has_words(l.message, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2)
GROUP BY
    CAST(l.date AS DATE), time_bucket(to_seconds($slot_grain), l.ts),
    l.level, l.source, l.status, l.method, l.package, l.config_hash

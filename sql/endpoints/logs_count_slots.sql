-- How many entries match, by UTC date, newest first, where the filter is levels alone, or one source, package or config hash: whole hours
-- come from the rollups, so that the cost follows the hours; the parts of hours at the edges from the rows.
-- Parameters: $start, $end (both inclusive, null for none), $first_whole and $after_whole (the whole hours between them), $first_date,
-- $last_date; of $levels, $source, $package and $config_hash one at most. One row per date that has a match.
WITH counted AS (
    SELECT b.date, b.entries
    FROM activity_by AS b
    WHERE b.date BETWEEN $first_date AND $last_date AND b.slot >= $first_whole AND b.slot < $after_whole
        AND b.dimension = CASE WHEN $source IS NOT NULL THEN 'source' WHEN $package IS NOT NULL THEN 'package' ELSE 'config' END
        AND b.value = coalesce($source, $package, hex_hash($config_hash))

    UNION ALL

    SELECT
        a.date,
        CASE WHEN $levels IS NULL OR list_contains($levels, 'debug') THEN a.debug ELSE 0 END
        + CASE WHEN $levels IS NULL OR list_contains($levels, 'info') THEN a.info ELSE 0 END
        + CASE WHEN $levels IS NULL OR list_contains($levels, 'warn') THEN a.warn ELSE 0 END
        + CASE WHEN $levels IS NULL OR list_contains($levels, 'error') THEN a.error ELSE 0 END AS entries
    FROM activity AS a
    WHERE coalesce($source, $package, $config_hash) IS NULL
        AND a.date BETWEEN $first_date AND $last_date AND a.grain = 3600 AND a.slot >= $first_whole AND a.slot < $after_whole

    UNION ALL

    SELECT l.date, l.weight AS entries
    FROM logs AS l
    WHERE l.date BETWEEN CAST($start AS DATE) AND CAST($first_whole AS DATE) AND l.ts >= $start AND l.ts < $first_whole
        AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
            $levels, $source, $config_hash, NULL, NULL, NULL, $package, NULL)

    UNION ALL

    SELECT l.date, l.weight AS entries
    FROM logs AS l
    WHERE l.date BETWEEN CAST($after_whole AS DATE) AND CAST($end AS DATE) AND l.ts >= $after_whole AND l.ts <= $end
        AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
            $levels, $source, $config_hash, NULL, NULL, NULL, $package, NULL)
)

SELECT c.date, CAST(sum(c.entries) AS BIGINT) AS entries
FROM counted AS c
GROUP BY c.date
HAVING sum(c.entries) > 0
ORDER BY c.date DESC

-- How many entries match level, source and config hash, by UTC date, newest first: from the daily rollup, for the
-- filters that it can answer without reading a log row.
-- Parameters: $levels, $source, $config_hash (null: all). One row per date that has a match.
SELECT d.day AS date, CAST(sum(d.entries) AS BIGINT) AS entries
FROM daily AS d
WHERE ($levels IS NULL OR list_contains($levels, d.level))
    AND ($source IS NULL OR coalesce(d.source, 'unknown') = $source)
    AND ($config_hash IS NULL OR coalesce(d.config_hash, 'unknown') = hex_hash($config_hash))
GROUP BY d.day
ORDER BY d.day DESC

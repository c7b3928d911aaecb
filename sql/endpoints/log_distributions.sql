-- How the entries of the whole history spread over levels, sources and config hashes.
-- No parameters. One row per dimension (level, source, config) and name; what is not named counts as unknown.
SELECT 'level' AS dimension, d.level AS name, CAST(sum(d.entries) AS BIGINT) AS entries
FROM daily AS d
GROUP BY d.level
UNION ALL
SELECT 'source' AS dimension, coalesce(d.source, 'unknown') AS name, CAST(sum(d.entries) AS BIGINT) AS entries
FROM daily AS d
GROUP BY coalesce(d.source, 'unknown')
UNION ALL
SELECT 'config' AS dimension, coalesce(d.config_hash, 'unknown') AS name, CAST(sum(d.entries) AS BIGINT) AS entries
FROM daily AS d
GROUP BY coalesce(d.config_hash, 'unknown')
ORDER BY 1, 3 DESC, 2

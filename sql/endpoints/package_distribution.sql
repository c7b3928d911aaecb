-- How many package objects belong to each config hash.
-- No parameters. One row per config hash; what is not named counts as unknown.
SELECT coalesce(p.config_hash, 'unknown') AS name, count(*) AS objects
FROM packages AS p
GROUP BY coalesce(p.config_hash, 'unknown')
ORDER BY 2 DESC, 1

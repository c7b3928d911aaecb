-- How many package objects match the filters of GET /packages.
-- Parameters: $config_hash, $package_name (null: all). One row.
SELECT count(*) AS matches
FROM packages AS p
WHERE ($config_hash IS NULL OR p.config_hash = hex_hash($config_hash))
    AND ($package_name IS NULL OR p.name = $package_name)

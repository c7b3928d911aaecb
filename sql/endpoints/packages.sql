-- GET /packages: one page of the package inventory, by key.
-- Parameters: $config_hash, $package_name (null: all), $after and $after_bucket (key and bucket that the last page
-- ended with; null: the first page), $limit. At most $limit + 1 rows: one more tells that there is a next page.
-- Units: timestamp in epoch ms, size in bytes.
SELECT
    p.name,
    p.version,
    p.config_hash AS "configHash",
    epoch_millis(p.stored_at) AS timestamp,
    p.size,
    p.integrity,
    p.bucket,
    p.object_key AS key,
    p.etag,
    p.storage_class AS "storageClass"
FROM packages AS p
WHERE ($config_hash IS NULL OR p.config_hash = hex_hash($config_hash))
    AND ($package_name IS NULL OR p.name = $package_name)
    AND ($after IS NULL OR p.object_key > $after OR (p.object_key = $after AND p.bucket > $after_bucket))
ORDER BY p.object_key, p.bucket
LIMIT CAST($limit AS BIGINT) + 1

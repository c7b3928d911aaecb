-- The packages prefix of the bucket, parsed: see tables/packages.sql for grain and units.
-- Reads package_objects (bucket, object_key, path: the key without the prefix, etag, size, last_modified,
-- storage_class, metadata) of one bucket, and other_packages, the rows of all other buckets, which stay.
-- Rows keep the order in which they come, by key: nothing is sorted, so that memory grows little with their number.
-- Key layouts that are understood, each with or without a leading config hash (or date):
-- NAME/VERSION.tgz, NAME/VERSION/anything, NAME/-/BASE-VERSION.tgz, NAME-VERSION.tgz, NAME/package.json;
-- NAME may have a scope (@scope/name, also written @scope%2fname).
WITH paths AS (
    SELECT
        o.*,
        nullif(regexp_extract(o.path, '^((0[xX])[0-9a-fA-F]{6,64}|[0-9a-fA-F]{8,64})/', 1), '') AS hash,
        regexp_replace(
            regexp_replace(o.path, '^((0[xX])[0-9a-fA-F]{6,64}|[0-9a-fA-F]{8,64})/', ''), '%2[fF]', '/'
        ) AS rest
    FROM package_objects AS o
),

named AS (
    SELECT
        p.*,
        nullif(regexp_extract(p.rest, '(?:^|[/-])v?([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+?)?(?:\+[0-9A-Za-z.-]+?)?)(?:\.tgz|\.tar\.gz|\.json|/|$)', 1), '')
            AS version,
        CASE
            WHEN regexp_matches(p.rest, '^(@[^/]+/)?[^/@]+/') THEN regexp_extract(p.rest, '^((?:@[^/]+/)?[^/]+)/', 1)
            ELSE nullif(regexp_extract(p.rest, '^((?:@[^/]+/)?[^/]+?)(?:-v?[0-9]+\.[0-9]+\.[0-9]+.*)?(?:\.tgz|\.tar\.gz|\.json)?$', 1), '')
        END AS name
    FROM paths AS p
)

SELECT
    n.bucket,
    n.object_key,
    n.name,
    n.version,
    CASE WHEN NOT regexp_full_match(n.hash, time_folder()) THEN hex_hash(n.hash) END AS config_hash,
    n.size,
    n.etag,
    coalesce(json_extract_string(n.metadata, '$.integrity'), json_extract_string(n.metadata, '$.shasum')) AS integrity,
    n.storage_class,
    n.last_modified AS stored_at,
    n.metadata
FROM named AS n
UNION ALL
SELECT
    x.bucket,
    x.object_key,
    x.name,
    x.version,
    x.config_hash,
    x.size,
    x.etag,
    x.integrity,
    x.storage_class,
    x.stored_at,
    x.metadata
FROM other_packages AS x

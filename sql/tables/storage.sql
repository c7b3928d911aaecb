-- Rollup: objects and bytes in the bucket by the time at which they were stored (their LastModified).
-- Grain: one slot of `grain` seconds (30, 300, 3600 or 86400), bucket, prefix, storage class and class of size.
-- Partitioned by month.
-- Sums, not snapshots: an object that was replaced or deleted leaves a negative amount in the slot of its
-- former LastModified, so that the sum over all slots is what the bucket holds.
CREATE TABLE storage (
    grain         INTEGER NOT NULL,
    slot          TIMESTAMP NOT NULL,
    bucket        VARCHAR NOT NULL,
    prefix        VARCHAR NOT NULL,   -- the settings' prefix of logs or of packages, else the key's first part
    storage_class VARCHAR NOT NULL,
    size_from     BIGINT NOT NULL,    -- the objects' class of size: from so many bytes (macros/storage.sql)
    objects       BIGINT NOT NULL,
    bytes         BIGINT NOT NULL
);

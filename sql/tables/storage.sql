-- Rollup: objects and bytes in the bucket by the time at which they were stored (their LastModified).
-- Grain: one slot of `grain` seconds (30, 300, 3600 or 86400), prefix and storage class. Partitioned by month.
-- Sums, not snapshots: an object that was replaced or deleted leaves a negative amount in the slot of its
-- former LastModified, so that the sum over all slots is what the bucket holds.
CREATE TABLE storage (
    grain         INTEGER NOT NULL,
    slot          TIMESTAMP NOT NULL,
    prefix        VARCHAR NOT NULL,   -- the settings' prefix of logs or of packages
    storage_class VARCHAR NOT NULL,
    objects       BIGINT NOT NULL,
    bytes         BIGINT NOT NULL
);

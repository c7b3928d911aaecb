-- Inventory: what lies under the packages prefix of the bucket now.
-- Grain: one object. One file, replaced whole when the inventory changes.
CREATE TABLE packages (
    bucket        VARCHAR NOT NULL,
    object_key    VARCHAR NOT NULL,
    name          VARCHAR,            -- null where the key does not tell
    version       VARCHAR,            -- null for a packument and where the key does not tell
    config_hash   VARCHAR,            -- 0x and lower-case hex digits
    size          BIGINT NOT NULL,    -- bytes
    etag          VARCHAR NOT NULL,
    integrity     VARCHAR,            -- subresource integrity, from the object's metadata
    storage_class VARCHAR NOT NULL,
    stored_at     TIMESTAMP NOT NULL, -- LastModified
    metadata      VARCHAR NOT NULL    -- the metadata that the object's writer gave it, as JSON
);

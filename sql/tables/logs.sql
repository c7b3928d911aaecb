-- The canonical log row: one row per accepted line of a mirrored object.
-- Grain: one log line (bucket, object_key, line). Files are partitioned by the UTC date of ts and sorted by ts.
-- Units: response_ms in milliseconds, bytes in bytes, times in UTC with microseconds.
CREATE TABLE logs (
    ts              TIMESTAMP NOT NULL,  -- when it happened
    level           VARCHAR NOT NULL,    -- debug, info, warn or error
    raw_level       VARCHAR,             -- the level as the logger wrote it
    message         VARCHAR,
    source          VARCHAR,             -- the part of the registry that wrote it
    config_hash     VARCHAR,             -- 0x and lower-case hex digits
    config_version  VARCHAR,
    response_ms     DOUBLE,              -- null where the entry carries none between 0 and a day
    status          SMALLINT,            -- HTTP status, 100 to 599
    method          VARCHAR,             -- upper case
    path            VARCHAR,
    package         VARCHAR,
    package_version VARCHAR,
    client_ip       VARCHAR,
    user_agent      VARCHAR,
    bytes           BIGINT,              -- size of the response body
    weight          INTEGER NOT NULL DEFAULT 1, -- how many entries the line stands for: 1 unless the log was sampled
    metadata        VARCHAR NOT NULL,    -- the entry's metadata object, complete, as JSON
    extra           VARCHAR NOT NULL,    -- every other top-level field (registryUrl, systemInfo, unknown ones), as JSON
    stored_at       TIMESTAMP,           -- when the logger flushed it
    bucket          VARCHAR NOT NULL,
    object_key      VARCHAR NOT NULL,
    line            INTEGER NOT NULL     -- 1 is the object's first line
);

-- Lines that could not be read as a log row, kept whole with the reason.
-- Grain: one rejected line (bucket, object_key, line). Partitioned by the UTC date of the sync that met it.
CREATE TABLE quarantine (
    bucket          VARCHAR NOT NULL,
    object_key      VARCHAR NOT NULL,
    line            INTEGER NOT NULL,    -- 1 is the object's first line; 0 stands for the whole object
    raw             VARCHAR NOT NULL,    -- the line's text; bytes that are not UTF-8 are shown as \xHH
    reason          VARCHAR NOT NULL,
    quarantined_at  TIMESTAMP NOT NULL
);

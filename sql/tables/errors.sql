-- Rollup: which error messages, how often.
-- Grain: one slot of `grain` seconds (30, 300 or 3600) and message of an entry at level error
-- (its first 1,000 characters). Partitioned by the UTC date of slot.
CREATE TABLE errors (
    grain   INTEGER NOT NULL,
    slot    TIMESTAMP NOT NULL,
    message VARCHAR NOT NULL,
    entries BIGINT NOT NULL
);

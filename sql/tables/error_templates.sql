-- Rollup: which faults, how often, and one occurrence of each; of all entries, and by one dimension of them.
-- Grain: one slot of `grain` seconds (300 or 3600), dimension, value and template of the messages at level error
-- (macros/errors.sql; of their first 1,000 characters). Partitioned by the UTC date of slot.
CREATE TABLE error_templates (
    grain          INTEGER NOT NULL,
    dimension      VARCHAR NOT NULL,    -- all, source, package, status (2xx, 3xx …) or config
    value          VARCHAR NOT NULL,    -- of the dimension; empty for all
    slot           TIMESTAMP NOT NULL,  -- start of the slot, UTC
    template       VARCHAR NOT NULL,
    entries        BIGINT NOT NULL,
    first_ts       TIMESTAMP NOT NULL,
    last_ts        TIMESTAMP NOT NULL,
    -- The first occurrence in the slot.
    example        VARCHAR NOT NULL,    -- its message, 1,000 characters at most
    example_bucket VARCHAR NOT NULL,
    example_key    VARCHAR NOT NULL,
    example_line   INTEGER NOT NULL
);

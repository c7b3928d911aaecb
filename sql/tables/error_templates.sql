-- Rollup: which faults, how often, and one occurrence of each.
-- Grain: one slot of `grain` seconds (300 or 3600) and template of the messages at level error (macros/errors.sql; of
-- their first 1,000 characters). Partitioned by the UTC date of slot.
CREATE TABLE error_templates (
    grain          INTEGER NOT NULL,
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

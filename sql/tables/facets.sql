-- Rollup: how many entries each combination of the log viewer's facets has, by time slot.
-- Grain: one slot of `grain` seconds (900 or 3600) and combination that has entries. Partitioned by the UTC date of slot.
-- Null is a value of its own: entries without a source are not left out.
CREATE TABLE facets (
    grain       INTEGER NOT NULL,
    slot        TIMESTAMP NOT NULL,  -- start of the slot, UTC
    level       VARCHAR NOT NULL,
    source      VARCHAR,
    status      SMALLINT,
    method      VARCHAR,
    package     VARCHAR,
    config_hash VARCHAR,
    entries     BIGINT NOT NULL
);

-- Rollup: entries per day by level, source and config hash, for questions over the whole history.
-- Grain: one UTC day, level, source and config hash. Partitioned by month.
CREATE TABLE daily (
    day         DATE NOT NULL,
    level       VARCHAR NOT NULL,
    source      VARCHAR,
    config_hash VARCHAR,
    entries     BIGINT NOT NULL,
    first_ts    TIMESTAMP NOT NULL,
    last_ts     TIMESTAMP NOT NULL
);

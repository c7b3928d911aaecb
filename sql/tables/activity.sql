-- Rollup: how much happened and how fast, by time slot.
-- Grain: one slot of `grain` seconds (30, 300 or 3600) that has entries. Partitioned by the UTC date of slot.
-- Units: response_ns is the sum of response times in nanoseconds (an integer, so that sums merge exactly).
CREATE TABLE activity (
    grain         INTEGER NOT NULL,
    slot          TIMESTAMP NOT NULL,  -- start of the slot, UTC
    entries       BIGINT NOT NULL,
    debug         BIGINT NOT NULL,
    info          BIGINT NOT NULL,
    warn          BIGINT NOT NULL,
    error         BIGINT NOT NULL,
    timed         BIGINT NOT NULL,     -- entries that carry a response time
    response_ns   BIGINT NOT NULL,
    response_min  DOUBLE,              -- milliseconds
    response_max  DOUBLE,              -- milliseconds
    requests      BIGINT NOT NULL,     -- entries that carry an HTTP status
    server_errors BIGINT NOT NULL      -- entries with a status of 500 or more
);

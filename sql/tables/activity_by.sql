-- Rollup: how much happened and how fast, by one dimension of the entries.
-- Grain: one hour, dimension and value that has entries. Partitioned by the UTC date of slot. Entries without a value (no
-- package, no status) have no row of that dimension. Finer slots would hold about as many rows as the logs do.
-- Units: response_ns is the sum of response times in nanoseconds; buckets and counts are the distribution of response
-- times, bucket by bucket as in tables/latency.sql: counts[i] entries in buckets[i]; both null where none was timed.
CREATE TABLE activity_by (
    dimension     VARCHAR NOT NULL,    -- source, package, status (2xx, 3xx …) or config
    value         VARCHAR NOT NULL,
    slot          TIMESTAMP NOT NULL,  -- start of the hour, UTC
    entries       BIGINT NOT NULL,
    warn          BIGINT NOT NULL,
    error         BIGINT NOT NULL,
    timed         BIGINT NOT NULL,     -- entries that carry a response time
    response_ns   BIGINT NOT NULL,
    requests      BIGINT NOT NULL,     -- entries that carry an HTTP status
    server_errors BIGINT NOT NULL,     -- entries with a status of 500 or more
    buckets       SMALLINT[],
    counts        BIGINT[]
);

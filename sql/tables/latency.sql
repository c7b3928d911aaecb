-- Rollup: the distribution of response times, in logarithmic buckets of 2 percent width.
-- Grain: one slot of `grain` seconds (30, 300 or 3600) and bucket. Partitioned by the UTC date of slot.
-- A response time of ms falls into bucket floor(ln(ms) / ln(1.02)); the middle of a bucket,
-- exp((bucket + 0.5) * ln(1.02)), is within 1 percent of every value in it.
CREATE TABLE latency (
    grain   INTEGER NOT NULL,
    slot    TIMESTAMP NOT NULL,
    bucket  SMALLINT NOT NULL,
    entries BIGINT NOT NULL
);

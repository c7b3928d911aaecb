-- How many entries there were from the first day on until a moment, answered in at most so long: of two rows, the
-- difference is the distribution of the time between, so that a period costs two rows however long it is.
-- (A summed-area table: F. C. Crow, Summed-Area Tables for Texture Mapping, SIGGRAPH 1984.)
-- Reads fresh_latency (rows of the rollup latency in slots of 5 minutes, none before $since). Parameters: $since and
-- $until (UTC, midnights), $low and $high (buckets, the first and the last), $before (the list of $since).
-- Grain: one moment every 5 minutes, both ends. up_to has one number per bucket, from $low on.
WITH moments AS (
    SELECT unnest(generate_series(CAST($since AS TIMESTAMP), CAST($until AS TIMESTAMP), INTERVAL 5 MINUTES)) AS slot
),

dense AS (
    SELECT m.slot, b.bucket, coalesce(f.entries, 0) AS entries
    FROM moments AS m
    CROSS JOIN range(CAST($low AS BIGINT), CAST($high AS BIGINT) + 1) AS b (bucket)
    LEFT JOIN fresh_latency AS f ON f.slot = m.slot - INTERVAL 5 MINUTES AND f.bucket = b.bucket
),

until_moment AS (
    SELECT
        d.slot,
        d.bucket,
        sum(d.entries) OVER (
            PARTITION BY d.bucket ORDER BY d.slot ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS entries
    FROM dense AS d
),

up_to_bucket AS (
    SELECT
        u.slot,
        u.bucket,
        sum(u.entries) OVER (
            PARTITION BY u.slot ORDER BY u.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS entries
    FROM until_moment AS u
)

SELECT
    u.slot,
    list(
        CAST(u.entries AS BIGINT) + CAST($before AS BIGINT[])[u.bucket - CAST($low AS BIGINT) + 1] ORDER BY u.bucket
    ) AS up_to
FROM up_to_bucket AS u
GROUP BY u.slot
ORDER BY u.slot

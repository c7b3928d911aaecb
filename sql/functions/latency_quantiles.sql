-- The quantiles of all entries, period by period, from the rollup latency; parameters and columns as in bucket_quantiles.sql,
-- bucket_grain in seconds.
CREATE OR REPLACE MACRO latency_quantiles(starts, ends, points, bucket_grain, apdex_t) AS TABLE
WITH slots AS (
    SELECT t.slot, t.bucket, t.entries
    FROM latency AS t
    WHERE t.date BETWEEN CAST(starts AS DATE) AND CAST(ends AS DATE)
        AND t.grain = bucket_grain AND t.slot >= starts AND t.slot < ends
),

-- The same of one long period, or of two: whole hours from the coarser slots, the hours in which a period begins or
-- ends from the finer ones. A twentieth of the rows.
whole_hours AS (
    SELECT t.slot, t.bucket, t.entries
    FROM latency AS t
    WHERE t.date BETWEEN CAST(starts AS DATE) AND CAST(ends AS DATE)
        AND t.grain = 3600
        AND t.slot >= date_trunc('hour', CAST(starts AS TIMESTAMP)) + INTERVAL 1 HOUR
        AND t.slot < date_trunc('hour', CAST(ends AS TIMESTAMP))
        AND t.slot <> date_trunc('hour', period_start(1, starts, ends, points))
    UNION ALL
    SELECT t.slot, t.bucket, t.entries
    FROM latency AS t
    WHERE t.date BETWEEN CAST(starts AS DATE) AND CAST(ends AS DATE)
        AND t.grain = bucket_grain AND t.slot >= starts
        AND t.slot < date_trunc('hour', CAST(starts AS TIMESTAMP)) + INTERVAL 1 HOUR
    UNION ALL
    SELECT t.slot, t.bucket, t.entries
    FROM latency AS t
    WHERE points = 2
        AND t.date BETWEEN CAST(starts AS DATE) AND CAST(ends AS DATE)
        AND t.grain = bucket_grain AND t.slot >= date_trunc('hour', period_start(1, starts, ends, points))
        AND t.slot < date_trunc('hour', period_start(1, starts, ends, points)) + INTERVAL 1 HOUR
    UNION ALL
    SELECT t.slot, t.bucket, t.entries
    FROM latency AS t
    WHERE t.date BETWEEN CAST(starts AS DATE) AND CAST(ends AS DATE)
        AND t.grain = bucket_grain AND t.slot >= date_trunc('hour', CAST(ends AS TIMESTAMP))
        AND t.slot < ends
)

FROM bucket_quantiles(
    CASE
        WHEN bucket_grain < 3600 AND points <= 2
            AND epoch_us(CAST(ends AS TIMESTAMP)) - epoch_us(CAST(starts AS TIMESTAMP)) >= points * 21600000000
            THEN 'whole_hours'
        ELSE 'slots'
    END,
    starts, ends, points, apdex_t
)

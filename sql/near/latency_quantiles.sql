-- The quantiles of all entries, period by period, from what is kept in memory (near/latency_until.sql): parameters,
-- columns and answers are those of functions/latency_quantiles.sql. bucket_grain is 300 seconds or a multiple.
-- Variables: kept_since and kept_until (UTC, the first and the last moment), kept_low (the first bucket).
CREATE OR REPLACE MACRO latency_quantiles(starts, ends, points, bucket_grain, apdex_t) AS TABLE
WITH edges AS (
    SELECT e.i, u.up_to, lag(u.up_to) OVER (ORDER BY e.i) AS earlier
    FROM (
        SELECT
            n.i,
            greatest(least(
                -- A slot belongs to the period in which it begins: from the next beginning on.
                time_bucket(
                    to_seconds(bucket_grain),
                    period_start(n.i, starts, ends, points) + to_seconds(bucket_grain) - INTERVAL 1 MICROSECOND
                ),
                getvariable('kept_until')
            ), getvariable('kept_since')) AS slot
        FROM range(0, CAST(points AS BIGINT) + 1) AS n (i)
    ) AS e
    JOIN latency_until AS u ON u.slot = e.slot
),

totals AS (
    SELECT
        e.i - 1 AS i, e.up_to, e.earlier,
        e.up_to[-1] - e.earlier[-1] AS total,
        CAST(ceil(0.50 * total) AS BIGINT) AS t50,
        CAST(ceil(0.95 * total) AS BIGINT) AS t95,
        CAST(ceil(0.99 * total) AS BIGINT) AS t99
    FROM edges AS e
    WHERE e.i > 0
),

ranked AS (
    SELECT
        t.i, t.total, t.t50, t.t95, t.t99,
        getvariable('kept_low') - 1 + generate_subscripts(t.up_to, 1) AS bucket,
        unnest(t.up_to) - unnest(t.earlier) AS up_to
    FROM totals AS t
    WHERE t.total > 0
)

SELECT
    r.i,
    min(r.bucket) FILTER (WHERE r.up_to >= r.t50) AS b50,
    min(r.bucket) FILTER (WHERE r.up_to >= r.t95) AS b95,
    min(r.bucket) FILTER (WHERE r.up_to >= r.t99) AS b99,
    coalesce(max(r.up_to) FILTER (WHERE r.bucket <= last_bucket(apdex_t)), 0) AS satisfied,
    coalesce(max(r.up_to) FILTER (WHERE r.bucket <= last_bucket(4 * apdex_t)), 0) AS tolerated,
    any_value(r.total) AS distributed
FROM ranked AS r
GROUP BY r.i

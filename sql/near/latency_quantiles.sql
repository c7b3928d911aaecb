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
        [CAST(0.50 AS DOUBLE), 0.95, 0.99] AS shares,
        -- How many buckets are not above a time: none, some or all of the list.
        greatest(0, least(
            len(e.up_to), coalesce(CAST(floor(last_bucket(apdex_t)) AS BIGINT) + 1 - getvariable('kept_low'), 0)
        )) AS satisfied,
        greatest(0, least(
            len(e.up_to), coalesce(CAST(floor(last_bucket(4 * apdex_t)) AS BIGINT) + 1 - getvariable('kept_low'), 0)
        )) AS tolerated
    FROM edges AS e
    WHERE e.i > 0
),

-- How many buckets hold less than a share of all, by looking at every 24th of some hundreds, and then at the 24 that are left.
-- To look at each took half the time of a history of 1,000 periods.
steps AS (
    SELECT
        t.i, t.up_to, t.earlier, t.total, t.shares, t.satisfied, t.tolerated,
        list_transform(t.shares, lambda q: 24 * len(list_filter(
            range(24, len(t.up_to), 24), lambda k: t.up_to[k] - t.earlier[k] < q * t.total
        ))) AS below
    FROM totals AS t
    WHERE t.total > 0
),

quantiles AS (
    SELECT
        s.i, s.up_to, s.earlier, s.total, s.satisfied, s.tolerated,
        list_transform(s.below, lambda b, j: getvariable('kept_low') + b + len(list_filter(
            range(b + 1, least(b + 24, len(s.up_to)) + 1),
            lambda k: s.up_to[k] - s.earlier[k] < s.shares[j] * s.total
        ))) AS buckets
    FROM steps AS s
)

SELECT
    q.i,
    q.buckets[1] AS b50,
    q.buckets[2] AS b95,
    q.buckets[3] AS b99,
    coalesce(q.up_to[q.satisfied] - q.earlier[q.satisfied], 0) AS satisfied,
    coalesce(q.up_to[q.tolerated] - q.earlier[q.tolerated], 0) AS tolerated,
    q.total AS distributed
FROM quantiles AS q

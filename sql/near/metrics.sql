-- What functions/metrics.sql tells, of all entries (reads is 'activity') from the sums that are kept in memory
-- (near/counts_until.sql, near/latency_until.sql): a period is the difference of two rows. What has a filter is told by
-- the other. Parameters and columns are those of that one; bucket_grain is 300 seconds or a multiple. What stands where in
-- sums is said in near/counts_until.sql.
-- Variables: counted_since, counted_until, kept_since, kept_until (UTC, the first and the last moment of the two),
-- kept_low (the first bucket).
CREATE OR REPLACE MACRO metrics(
    starts, ends, points, slot_grain, bucket_grain, apdex_t, reads, of_source, of_package, of_status, of_config
) AS TABLE
WITH edges AS (
    SELECT
        m.i,
        m.moment,
        c.sums,
        u.up_to,
        lag(m.moment) OVER by_time AS moment_before,
        lag(c.sums) OVER by_time AS sums_before,
        lag(u.up_to) OVER by_time AS up_to_before
    FROM (
        SELECT
            p.i,
            p.moment,
            -- A slot belongs to the period in which it begins: from the next beginning on.
            greatest(least(
                time_bucket(to_seconds(slot_grain), p.moment + to_milliseconds(1000 * slot_grain - 1)),
                getvariable('counted_until')
            ), getvariable('counted_since')) AS slot,
            greatest(least(
                time_bucket(to_seconds(bucket_grain), p.moment + to_milliseconds(1000 * bucket_grain - 1)),
                getvariable('kept_until')
            ), getvariable('kept_since')) AS bucket_slot
        FROM (
            SELECT n.i, period_start(n.i, starts, ends, points) AS moment
            FROM range(0, CAST(points AS BIGINT) + 1) AS n (i)
        ) AS p
    ) AS m
    JOIN counts_until AS c ON c.slot = m.slot
    JOIN latency_until AS u ON u.slot = m.bucket_slot
    WINDOW by_time AS (ORDER BY m.i)
),

totals AS (
    SELECT
        e.i - 1 AS i, e.moment, e.moment_before, e.sums, e.sums_before, e.up_to, e.up_to_before,
        e.up_to[-1] - e.up_to_before[-1] AS distributed,
        [CAST(0.50 AS DOUBLE), 0.95, 0.99] AS shares,
        -- How many buckets are not above a time: none, some or all of the list.
        list_transform([apdex_t, 4 * apdex_t], lambda t: greatest(0, least(
            len(e.up_to), coalesce(CAST(floor(last_bucket(t)) AS BIGINT) + 1 - getvariable('kept_low'), 0)
        ))) AS limits
    FROM edges AS e
    WHERE e.i > 0
),

-- How many buckets hold less than a share of all, by looking at every 24th of some hundreds, and then at the 24 that are left.
-- To look at each took half the time of a history of 1,000 periods.
steps AS (
    SELECT
        t.i, t.moment, t.moment_before, t.sums, t.sums_before, t.up_to, t.up_to_before, t.distributed, t.shares, t.limits,
        list_transform(t.shares, lambda q: 24 * len(list_filter(
            range(24, len(t.up_to), 24), lambda k: t.up_to[k] - t.up_to_before[k] < q * t.distributed
        ))) AS below
    FROM totals AS t
),

activity_periods AS (
    SELECT
        s.i, s.moment_before, s.moment, s.sums, s.sums_before, s.distributed,
        list_transform(s.below, lambda b, j: CASE WHEN s.distributed > 0 THEN bucket_ms(
            getvariable('kept_low') + b + len(list_filter(
                range(b + 1, least(b + 24, len(s.up_to)) + 1),
                lambda k: s.up_to[k] - s.up_to_before[k] < s.shares[j] * s.distributed
            ))
        ) END) AS quantiles,
        list_transform(s.limits, lambda k: coalesce(s.up_to[k] - s.up_to_before[k], 0)) AS within
    FROM steps AS s
),

activity_figures AS (
    SELECT
        p.i,
        p.moment_before AS period_starts,
        p.moment AS period_ends,
        CAST(p.sums[1] - p.sums_before[1] AS BIGINT) AS entries,
        CAST(p.sums[2] - p.sums_before[2] AS BIGINT) AS errors,
        CAST(p.sums[3] - p.sums_before[3] AS BIGINT) AS warnings,
        CAST(p.sums[4] - p.sums_before[4] AS BIGINT) AS timed,
        p.sums[5] - p.sums_before[5] AS response_ns,
        CAST(p.sums[6] - p.sums_before[6] AS BIGINT) AS requests,
        CAST(p.sums[7] - p.sums_before[7] AS BIGINT) AS server_errors,
        p.quantiles[1] AS p50,
        p.quantiles[2] AS p95,
        p.quantiles[3] AS p99,
        apdex(p.within[1], p.within[2], p.distributed) AS apdex,
        CAST(p.sums[8] - p.sums_before[8] AS BIGINT) AS bytes
    FROM activity_periods AS p
),

filtered_figures AS (
    FROM main.metrics(
        starts, ends, points, slot_grain, bucket_grain, apdex_t, reads, of_source, of_package, of_status, of_config
    )
)

FROM query_table(CASE reads WHEN 'activity' THEN 'activity_figures' ELSE 'filtered_figures' END)

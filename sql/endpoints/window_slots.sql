-- Which rollup a question about a window of time reads, and how long its slots are.
-- Parameters: $hours (length of the window), $points (equal periods it is cut into), the filters $source, $package,
-- $status_class and $config_hash (null: all). Reads no table, so that the same parameters always give the same.
-- One row; config_hash comes back as the log rows have it.
-- Grains in seconds: a period of the contract's 24 is a whole number of slots for any whole number of hours, because
-- 3600 / 24 = 5 * 30.
-- The coarser grains (from a week and from 90 days on) bound the number of slots that a long window reads; they
-- serve where a period is a whole number of their slots too (720 hours in 24 periods, but not 721).
-- With other numbers of periods than 24, a slot belongs to the period in which it begins.
-- Distributions have slots of 5 minutes in windows of 6 hours and more, because each of the finest costs a hundred rows, and of
-- an hour from 35 days on. A window of now ends at half a minute all the same: a quantile is of other entries than the mean
-- by those of 5 minutes at most.
-- One filter over 12 hours or more in periods of whole hours is answered from the rollup by dimension, whose grain is an
-- hour; everything else that is filtered from the log rows, as are the entries that name no source or config (`unknown`):
-- the rollup has none of these.
SELECT
    g.reads,
    hex_hash($config_hash) AS config_hash,
    g.grain,
    CASE
        WHEN g.reads = 'activity_by' OR g.grain = 3600 THEN g.grain
        WHEN $hours > 840 THEN 3600
        WHEN g.grain = 300 OR (g.width >= 900 AND $hours >= 6) OR (g.width >= 600 AND $points >= 100) THEN 300
        ELSE 30
    END AS latency_grain,
    g.width AS period_seconds
FROM (
    SELECT
        w.width,
        w.reads,
        CASE
            WHEN w.width > 324000 AND w.width % 3600 = 0 AND w.reads <> 'logs' THEN 3600
            WHEN w.reads = 'activity_by' THEN 3600
            WHEN w.width > 25200 AND w.width % 300 = 0 AND w.reads <> 'logs' THEN 300
            ELSE 30
        END AS grain
    FROM (
        SELECT
            q.width,
            CASE
                WHEN q.filters = 0 THEN 'activity'
                WHEN $source = 'unknown' OR $config_hash = 'unknown' THEN 'logs'
                WHEN q.filters = 1 AND q.width % 3600 = 0 AND $hours >= 12 THEN 'activity_by'
                ELSE 'logs'
            END AS reads
        FROM (
            SELECT
                CAST($hours AS DOUBLE) * 3600 / $points AS width,
                CAST($source IS NOT NULL AS INTEGER) + CAST($package IS NOT NULL AS INTEGER)
                    + CAST($status_class IS NOT NULL AS INTEGER) + CAST($config_hash IS NOT NULL AS INTEGER) AS filters
        ) AS q
    ) AS w
) AS g

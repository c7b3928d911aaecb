-- The window of a question: which slots of which rollup it reads.
-- Parameters: $now (UTC), $hours (length of the window), $points (equal periods it is cut into), the filters $source,
-- $package, $status_class and $config_hash (null: all).
-- One row; config_hash comes back as the log rows have it. The window ends at $now, rounded up to the grain, so that the newest entries are in it; it holds
-- the slots that begin in [window_start, window_end). Grains in seconds: a period of the contract's 24 is a
-- whole number of slots for any whole number of hours, because 3600 / 24 = 5 * 30.
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
    p.reads,
    hex_hash($config_hash) AS config_hash,
    p.grain,
    CASE
        WHEN p.reads = 'activity_by' OR p.grain = 3600 THEN p.grain
        WHEN $hours > 840 THEN 3600
        WHEN p.grain = 300 OR (p.width >= 900 AND $hours >= 6) OR (p.width >= 600 AND $points >= 100) THEN 300
        ELSE 30
    END AS latency_grain,
    p.width AS period_seconds,
    p.ends AS window_end,
    p.ends - to_milliseconds(round($hours * 3.6e6)) AS window_start,
    p.ends - to_milliseconds(2 * round($hours * 3.6e6)) AS previous_start
FROM (
    SELECT
        g.width,
        g.reads,
        g.grain,
        time_bucket(to_seconds(g.grain), CAST($now AS TIMESTAMP) + to_seconds(g.grain) - INTERVAL 1 MICROSECOND) AS ends
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
) AS p

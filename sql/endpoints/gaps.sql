-- GET /gaps: stretches without an entry in which entries were to be expected, newest first, at most 1,000.
-- Parameters: the columns of endpoints/gaps_window.sql. Grain: one stretch of $step seconds or more
-- without an entry, between the first and the last entry since $history_start, or (open) of an hour or more from the
-- last one until now (loggers buffer, and syncs pause), that reaches into the window. Units: epoch ms, minutes, entries.
-- expected: the median of the same hour of the week (with 3 of them), else of the hour of the day (with 3), else of
-- all hours, for the part of each hour that is missing. Until three weeks are known a Sunday is not told from a
-- Monday: then no more than at the rate of the busiest hour around its two ends. Of whole missing days the median of
-- the same weekday (with 3) or of all days (with 3) where that is more. A stretch is a gap when expected reaches
-- gap_threshold of what the longest silence of an hour usually costs, or when it holds a whole UTC day that usually
-- has entries.
WITH filled AS (
    SELECT time_bucket(to_seconds($step), a.slot) AS starts, sum(a.entries) AS entries
    FROM activity AS a
    WHERE a.date BETWEEN CAST($history_start AS DATE) AND CAST($scan_end AS DATE)
        AND a.grain = $grain AND a.slot >= $history_start AND a.slot < $scan_end
    GROUP BY time_bucket(to_seconds($step), a.slot)
),

silences AS (
    SELECT
        f.starts + to_seconds($step) AS starts_at,
        coalesce(lead(f.starts) OVER (ORDER BY f.starts), CAST($window_end AS TIMESTAMP)) AS ends_at,
        lead(f.starts) OVER (ORDER BY f.starts) IS NULL AS is_open
    FROM filled AS f
),

edges AS (
    SELECT
        date_trunc('hour', min(f.starts)) AS first_hour,
        date_trunc('hour', max(f.starts)) AS last_hour,
        date_trunc('day', min(f.starts)) AS first_day,
        date_trunc('day', max(f.starts)) AS last_day
    FROM filled AS f
),

-- Every hour from the first entry's on until now. Whole ones tell what is usual: not the first and the last
-- entry's, of which a part may be missing.
hours AS (
    SELECT
        n.starts,
        coalesce(a.entries, 0) AS entries,
        n.starts > e.first_hour AND n.starts < e.last_hour AS is_whole
    FROM edges AS e
    CROSS JOIN (
        SELECT CAST($history_start AS TIMESTAMP) + to_hours(h.i) AS starts
        FROM range(0, CAST(ceil(epoch(CAST($window_end AS TIMESTAMP) - CAST($history_start AS TIMESTAMP)) / 3600) AS BIGINT) + 1) AS h (i)
    ) AS n
    LEFT JOIN (
        SELECT date_trunc('hour', f.starts) AS starts, sum(f.entries) AS entries
        FROM filled AS f
        GROUP BY date_trunc('hour', f.starts)
    ) AS a ON a.starts = n.starts
    WHERE n.starts >= e.first_hour
),

week_hours AS (
    SELECT dayofweek(h.starts) AS weekday, hour(h.starts) AS hour, median(h.entries) AS usual, count(*) AS seen
    FROM hours AS h
    WHERE h.is_whole
    GROUP BY dayofweek(h.starts), hour(h.starts)
),

day_hours AS (
    SELECT hour(h.starts) AS hour, median(h.entries) AS usual, count(*) AS seen
    FROM hours AS h
    WHERE h.is_whole
    GROUP BY hour(h.starts)
),

every_hour AS (
    SELECT median(h.entries) AS usual
    FROM hours AS h
    WHERE h.is_whole
),

-- Usual entries of each hour, and of all hours before it: what is usual between two moments is a difference.
usual_hours AS (
    SELECT
        u.starts,
        u.usual,
        u.is_weekly,
        greatest(
            u.entries,
            lag(u.entries, 1, 0) OVER (ORDER BY u.starts),
            lead(u.entries, 1, 0) OVER (ORDER BY u.starts)
        ) AS busiest,
        sum(u.usual) OVER (ORDER BY u.starts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - u.usual AS before
    FROM (
        SELECT
            h.starts,
            h.entries,
            coalesce(w.seen >= 3, false) AS is_weekly,
            CAST(CASE WHEN w.seen >= 3 THEN w.usual WHEN d.seen >= 3 THEN d.usual ELSE coalesce(a.usual, 0) END AS DOUBLE)
                AS usual
        FROM hours AS h
        CROSS JOIN every_hour AS a
        LEFT JOIN week_hours AS w ON w.weekday = dayofweek(h.starts) AND w.hour = hour(h.starts)
        LEFT JOIN day_hours AS d ON d.hour = hour(h.starts)
    ) AS u
),

days AS (
    SELECT
        date_trunc('day', h.starts) AS starts,
        sum(h.entries) AS entries,
        date_trunc('day', h.starts) > min(e.first_day) AND date_trunc('day', h.starts) < min(e.last_day) AS is_whole
    FROM hours AS h
    CROSS JOIN edges AS e
    GROUP BY date_trunc('day', h.starts)
),

week_days AS (
    SELECT dayofweek(d.starts) AS weekday, median(d.entries) AS usual, count(*) AS seen
    FROM days AS d
    WHERE d.is_whole
    GROUP BY dayofweek(d.starts)
),

every_day AS (
    SELECT median(d.entries) AS usual, count(*) AS seen
    FROM days AS d
    WHERE d.is_whole
),

usual_days AS (
    SELECT
        d.starts,
        CAST(CASE WHEN w.seen >= 3 THEN w.usual WHEN a.seen >= 3 THEN a.usual ELSE 0 END AS DOUBLE) AS usual
    FROM days AS d
    CROSS JOIN every_day AS a
    LEFT JOIN week_days AS w ON w.weekday = dayofweek(d.starts)
),

costs AS (
    SELECT
        s.starts_at,
        s.ends_at,
        s.is_open,
        least(
            (z.before + z.usual * epoch(s.ends_at - z.starts) / 3600)
                - (b.before + b.usual * epoch(s.starts_at - b.starts) / 3600),
            CASE
                WHEN NOT (b.is_weekly AND z.is_weekly)
                    THEN greatest(b.busiest, z.busiest) * epoch(s.ends_at - s.starts_at) / 3600
            END
        ) AS expected
    FROM silences AS s
    JOIN usual_hours AS b ON b.starts = date_trunc('hour', s.starts_at)
    JOIN usual_hours AS z ON z.starts = date_trunc('hour', s.ends_at)
    WHERE s.ends_at > s.starts_at
),

-- The longest silence of each hour that has entries; an hour without one counts as 0.
usual_silence AS (
    SELECT gap_threshold(median(coalesce(c.expected, 0))) AS threshold
    FROM hours AS h
    LEFT JOIN (
        SELECT date_trunc('hour', x.starts_at) AS starts, max(x.expected) AS expected
        FROM costs AS x
        WHERE NOT x.is_open
        GROUP BY date_trunc('hour', x.starts_at)
    ) AS c ON c.starts = h.starts
    WHERE h.entries > 0
),

missing_days AS (
    SELECT c.starts_at, count(*) AS days, sum(u.usual) AS expected
    FROM costs AS c
    JOIN usual_days AS u ON u.starts >= c.starts_at AND u.starts + INTERVAL 1 DAY <= c.ends_at
    WHERE c.ends_at >= c.starts_at + INTERVAL 1 DAY
    GROUP BY c.starts_at
),

gaps AS (
    SELECT
        c.starts_at,
        c.ends_at,
        c.is_open,
        coalesce(m.days, 0) AS days,
        greatest(c.expected, coalesce(m.expected, 0)) AS expected,
        t.threshold
    FROM costs AS c
    CROSS JOIN usual_silence AS t
    LEFT JOIN missing_days AS m ON m.starts_at = c.starts_at
    WHERE c.ends_at > $window_start
        AND (NOT c.is_open OR c.ends_at >= c.starts_at + INTERVAL 1 HOUR)
        AND (c.expected >= t.threshold OR m.expected > 0)
)

SELECT
    epoch_millis(g.starts_at) AS "startsAt",
    epoch_millis(g.ends_at) AS "endsAt",
    CAST(round(epoch(g.ends_at - g.starts_at) / 60) AS BIGINT) AS minutes,
    CASE WHEN g.days > 0 THEN 'days' ELSE 'minutes' END AS kind,
    CAST(g.days AS BIGINT) AS days,
    CAST(coalesce(sum(f.entries), 0) AS BIGINT) AS "entriesBefore",
    CAST(round(g.expected) AS BIGINT) AS "expectedEntries",
    g.is_open AS open,
    g.threshold AS threshold
FROM gaps AS g
LEFT JOIN filled AS f ON f.starts >= g.starts_at - INTERVAL 1 HOUR AND f.starts < g.starts_at
GROUP BY g.starts_at, g.ends_at, g.is_open, g.days, g.expected, g.threshold
ORDER BY g.starts_at DESC
LIMIT 1000

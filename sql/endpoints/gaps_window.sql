-- GET /gaps: what the search for gaps reads.
-- Parameters: $now (UTC), $hours (length of the window). One row; times are UTC.
-- step: the resolution in seconds; grain: of the rollup that it reads. Coarser from 31 and from 90 days on, so that
-- a long window reads no more slots. window_end is $now, rounded down to the step; entries of the step that is
-- running are read too (scan_end). history_start: what is usual is learnt from there on, four weeks before the newest
-- entry, so that a long outage at the end is not usual itself.
SELECT
    p.grain,
    p.step,
    p.window_end,
    p.window_end + to_seconds(p.step) AS scan_end,
    p.window_end - to_microseconds(CAST(round($hours * 3600000000) AS BIGINT)) AS window_start,
    least(
        date_trunc('hour', p.window_end - to_microseconds(CAST(round($hours * 3600000000) AS BIGINT))),
        date_trunc('hour', least(p.window_end, d.newest)) - INTERVAL 28 DAY
    ) AS history_start,
    epoch_millis(r.last_sync) AS last_sync
FROM (
    SELECT
        w.grain,
        w.step,
        make_timestamp(CAST(floor(epoch_us(CAST($now AS TIMESTAMP)) / (w.step * 1e6)) AS BIGINT) * w.step * 1000000)
            AS window_end
    FROM (
        SELECT
            CASE WHEN $hours <= 744 THEN 30 WHEN $hours <= 2160 THEN 300 ELSE 3600 END AS grain,
            CASE WHEN $hours <= 744 THEN 60 WHEN $hours <= 2160 THEN 300 ELSE 3600 END AS step
    ) AS w
) AS p
CROSS JOIN (
    SELECT max(y.last_ts) AS newest
    FROM daily AS y
    WHERE y.last_ts < CAST($now AS TIMESTAMP)
) AS d
CROSS JOIN (
    SELECT max(u.finished_at) AS last_sync
    FROM runs AS u
    WHERE u.kind = 'sync' AND u.status = 'ok'
) AS r

-- No entry for an hour and more before the last sync, though there was one in nearly every 5 minutes of the day before.
-- Parameters: $now (UTC). At most one row. value: minutes without an entry; since is the end of the last slot with one.
SELECT
    'critical' AS severity,
    epoch(n.last_sync - n.newest) / 60 AS value,
    epoch_millis(n.newest) AS since,
    format('No entry came since {}, {:.0f} minutes before the last sync.', strftime(n.newest, '%Y-%m-%d %H:%M UTC'),
        epoch(n.last_sync - n.newest) / 60) AS seen,
    'Check that the registry still writes its logs to the bucket: warehouse gaps.' AS action,
    'activity' AS "view"
FROM (
    SELECT
        max(a.slot) + INTERVAL 300 SECONDS AS newest,
        (
            SELECT max(r.finished_at)
            FROM runs AS r
            WHERE r.kind = 'sync' AND r.status = 'ok' AND r.finished_at <= CAST($now AS TIMESTAMP) + INTERVAL 1 HOUR
        ) AS last_sync
    FROM activity AS a
    WHERE a.date >= CAST(CAST($now AS TIMESTAMP) - INTERVAL 7 DAYS AS DATE) AND a.grain = 300 AND a.slot < $now
) AS n
WHERE n.last_sync - n.newest >= INTERVAL 1 HOUR
    AND (
        SELECT count(*)
        FROM activity AS d
        WHERE d.date >= CAST(CAST($now AS TIMESTAMP) - INTERVAL 9 DAYS AS DATE) AND d.grain = 300
            AND d.slot >= n.newest - INTERVAL 24 HOURS AND d.slot < n.newest
    ) >= 250

-- Where a forecast begins, and which one is stored. Parameters: $now (UTC), $version. One row.
-- origin: the end of the last whole hour that is known, which is that of the last sync. issued: the newest forecast of this version
-- that is stored, of at most 31 days ago; entries: how many log entries its history had.
SELECT k.origin, s.issued, s.entries
FROM (
    SELECT date_trunc('hour', least(CAST($now AS TIMESTAMP), max(r.finished_at))) AS origin
    FROM runs AS r
    WHERE r.kind = 'sync' AND r.status = 'ok'
) AS k
CROSS JOIN (
    SELECT max(m.issued) AS issued, arg_max(m.entries, m.issued) AS entries
    FROM forecast_models AS m
    WHERE m.date >= CAST(CAST($now AS TIMESTAMP) - INTERVAL 31 DAYS AS DATE) AND m.issued <= CAST($now AS TIMESTAMP)
        AND m.version = $version
) AS s

-- Where a forecast begins, and whether there is one already. Parameters: $now (UTC), $version. One row.
-- origin: the end of the last whole hour that is known, which is that of the last sync; hours and entries: the history of
-- at most 720 hours before it, from its first log entry on. issued: the newest forecast that is stored; fresh: it is of this
-- origin and of the same history, so that another would say the same.
WITH known AS (
    SELECT date_trunc('hour', least(CAST($now AS TIMESTAMP), max(r.finished_at))) AS origin
    FROM runs AS r
    WHERE r.kind = 'sync' AND r.status = 'ok'
),

history AS (
    SELECT min(a.slot) AS first_slot, CAST(sum(a.entries) AS BIGINT) AS entries
    FROM activity AS a
    JOIN known AS k ON a.slot >= k.origin - INTERVAL 720 HOURS AND a.slot < k.origin
        AND a.date BETWEEN CAST(k.origin - INTERVAL 720 HOURS AS DATE) AND CAST(k.origin AS DATE)
    WHERE a.grain = 3600
),

stored AS (
    SELECT max(m.issued) AS issued, arg_max(m.entries, m.issued) AS entries
    FROM forecast_models AS m
    WHERE m.date >= CAST(CAST($now AS TIMESTAMP) - INTERVAL 31 DAYS AS DATE) AND m.issued <= CAST($now AS TIMESTAMP)
        AND m.version = $version
)

SELECT
    k.origin,
    CAST(coalesce(date_diff('hour', h.first_slot, k.origin), 0) AS BIGINT) AS hours,
    coalesce(h.entries, 0) AS entries,
    s.issued,
    coalesce(s.issued = k.origin AND s.entries = h.entries, false) AS fresh
FROM known AS k
CROSS JOIN history AS h
CROSS JOIN stored AS s

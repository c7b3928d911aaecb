-- How much history a forecast would rest on. Parameter: $origin (UTC, where the history ends). One row: hours, of the at most 720 before
-- $origin, from the first with a log entry on; entries: the log entries in them.
SELECT
    CAST(coalesce(date_diff('hour', min(a.slot), CAST($origin AS TIMESTAMP)), 0) AS BIGINT) AS hours,
    CAST(coalesce(sum(a.entries), 0) AS BIGINT) AS entries
FROM activity AS a
WHERE a.grain = 3600
    AND a.date BETWEEN CAST(CAST($origin AS TIMESTAMP) - INTERVAL 720 HOURS AS DATE) AND CAST($origin AS DATE)
    AND a.slot >= CAST($origin AS TIMESTAMP) - INTERVAL 720 HOURS AND a.slot < CAST($origin AS TIMESTAMP)

-- The UTC dates that have log entries, newest first, for the log viewer to walk.
-- No parameters. One row per date, with the times of its first and its last entry.
SELECT d.day AS date, min(d.first_ts) AS first_ts, max(d.last_ts) AS last_ts
FROM daily AS d
GROUP BY d.day
ORDER BY d.day DESC

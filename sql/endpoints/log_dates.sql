-- The UTC dates that have log entries, newest first, for the log viewer to walk.
-- No parameters. One row per date.
SELECT DISTINCT CAST(f."partition" AS DATE) AS date
FROM files AS f
WHERE f."table" = 'logs'
ORDER BY 1 DESC

-- How many rows of each object the warehouse holds: whether an object is there whole before it leaves its bucket.
-- Reads held_logs (the log files that may have them). Parameters: $bucket.
-- One row per object that has rows.
SELECT h.object_key, count(*) AS entries
FROM held_logs AS h
WHERE h.bucket = $bucket
GROUP BY h.object_key

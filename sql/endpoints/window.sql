-- The window of a question, in time.
-- Parameters: $now (UTC), $hours (length of the window), $grain (seconds, of its slots: endpoints/window_slots.sql).
-- One row. The window ends at $now, rounded up to the grain, so that the newest entries are in it; it holds the slots
-- that begin in [window_start, window_end). The window before begins at previous_start and ends where this one begins.
SELECT
    p.ends AS window_end,
    p.ends - to_milliseconds(round($hours * 3.6e6)) AS window_start,
    p.ends - to_milliseconds(2 * round($hours * 3.6e6)) AS previous_start
FROM (
    SELECT
        time_bucket(
            to_seconds($grain), CAST($now AS TIMESTAMP) + to_seconds($grain) - INTERVAL 1 MICROSECOND
        ) AS ends
) AS p

-- The days of a range that is too long to be told day by day, as badges ask for all days that there are: those with entries, up to today.
-- Parameters: $first, $last, $today (dates), $most (days of an answer). One row: first and last, both included. Where the range has no such
-- day, it is its own end, or the day on which it begins when all of it is to come.
SELECT r.last, greatest(least(coalesce(r.oldest, r.last), r.last), CAST($first AS DATE), r.last - CAST($most - 1 AS INTEGER)) AS first
FROM (
    SELECT
        greatest(CAST($first AS DATE), least(CAST($last AS DATE), CAST($today AS DATE))) AS last,
        (SELECT min(d.day) FROM daily AS d) AS oldest
) AS r

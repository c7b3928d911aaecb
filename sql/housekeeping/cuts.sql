-- Where a day's rows are cut so that each of at most $parts files holds about as many: the start of each file.
-- Reads day_logs (the rows of one date). Grain: one file; starts are whole seconds, so no second is in two files.
SELECT min(s.slot) AS starts
FROM (
    SELECT
        c.slot AS slot,
        least($parts - 1, CAST(floor($parts * (sum(c.entries) OVER (ORDER BY c.slot) - c.entries)
            / sum(c.entries) OVER ()) AS INTEGER)) AS part
    FROM (
        SELECT time_bucket(INTERVAL 1 SECOND, l.ts) AS slot, count(*) AS entries
        FROM day_logs AS l
        GROUP BY time_bucket(INTERVAL 1 SECOND, l.ts)
    ) AS c
) AS s
GROUP BY s.part
ORDER BY 1

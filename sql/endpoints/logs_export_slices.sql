-- The spans of time that an export walks through, oldest first: 5-minute slots, joined until they have $entries entries.
-- Parameters: $entries, $start and $end (both inclusive, null: none). One row per span: from_ts (inclusive) to to_ts
-- (exclusive), UTC. So each step of an export sorts about as many entries, however many there are in all.
SELECT min(s.slot) AS from_ts, max(s.slot) + INTERVAL 300 SECONDS AS to_ts
FROM (
    SELECT
        a.slot,
        floor((sum(a.entries) OVER (ORDER BY a.slot) - a.entries) / CAST($entries AS DOUBLE)) AS span
    FROM activity AS a
    WHERE a.grain = 300
        AND ($start IS NULL OR a.slot > CAST($start AS TIMESTAMP) - INTERVAL 300 SECONDS)
        AND ($end IS NULL OR a.slot <= $end)
) AS s
GROUP BY s.span
ORDER BY min(s.slot)

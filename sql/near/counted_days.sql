-- Which days sums are kept of: those with an entry or an object, at most 35, the newest first; none after $tomorrow (a date).
-- Reads activity and storage (what is kept of them). One row: since and until (UTC, midnights; null where there is nothing),
-- whether nothing is older than since, and whether something is newer than tomorrow.
SELECT
    CAST(greatest(date_trunc('day', r.first), date_trunc('day', r.last) - INTERVAL 34 DAYS) AS TIMESTAMP) AS since,
    CAST(date_trunc('day', r.last) + INTERVAL 1 DAY AS TIMESTAMP) AS until,
    r.first >= date_trunc('day', r.last) - INTERVAL 34 DAYS AS complete,
    r.later
FROM (
    SELECT
        min(t.slot) FILTER (WHERE t.slot < CAST($tomorrow AS DATE) + INTERVAL 1 DAY) AS first,
        max(t.slot) FILTER (WHERE t.slot < CAST($tomorrow AS DATE) + INTERVAL 1 DAY) AS last,
        coalesce(bool_or(t.slot >= CAST($tomorrow AS DATE) + INTERVAL 1 DAY), false) AS later
    FROM (
        SELECT a.slot
        FROM activity AS a
        WHERE a.grain = 30
        UNION ALL
        SELECT s.slot
        FROM storage AS s
        WHERE s.grain = 30
    ) AS t
) AS r

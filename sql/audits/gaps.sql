-- Whole days without an entry where entries were to be expected: lost objects, or a registry that was down.
-- Reads daily_counts (day, entries: the daily rollup). Grain: one row per UTC day between the first and the last one
-- that has none, though the same weekday of the four weeks before usually had: expected is their median, from two of
-- them on, and 30 at least.
WITH counted AS (
    SELECT d.day, sum(d.entries) AS entries
    FROM daily_counts AS d
    GROUP BY d.day
),

days AS (
    SELECT CAST(s.day AS DATE) AS day
    FROM (
        SELECT unnest(generate_series(
            CAST(min(c.day) AS TIMESTAMP), CAST(max(c.day) AS TIMESTAMP), INTERVAL 1 DAY
        )) AS day
        FROM counted AS c
    ) AS s
)

SELECT
    d.day AS day,
    CAST(median(coalesce(e.entries, 0)) AS BIGINT) AS expected
FROM days AS d
JOIN days AS w
    ON w.day IN (d.day - INTERVAL 7 DAY, d.day - INTERVAL 14 DAY, d.day - INTERVAL 21 DAY, d.day - INTERVAL 28 DAY)
LEFT JOIN counted AS e ON e.day = w.day
WHERE NOT EXISTS (FROM counted AS c WHERE c.day = d.day)
GROUP BY d.day
HAVING count(*) >= 2 AND median(coalesce(e.entries, 0)) >= 30
ORDER BY 1

-- What anomalies are searched in. Grain: series (metric and subject) and row; i = 1, 2, … in order of time. Parameter: $origin
-- (UTC, where the history ends). Units: those of the view hourly; downloads per day.
-- By the hour, of the last 1,100: logs, errors and storage from the first hour with entries on, 0 where nothing was; response times where
-- there are any. By the day, of the last 120 whole days: downloads of the 50 most downloaded packages that were first seen
-- 28 days ago or earlier and had 10 downloads a day.
WITH found AS (
    SELECT h.slot, h.metric, h.value
    FROM hourly AS h
    WHERE h.date BETWEEN CAST($origin - INTERVAL 1100 HOURS AS DATE) AND CAST($origin AS DATE)
        AND h.slot >= $origin - INTERVAL 1100 HOURS AND h.slot < $origin
),

starts AS (
    SELECT min(f.slot) AS starts
    FROM found AS f
    WHERE f.metric = 'logs'
),

hours AS (
    SELECT s.starts + to_hours(CAST(n.i AS INTEGER)) AS slot
    FROM starts AS s
    JOIN range(0, 1100) AS n (i) ON s.starts + to_hours(CAST(n.i AS INTEGER)) < $origin
),

packages AS (
    SELECT d.package, min(d.day) AS first_day
    FROM downloads AS d
    WHERE d.date BETWEEN CAST($origin - INTERVAL 120 DAYS AS DATE) AND CAST($origin - INTERVAL 1 DAY AS DATE)
    GROUP BY d.package
    HAVING min(d.day) <= CAST($origin - INTERVAL 28 DAYS AS DATE)
        AND sum(d.downloads) >= 10 * date_diff('day', min(d.day), CAST($origin AS DATE))
    ORDER BY sum(d.downloads) DESC, d.package
    LIMIT 50
),

installed AS (
    SELECT d.package, d.day, sum(d.downloads) AS downloads
    FROM downloads AS d
    JOIN packages AS p ON p.package = d.package
    WHERE d.date BETWEEN CAST($origin - INTERVAL 120 DAYS AS DATE) AND CAST($origin - INTERVAL 1 DAY AS DATE)
    GROUP BY d.package, d.day
),

days AS (
    SELECT p.package, p.first_day + CAST(n.i AS INTEGER) AS day
    FROM packages AS p
    JOIN range(0, 121) AS n (i) ON p.first_day + CAST(n.i AS INTEGER) < CAST($origin AS DATE)
),

listed AS (
    SELECT m.metric, '' AS subject, 3600 AS grain, h.slot, coalesce(f.value, 0) AS y
    FROM hours AS h
    CROSS JOIN (SELECT unnest(['logs', 'errors', 'storage']) AS metric) AS m
    LEFT JOIN found AS f ON f.slot = h.slot AND f.metric = m.metric
    UNION ALL
    SELECT f.metric, '' AS subject, 3600 AS grain, f.slot, f.value AS y
    FROM found AS f
    WHERE f.metric LIKE 'responseTime%'
    UNION ALL
    SELECT
        'downloads' AS metric, d.package AS subject, 86400 AS grain, CAST(d.day AS TIMESTAMP) AS slot,
        CAST(coalesce(i.downloads, 0) AS DOUBLE) AS y
    FROM days AS d
    LEFT JOIN installed AS i ON i.package = d.package AND i.day = d.day
)

SELECT
    l.metric || ' ' || l.subject AS series,
    l.metric,
    l.subject,
    l.grain,
    CAST(row_number() OVER (PARTITION BY l.metric, l.subject ORDER BY l.slot) AS INTEGER) AS i,
    l.slot,
    l.y
FROM listed AS l

-- A version that clients ask for again and again and do not get: 50 failed GETs of its tarball at least, and more of them
-- than downloads, on the UTC days of the window.
-- Parameters: the columns of endpoints/window_slots.sql and window.sql. At most three rows. value: failed GETs; since is the first such day.
SELECT
    'warning' AS severity,
    CAST(sum(d.failed) AS DOUBLE) AS value,
    epoch_millis(CAST(min(d.day) AS TIMESTAMP)) AS since,
    format('{}@{} was asked for {} times in vain and downloaded {} times.', d.package, coalesce(d.version, '?'),
        CAST(sum(d.failed) AS BIGINT), CAST(sum(d.downloads) AS BIGINT)) AS seen,
    format('See who asks, and whether it is there: warehouse logs --package {} --level error.', d.package) AS action,
    'downloads' AS "view"
FROM downloads AS d
WHERE d.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
GROUP BY d.package, d.version
HAVING sum(d.failed) >= 50 AND sum(d.failed) > sum(d.downloads)
ORDER BY sum(d.failed) DESC, d.package, d.version
LIMIT 3

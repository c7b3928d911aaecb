-- GET /analytics/predict: a straight line through the last 168 whole hours, carried $hours hours beyond now.
-- Parameters: $now (UTC), $hours (horizon). One row.
-- Ordinary least squares (regr_slope, regr_intercept) per metric over the hours from the first one with entries to
-- the last whole one; hours without entries count as zero. The prediction is the sum of the line over the next
-- $hours hours, no hour below zero. confidence is 100 times the mean R² of the lines for logs and errors.
-- With fewer than 3 whole hours of history everything is 0. Units: predictedStorage in MB.
WITH bounds AS (
    SELECT
        date_trunc('hour', CAST($now AS TIMESTAMP)) AS ends,
        (
            SELECT min(f.slot)
            FROM activity AS f
            WHERE f.date BETWEEN CAST(CAST($now AS TIMESTAMP) - INTERVAL 168 HOURS AS DATE) AND CAST($now AS DATE)
                AND f.grain = 3600 AND f.slot >= date_trunc('hour', CAST($now AS TIMESTAMP)) - INTERVAL 168 HOURS
                AND f.slot < date_trunc('hour', CAST($now AS TIMESTAMP))
        ) AS starts
),

hours AS (
    SELECT n.i, b.starts + to_hours(CAST(n.i AS INTEGER)) AS slot
    FROM bounds AS b
    JOIN range(0, 168) AS n (i) ON b.starts + to_hours(CAST(n.i AS INTEGER)) < b.ends
),

activity_hours AS (
    SELECT a.slot, a.entries, a.error
    FROM activity AS a
    WHERE a.date BETWEEN CAST(CAST($now AS TIMESTAMP) - INTERVAL 168 HOURS AS DATE) AND CAST($now AS DATE)
        AND a.grain = 3600
),

storage_hours AS (
    SELECT s.slot, sum(s.bytes) AS bytes
    FROM storage AS s
    WHERE s.month >= strftime(CAST($now AS TIMESTAMP) - INTERVAL 168 HOURS, '%Y-%m') AND s.grain = 3600
    GROUP BY s.slot
),

series AS (
    SELECT
        h.i,
        coalesce(a.entries, 0) AS logs,
        coalesce(a.error, 0) AS errors,
        coalesce(megabytes(s.bytes), 0) AS storage
    FROM hours AS h
    LEFT JOIN activity_hours AS a ON a.slot = h.slot
    LEFT JOIN storage_hours AS s ON s.slot = h.slot
),

lines AS (
    SELECT
        count(*) AS n,
        regr_slope(y.logs, y.i) AS logs_slope,
        regr_intercept(y.logs, y.i) AS logs_intercept,
        regr_r2(y.logs, y.i) AS logs_r2,
        regr_slope(y.errors, y.i) AS errors_slope,
        regr_intercept(y.errors, y.i) AS errors_intercept,
        regr_r2(y.errors, y.i) AS errors_r2,
        regr_slope(y.storage, y.i) AS storage_slope,
        regr_intercept(y.storage, y.i) AS storage_intercept
    FROM series AS y
    HAVING count(*) >= 3
),

ahead AS (
    SELECT
        sum(greatest(0, l.logs_intercept + l.logs_slope * (l.n + k.j))) AS logs,
        sum(greatest(0, l.errors_intercept + l.errors_slope * (l.n + k.j))) AS errors,
        sum(greatest(0, l.storage_intercept + l.storage_slope * (l.n + k.j))) AS storage,
        max(100 * greatest(0, least(1, (l.logs_r2 + l.errors_r2) / 2))) AS confidence
    FROM lines AS l
    CROSS JOIN range(0, CAST($hours AS BIGINT)) AS k (j)
),

known AS (
    SELECT count(*) AS n
    FROM series AS y
)

SELECT
    CAST(round(coalesce(a.logs, 0)) AS BIGINT) AS "predictedLogs",
    CAST(round(coalesce(a.errors, 0)) AS BIGINT) AS "predictedErrors",
    coalesce(a.storage, 0) AS "predictedStorage",
    coalesce(a.confidence, 0) AS confidence,
    CASE
        WHEN k.n = 0 THEN 'no whole hour of history'
        WHEN k.n < 3 THEN format('only {} whole hours of history, 3 are needed', k.n)
        ELSE format('linear regression over the last {} whole hours', k.n)
    END AS reason
FROM known AS k
LEFT JOIN ahead AS a ON true

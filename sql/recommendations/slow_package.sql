-- A package whose answers are slow: 50 timed at least, and a mean of more than 1,000 ms, or of more than 200 ms and five
-- times that of all packages.
-- Parameters: the columns of endpoints/window_slots.sql and window.sql. At most three rows. Hours that begin in the window. value: ms; since
-- is the first such hour in which its mean was above 200 ms.
WITH hours AS (
    SELECT b.value AS package, b.slot, b.timed, b.response_ns
    FROM activity_by AS b
    WHERE b.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND b.dimension = 'package' AND b.slot >= $window_start AND b.slot < $window_end
),

packages AS (
    SELECT
        h.package,
        sum(h.timed) AS timed,
        mean_ms(sum(h.response_ns), sum(h.timed)) AS ms,
        min(h.slot) FILTER (WHERE mean_ms(h.response_ns, h.timed) > 200) AS first_slot
    FROM hours AS h
    GROUP BY h.package
)

SELECT
    'warning' AS severity,
    p.ms AS value,
    epoch_millis(p.first_slot) AS since,
    format('Answers about {} take {:.0f} ms on average.', p.package, p.ms) AS seen,
    format('Compare it with the others: warehouse metrics --package {}.', p.package) AS action,
    'activity_by' AS "view"
FROM packages AS p
WHERE p.timed >= 50
    AND (p.ms > 1000 OR (p.ms > 200 AND p.ms > 5 * (SELECT mean_ms(sum(h.response_ns), sum(h.timed)) FROM hours AS h)))
ORDER BY p.ms DESC, p.package
LIMIT 3

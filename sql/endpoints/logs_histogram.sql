-- GET /logs/histogram: the entries that match over time, in $points equal periods from $starts to $ends, by level. Periods
-- begin at whole milliseconds, so the last one may end a little later than $ends.
-- Parameters: $points, those of functions/matching.sql; slots that are read have to lie in one period each. $points rows, oldest
-- first; empty periods are there with zeros. Times in epoch ms.
WITH edges AS (
    SELECT
        s.starts,
        s.starts + to_milliseconds(
            $points * ceil((epoch_us(CAST($ends AS TIMESTAMP)) + 1 - epoch_us(s.starts)) / (1000.0 * $points))
        ) AS ends
    FROM (SELECT date_trunc('milliseconds', CAST($starts AS TIMESTAMP)) AS starts) AS s
),

counted AS (
    SELECT
        period_of(m.ts, e.starts, e.ends, $points) AS i,
        sum(m.entries) AS entries,
        coalesce(sum(m.entries) FILTER (WHERE m.level = 'debug'), 0) AS debug,
        coalesce(sum(m.entries) FILTER (WHERE m.level = 'info'), 0) AS info,
        coalesce(sum(m.entries) FILTER (WHERE m.level = 'warn'), 0) AS warn,
        coalesce(sum(m.entries) FILTER (WHERE m.level = 'error'), 0) AS error
    FROM matching(
        $starts, $ends, $first_whole, $after_whole, $slot_grain, $levels, $source, $config_hash, $q, $status, $method, $package,
        $min_response_ms, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2
    ) AS m
    CROSS JOIN edges AS e
    GROUP BY period_of(m.ts, e.starts, e.ends, $points)
)

SELECT
    epoch_millis(period_start(n.i, e.starts, e.ends, $points)) AS "periodStart",
    epoch_millis(period_start(n.i + 1, e.starts, e.ends, $points)) AS "periodEnd",
    CAST(coalesce(c.entries, 0) AS BIGINT) AS count,
    CAST(coalesce(c.debug, 0) AS BIGINT) AS debug,
    CAST(coalesce(c.info, 0) AS BIGINT) AS info,
    CAST(coalesce(c.warn, 0) AS BIGINT) AS warn,
    CAST(coalesce(c.error, 0) AS BIGINT) AS error
FROM range(0, CAST($points AS BIGINT)) AS n (i)
CROSS JOIN edges AS e
LEFT JOIN counted AS c ON c.i = n.i
ORDER BY n.i

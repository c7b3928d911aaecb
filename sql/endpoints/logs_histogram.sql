-- GET /logs/histogram: the entries that match over time, in $points equal periods from $start to $end, by level. Periods
-- begin at whole milliseconds, so the last one may end a little later than $end.
-- Parameters: $start (inclusive) and $end (inclusive; both are needed here), $points, their dates and the filters as in
-- endpoints/logs_facets.sql. $points rows, oldest first; empty periods are there with zeros. Times in epoch ms.
WITH edges AS (
    SELECT
        s.starts,
        ceil((epoch_us(CAST($end AS TIMESTAMP)) + 1 - epoch_us(s.starts)) / (1000.0 * $points)) / 1000 AS width
    FROM (SELECT date_trunc('milliseconds', CAST($start AS TIMESTAMP)) AS starts) AS s
),

counted AS (
    SELECT
        period_of(l.ts, e.starts, e.width) AS i,
        sum(l.weight) AS entries,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'debug'), 0) AS debug,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'info'), 0) AS info,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'warn'), 0) AS warn,
        coalesce(sum(l.weight) FILTER (WHERE l.level = 'error'), 0) AS error
    FROM logs AS l
    CROSS JOIN edges AS e
    WHERE l.date BETWEEN $first_date AND $last_date
        AND ($start IS NULL OR l.ts >= $start)
        AND ($end IS NULL OR l.ts <= $end)
        AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
            $levels, $source, $config_hash, $q, $status, $method, $package, $min_response_ms)
        AND has_words(l.message, $term_1, $term_2, $term_3, $term_4, $without_1, $without_2)
    GROUP BY period_of(l.ts, e.starts, e.width)
)

SELECT
    epoch_millis(period_start(n.i, e.starts, e.width)) AS "periodStart",
    epoch_millis(period_start(n.i + 1, e.starts, e.width)) AS "periodEnd",
    CAST(coalesce(c.entries, 0) AS BIGINT) AS count,
    CAST(coalesce(c.debug, 0) AS BIGINT) AS debug,
    CAST(coalesce(c.info, 0) AS BIGINT) AS info,
    CAST(coalesce(c.warn, 0) AS BIGINT) AS warn,
    CAST(coalesce(c.error, 0) AS BIGINT) AS error
FROM range(0, CAST($points AS BIGINT)) AS n (i)
CROSS JOIN edges AS e
LEFT JOIN counted AS c ON c.i = n.i
ORDER BY n.i

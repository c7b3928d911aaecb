-- GET /logs/histogram without any filter but levels, where periods consist of whole slots: as endpoints/logs_histogram.sql, from the
-- rollup, so that the cost follows the slots and not the entries.
-- Parameters: $start (UTC, the beginning of a slot), $end (the last millisecond), $points (periods of whole slots), $grain (seconds of the rollup's
-- slots), $first_date, $last_date, $levels (null for all). $points rows, oldest first; empty periods are there with zeros.
WITH counted AS (
    SELECT
        period_of(a.slot, $start, CAST($end AS TIMESTAMP) + INTERVAL 1 MILLISECOND, $points) AS i,
        sum(CASE WHEN $levels IS NULL OR list_contains($levels, 'debug') THEN a.debug ELSE 0 END) AS debug,
        sum(CASE WHEN $levels IS NULL OR list_contains($levels, 'info') THEN a.info ELSE 0 END) AS info,
        sum(CASE WHEN $levels IS NULL OR list_contains($levels, 'warn') THEN a.warn ELSE 0 END) AS warn,
        sum(CASE WHEN $levels IS NULL OR list_contains($levels, 'error') THEN a.error ELSE 0 END) AS error
    FROM activity AS a
    WHERE a.date BETWEEN $first_date AND $last_date AND a.grain = $grain AND a.slot >= $start AND a.slot <= $end
    GROUP BY period_of(a.slot, $start, CAST($end AS TIMESTAMP) + INTERVAL 1 MILLISECOND, $points)
)

SELECT
    epoch_millis(period_start(n.i, $start, CAST($end AS TIMESTAMP) + INTERVAL 1 MILLISECOND, $points)) AS "periodStart",
    epoch_millis(period_start(n.i + 1, $start, CAST($end AS TIMESTAMP) + INTERVAL 1 MILLISECOND, $points)) AS "periodEnd",
    CAST(coalesce(c.debug + c.info + c.warn + c.error, 0) AS BIGINT) AS count,
    CAST(coalesce(c.debug, 0) AS BIGINT) AS debug,
    CAST(coalesce(c.info, 0) AS BIGINT) AS info,
    CAST(coalesce(c.warn, 0) AS BIGINT) AS warn,
    CAST(coalesce(c.error, 0) AS BIGINT) AS error
FROM range(0, CAST($points AS BIGINT)) AS n (i)
LEFT JOIN counted AS c ON c.i = n.i
ORDER BY n.i

-- GET /analytics/trends: the window in $points equal periods, oldest first; the last one ends now.
-- Parameters: those of endpoints/window_slots.sql and window.sql, and their columns, $zone (IANA, of period), $empty_as_null: means of periods
-- without a timed entry are null, not 0. $points rows, empty periods are there with zeros.
-- Units: storageUsed and storageTotal in MB, response times in ms, times in epoch ms.
SELECT
    strftime(timezone($zone, timezone('UTC', f.period_starts)), '%H:%M') AS period,
    f.entries AS "logsCount",
    f.errors AS "errorCount",
    megabytes(f.bytes) AS "storageUsed",
    CASE WHEN f.timed > 0 OR NOT $empty_as_null THEN mean_ms(f.response_ns, f.timed) END AS "responseTime",
    epoch_millis(f.period_starts) AS "periodStart",
    epoch_millis(f.period_ends) AS "periodEnd",
    f.warnings AS "warnCount",
    f.p95 AS "p95ResponseTime",
    -- Taken backwards from what the buckets hold now.
    megabytes(
        t.bytes - t.since
            + sum(f.bytes) OVER (ORDER BY f.i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ) AS "storageTotal"
FROM metrics(
    $window_start, $window_end, $points, $grain, $latency_grain, NULL, $reads, $source, $package, $status_class,
    $config_hash
) AS f
CROSS JOIN (
    SELECT
        (SELECT coalesce(sum(g.bytes), 0) FROM ledger AS g) AS bytes,
        coalesce(sum(s.bytes), 0) AS since
    FROM storage AS s
    WHERE s.month >= strftime(CAST($window_start AS TIMESTAMP), '%Y-%m') AND s.grain = $grain AND s.slot >= $window_start
) AS t
ORDER BY f.i

-- GET /analytics/trends: the window in $points equal periods, oldest first; the last one ends now.
-- Parameters: those of endpoints/window.sql and its columns. $points rows, empty periods are there with zeros.
-- Units: storageUsed and storageTotal in MB, response times in ms, times in epoch ms; period is UTC.
WITH periods AS (
    SELECT
        n.i,
        CAST($window_start AS TIMESTAMP) + to_microseconds(CAST(round(n.i * $period_seconds * 1000000) AS BIGINT)) AS starts,
        CAST($window_start AS TIMESTAMP) + to_microseconds(CAST(round((n.i + 1) * $period_seconds * 1000000) AS BIGINT)) AS ends
    FROM range(0, CAST($points AS BIGINT)) AS n (i)
),

activity_sums AS (
    SELECT
        CAST(floor((epoch_us(a.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT) AS i,
        sum(a.entries) AS entries,
        sum(a.error) AS errors,
        sum(a.warn) AS warnings,
        sum(a.timed) AS timed,
        sum(a.response_ns) AS response_ns
    FROM activity AS a
    WHERE a.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND a.grain = $grain AND a.slot >= $window_start AND a.slot < $window_end
    GROUP BY CAST(floor((epoch_us(a.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT)
),

bucket_sums AS (
    SELECT
        CAST(floor((epoch_us(l.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT) AS i,
        l.bucket,
        CAST(sum(l.entries) AS DOUBLE) AS entries
    FROM latency AS l
    WHERE l.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND l.grain = $latency_grain AND l.slot >= $window_start AND l.slot < $window_end
    GROUP BY CAST(floor((epoch_us(l.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT),
        l.bucket
),

bucket_totals AS (
    SELECT b.i, sum(b.entries) AS total
    FROM bucket_sums AS b
    GROUP BY b.i
),

ranked AS (
    SELECT
        b.i,
        b.bucket,
        sum(b.entries) OVER (
            PARTITION BY b.i ORDER BY b.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS up_to
    FROM bucket_sums AS b
),

quantiles AS (
    SELECT r.i, bucket_ms(min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.95 AS DOUBLE) * t.total)) AS p95
    FROM ranked AS r
    JOIN bucket_totals AS t ON t.i = r.i
    GROUP BY r.i
),

-- Bytes per period and after the window (those have numbers from $points on), so that the running total can be
-- taken backwards from what the bucket holds now.
storage_sums AS (
    SELECT
        CAST(floor((epoch_us(s.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT) AS i,
        sum(s.bytes) AS bytes
    FROM storage AS s
    WHERE s.month >= strftime(CAST($window_start AS TIMESTAMP), '%Y-%m')
        AND s.grain = $grain AND s.slot >= $window_start
    GROUP BY CAST(floor((epoch_us(s.slot) - epoch_us(CAST($window_start AS TIMESTAMP))) / ($period_seconds * 1e6)) AS BIGINT)
),

held_now AS (
    SELECT coalesce(sum(g.bytes), 0) AS bytes
    FROM ledger AS g
),

stored_later AS (
    SELECT p.i, coalesce(sum(s.bytes), 0) AS bytes
    FROM periods AS p
    LEFT JOIN storage_sums AS s ON s.i > p.i
    GROUP BY p.i
)

SELECT
    strftime(p.starts, '%H:%M') AS period,
    CAST(coalesce(a.entries, 0) AS BIGINT) AS "logsCount",
    CAST(coalesce(a.errors, 0) AS BIGINT) AS "errorCount",
    coalesce(megabytes(s.bytes), 0) AS "storageUsed",
    mean_ms(a.response_ns, a.timed) AS "responseTime",
    epoch_millis(p.starts) AS "periodStart",
    epoch_millis(p.ends) AS "periodEnd",
    CAST(coalesce(a.warnings, 0) AS BIGINT) AS "warnCount",
    q.p95 AS "p95ResponseTime",
    megabytes(h.bytes - t.bytes) AS "storageTotal"
FROM periods AS p
CROSS JOIN held_now AS h
LEFT JOIN activity_sums AS a ON a.i = p.i
LEFT JOIN quantiles AS q ON q.i = p.i
LEFT JOIN storage_sums AS s ON s.i = p.i
LEFT JOIN stored_later AS t ON t.i = p.i
ORDER BY p.i

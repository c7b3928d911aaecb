-- Quantiles and the ingredients of Apdex, period by period, of a table that has slot, bucket (tables/latency.sql) and entries.
-- Parameters: buckets (the table's name; a query of the caller's WITH serves too), starts and ends (UTC) of what is cut
-- into points (periods), apdex_t (ms). A slot belongs to the period in which it begins. Periods without entries have no row.
-- Columns: i (period, from 0), b50, b95, b99 (buckets), satisfied, tolerated, distributed (entries up to apdex_t, up to
-- four times as much, all).
CREATE OR REPLACE MACRO bucket_quantiles(buckets, starts, ends, points, apdex_t) AS TABLE
WITH bucket_sums AS (
    SELECT period_of(s.slot, starts, ends, points) AS i, s.bucket, CAST(sum(s.entries) AS DOUBLE) AS entries
    FROM query_table(buckets) AS s
    GROUP BY period_of(s.slot, starts, ends, points), s.bucket
),

ranked AS (
    SELECT
        b.i,
        b.bucket,
        sum(b.entries) OVER (
            PARTITION BY b.i ORDER BY b.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS up_to,
        sum(b.entries) OVER (PARTITION BY b.i) AS total
    FROM bucket_sums AS b
)

SELECT
    r.i,
    min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.50 AS DOUBLE) * r.total) AS b50,
    min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.95 AS DOUBLE) * r.total) AS b95,
    min(r.bucket) FILTER (WHERE r.up_to >= CAST(0.99 AS DOUBLE) * r.total) AS b99,
    coalesce(max(r.up_to) FILTER (WHERE r.bucket <= last_bucket(apdex_t)), 0) AS satisfied,
    coalesce(max(r.up_to) FILTER (WHERE r.bucket <= last_bucket(4 * apdex_t)), 0) AS tolerated,
    max(r.total) AS distributed
FROM ranked AS r
GROUP BY r.i

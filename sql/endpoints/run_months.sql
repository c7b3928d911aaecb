-- GET /runs and `warehouse runs`: what all runs of each UTC month asked of the bucket, the newest month first.
-- Units: attempts, bytes, dollars. With $free_tier what R2 gives away per account and month is taken off:
-- 1,000,000 Class A operations, 10,000,000 Class B operations, 10 GB of storage. Storage is a whole month of the
-- most that the bucket held after a run, at the newest price.
SELECT
    m.month AS month,
    m.runs AS runs,
    m.listed AS listed,
    m.objects AS objects,
    m.downloaded_bytes AS "downloadedBytes",
    m.class_a AS "classA",
    m.class_b AS "classB",
    m.retries AS retries,
    m.peak_stored_bytes AS "storedBytes",
    m.class_a_dollars * m.class_a_billed AS "classADollars",
    m.class_b_dollars * m.class_b_billed AS "classBDollars",
    m.class_a_dollars * m.class_a_billed + m.class_b_dollars * m.class_b_billed AS "operationsDollars",
    m.stored_gb_billed * m.storage_price AS "storageDollars"
FROM (
    SELECT
        s.month AS month,
        sum(s.runs) AS runs,
        sum(s.listed) AS listed,
        sum(s.objects) AS objects,
        sum(s.downloaded_bytes) AS downloaded_bytes,
        sum(s.class_a) AS class_a,
        sum(s.class_b) AS class_b,
        sum(s.retries) AS retries,
        max(s.peak_stored_bytes) AS peak_stored_bytes,
        sum(s.class_a * s.class_a_price) / 1000000 AS class_a_dollars,
        sum(s.class_b * s.class_b_price) / 1000000 AS class_b_dollars,
        -- The part of the operations that is billed.
        CASE
            WHEN $free_tier THEN coalesce(greatest(sum(s.class_a) - 1000000, 0) / nullif(sum(s.class_a), 0), 0)
            ELSE 1
        END AS class_a_billed,
        CASE
            WHEN $free_tier THEN coalesce(greatest(sum(s.class_b) - 10000000, 0) / nullif(sum(s.class_b), 0), 0)
            ELSE 1
        END AS class_b_billed,
        greatest(max(s.peak_stored_bytes) / 1000000000.0 - CASE WHEN $free_tier THEN 10 ELSE 0 END, 0)
            AS stored_gb_billed,
        arg_max(s.storage_price, s.last_at) AS storage_price
    FROM run_months AS s
    GROUP BY s.month
) AS m
ORDER BY m.month DESC

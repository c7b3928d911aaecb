-- GET /costs: what the buckets will cost, month by month, if they grow and are asked as in the last 30 days.
-- Parameters: $now (UTC, the hour that runs), $free_tier, the prices $class_a_price and $class_b_price (dollars per million operations) and
-- $storage_price (dollars per GB of 1,000,000,000 bytes and month).
-- Grain: one month of 30 days, twelve of them, the first one begins now. storedBytes: in its middle; operations: those of
-- the warehouse, no other client's are known. growthPerDay: bytes stored in the last 30 days (or since the first object)
-- that are still there, per day. With $free_tier what R2 gives away per month is taken off: 10 GB, 1,000,000 Class A
-- and 10,000,000 Class B operations.
WITH held AS (
    SELECT
        coalesce(sum(s.bytes), 0) AS bytes,
        coalesce(sum(s.bytes) FILTER (WHERE s.slot > CAST($now AS TIMESTAMP) - INTERVAL 720 HOURS), 0) AS lately,
        least(30.0, greatest(1.0, epoch(CAST($now AS TIMESTAMP) - min(s.slot)) / 86400)) AS days
    FROM storage AS s
    WHERE s.grain = 3600 AND s.slot <= CAST($now AS TIMESTAMP)
),

asked AS (
    SELECT
        coalesce(sum(r.class_a), 0) AS class_a,
        coalesce(sum(r.class_b), 0) AS class_b,
        least(30.0, greatest(1.0, epoch(CAST($now AS TIMESTAMP) - min(r.started_at)) / 86400)) AS days
    FROM runs AS r
    WHERE r.started_at > CAST($now AS TIMESTAMP) - INTERVAL 720 HOURS AND r.started_at < CAST($now AS TIMESTAMP) + INTERVAL 1 HOUR
),

months AS (
    SELECT
        n.i,
        h.bytes + coalesce(h.lately / h.days, 0) * (30 * n.i + 15) AS stored,
        coalesce(a.class_a * 30 / a.days, 0) AS class_a,
        coalesce(a.class_b * 30 / a.days, 0) AS class_b,
        coalesce(h.lately / h.days, 0) AS growth
    FROM range(0, 12) AS n (i)
    CROSS JOIN held AS h
    CROSS JOIN asked AS a
)

SELECT
    epoch_millis(CAST($now AS TIMESTAMP) + to_days(CAST(30 * m.i AS INTEGER))) AS "startsAt",
    CAST(round(m.stored) AS BIGINT) AS "storedBytes",
    CAST(round(m.class_a) AS BIGINT) AS "classA",
    CAST(round(m.class_b) AS BIGINT) AS "classB",
    greatest(m.stored / 1e9 - CASE WHEN $free_tier THEN 10 ELSE 0 END, 0) * $storage_price AS "storageDollars",
    greatest(m.class_a - CASE WHEN $free_tier THEN 1000000 ELSE 0 END, 0) / 1e6 * $class_a_price AS "classADollars",
    greatest(m.class_b - CASE WHEN $free_tier THEN 10000000 ELSE 0 END, 0) / 1e6 * $class_b_price AS "classBDollars",
    greatest(m.class_a - CASE WHEN $free_tier THEN 1000000 ELSE 0 END, 0) / 1e6 * $class_a_price
        + greatest(m.class_b - CASE WHEN $free_tier THEN 10000000 ELSE 0 END, 0) / 1e6 * $class_b_price
        AS "operationsDollars",
    m.growth AS "growthPerDay"
FROM months AS m
ORDER BY m.i

-- Step 5 of the search for anomalies: what is kept of it (tables/anomalies.sql), of the slots from $from (UTC) on. Reads anomaly_judged,
-- anomaly_new_errors and anomaly_silences.
SELECT j.* FROM anomaly_judged AS j WHERE j.slot >= $from
UNION ALL
SELECT n.* FROM anomaly_new_errors AS n WHERE n.slot >= $from
UNION ALL
SELECT s.* FROM anomaly_silences AS s WHERE s.slot >= $from

-- Parquet files that do not hold what the manifest says of them: their rows, and of log files their times.
-- Reads named_files (path, entries, first_ts, last_ts: as the manifest has them) and held_rows (path, ts: one
-- row per row of the files; ts is null for tables without one). Grain: one row per file that differs.
SELECT
    n.path AS path,
    n.entries AS entries,
    coalesce(h.entries, 0) AS held
FROM named_files AS n
LEFT JOIN (
    SELECT
        r.path AS path,
        count(*) AS entries,
        min(r.ts) AS first_ts,
        max(r.ts) AS last_ts
    FROM held_rows AS r
    GROUP BY r.path
) AS h ON h.path = n.path
WHERE n.entries <> coalesce(h.entries, 0)
    OR (n.first_ts IS NOT NULL AND (n.first_ts <> h.first_ts OR n.last_ts <> h.last_ts))
ORDER BY 1

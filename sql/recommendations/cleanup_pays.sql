-- Logs of more than 90 days that take a quarter of the log objects' bytes, and a GB at least.
-- Parameters: $now (UTC), $log_prefixes (key prefixes of logs), $storage_price (dollars per GB and month). At most one row.
-- value: their bytes; since is when the oldest of them was stored.
SELECT
    'info' AS severity,
    CAST(o.old_bytes AS DOUBLE) AS value,
    epoch_millis(o.oldest) AS since,
    format('{:.1f} GB of logs, {:.0f} percent, are older than 90 days and cost {:.2f} dollars a month.', o.old_bytes / 1e9,
        100.0 * o.old_bytes / o.bytes, o.old_bytes / 1e9 * $storage_price) AS seen,
    'See what would go: warehouse cleanup --retention-days 90 --scope bucket --dry-run.' AS action,
    'storage' AS "view"
FROM (
    SELECT
        sum(s.bytes) AS bytes,
        coalesce(sum(s.bytes) FILTER (WHERE s.slot < date_trunc('day', CAST($now AS TIMESTAMP)) - INTERVAL 90 DAY), 0)
            AS old_bytes,
        min(s.slot) AS oldest
    FROM storage AS s
    WHERE s.grain = 86400 AND list_contains($log_prefixes, s.prefix)
) AS o
WHERE o.old_bytes >= 1e9 AND o.old_bytes >= 0.25 * o.bytes

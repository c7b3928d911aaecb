-- GET /analytics/uptime: was the registry there, and was it heard of?
-- Parameters: $now (UTC), $hours. The window ends at the end of the 5-minute slot of $now. One row. availability: requests (entries with an HTTP status) that were not answered 5xx, in percent; null where no
-- request was logged. heartbeat: 5-minute slots of the window with any entry, in percent. missing: stretches of slots
-- without one, oldest first, in epoch ms. Slots that end after the last sync are unknown, no part of the heartbeat.
-- uptime: availability; 100 where entries but no requests were logged, 0 where
-- nothing at all was.
WITH edges AS (
    SELECT
        e.ends - to_seconds(CAST(ceil(CAST($hours AS DOUBLE) * 12) * 300 AS INTEGER)) AS starts,
        e.ends,
        (SELECT max(r.finished_at) FROM runs AS r WHERE r.kind = 'sync' AND r.status = 'ok') AS last_sync
    FROM (
        SELECT make_timestamp(CAST(floor(epoch_us(CAST($now AS TIMESTAMP)) / 300e6) + 1 AS BIGINT) * 300000000) AS ends
    ) AS e
),

slots AS (
    SELECT n.i, n.slot, a.entries, a.requests, a.server_errors, n.slot + INTERVAL 300 SECONDS <= n.last_sync AS known
    FROM (
        SELECT r.i, e.starts + to_seconds(CAST(r.i * 300 AS INTEGER)) AS slot, e.last_sync
        FROM edges AS e
        CROSS JOIN range(0, CAST(ceil(CAST($hours AS DOUBLE) * 12) AS BIGINT)) AS r (i)
    ) AS n
    LEFT JOIN activity AS a
        ON a.slot = n.slot AND a.grain = 300
        AND a.date BETWEEN CAST(CAST($now AS TIMESTAMP) - to_seconds(CAST($hours * 3600 + 300 AS INTEGER)) AS DATE)
            AND CAST(CAST($now AS TIMESTAMP) + INTERVAL 300 SECONDS AS DATE)
),

-- Slots that are missing one after the other have the same difference of number and rank.
stretches AS (
    SELECT min(m.slot) AS starts, max(m.slot) + INTERVAL 300 SECONDS AS ends
    FROM (
        SELECT s.i, s.slot, s.i - row_number() OVER (ORDER BY s.i) AS stretch
        FROM slots AS s
        WHERE s.entries IS NULL AND s.known
    ) AS m
    GROUP BY m.stretch
),

sums AS (
    SELECT
        coalesce(sum(s.entries), 0) AS entries,
        coalesce(sum(s.requests), 0) AS requests,
        coalesce(sum(s.server_errors), 0) AS server_errors,
        count(*) AS slots,
        count(*) FILTER (WHERE s.known OR s.entries IS NOT NULL) AS known,
        count(s.entries) AS heard
    FROM slots AS s
)

SELECT
    CASE
        WHEN s.entries = 0 THEN 0.0
        ELSE 100.0 - percentage(s.server_errors, s.requests)
    END AS uptime,
    CASE WHEN s.requests > 0 THEN 100.0 - percentage(s.server_errors, s.requests) END AS availability,
    percentage(s.heard, s.known) AS heartbeat,
    CAST(s.requests AS BIGINT) AS requests,
    CAST(s.server_errors AS BIGINT) AS "serverErrors",
    s.slots AS slots,
    s.known AS "knownSlots",
    s.known - s.heard AS "missingSlots",
    s.slots - s.known AS "unknownSlots",
    (
        SELECT coalesce(list({'startsAt': epoch_millis(t.starts), 'endsAt': epoch_millis(t.ends)} ORDER BY t.starts), [])
        FROM stretches AS t
    ) AS missing,
    epoch_millis(e.starts) AS "windowStart",
    epoch_millis(e.ends) AS "windowEnd",
    epoch_millis(e.last_sync) AS "lastSync"
FROM sums AS s
CROSS JOIN edges AS e

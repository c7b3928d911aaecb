-- How much there was from the first day on until a moment: of two rows, the difference is what happened between, so that
-- a period costs two rows however long it is (as in near/latency_until.sql).
-- Reads activity and storage (what is kept of them). Parameters: $since and $until (UTC, midnights).
-- Grain: one moment every 30 seconds, both ends. sums: entries, errors, warnings, timed, response_ns, requests,
-- server_errors, bytes stored. A list, because to look back once takes less time than to do so eight times.
WITH came AS (
    SELECT
        a.slot, a.entries, a.error, a.warn, a.timed, a.response_ns, a.requests, a.server_errors, CAST(0 AS BIGINT) AS bytes
    FROM activity AS a
    WHERE a.grain = 30 AND a.slot >= $since AND a.slot < $until
    UNION ALL
    SELECT s.slot, 0, 0, 0, 0, 0, 0, 0, s.bytes
    FROM storage AS s
    WHERE s.grain = 30 AND s.slot >= $since AND s.slot < $until
),

steps AS (
    SELECT
        m.slot,
        coalesce(sum(c.entries), 0) AS entries,
        coalesce(sum(c.error), 0) AS errors,
        coalesce(sum(c.warn), 0) AS warnings,
        coalesce(sum(c.timed), 0) AS timed,
        coalesce(sum(c.response_ns), 0) AS response_ns,
        coalesce(sum(c.requests), 0) AS requests,
        coalesce(sum(c.server_errors), 0) AS server_errors,
        coalesce(sum(c.bytes), 0) AS bytes
    FROM (
        SELECT unnest(generate_series(
            CAST($since AS TIMESTAMP), CAST($until AS TIMESTAMP), INTERVAL 30 SECONDS
        )) AS slot
    ) AS m
    LEFT JOIN came AS c ON c.slot = m.slot - INTERVAL 30 SECONDS
    GROUP BY m.slot
)

SELECT
    s.slot,
    [
        sum(s.entries) OVER so_far, sum(s.errors) OVER so_far, sum(s.warnings) OVER so_far, sum(s.timed) OVER so_far,
        sum(s.response_ns) OVER so_far, sum(s.requests) OVER so_far, sum(s.server_errors) OVER so_far,
        sum(s.bytes) OVER so_far
    ] AS sums
FROM steps AS s
WINDOW so_far AS (ORDER BY s.slot ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY s.slot

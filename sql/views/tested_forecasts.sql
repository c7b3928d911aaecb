-- What was forecast against what came, for every hour that is over and mirrored.
-- Grain: one forecast (issued and metric), model and hour ahead. Units: those of the view hourly (entries, ms, bytes).
-- An hour without entries came with 0; without a timed entry there is no response time to compare with, and no row.
-- hit: was the truth within a factor 1.2 of the forecast, which is what confidence (percent) tells the probability of? date is that of issued.
CREATE OR REPLACE VIEW tested_forecasts AS
SELECT
    c.issued,
    c.date,
    c.metric,
    c.model,
    c.version,
    c.ahead,
    c.slot,
    c.value,
    c.actual,
    abs(c.actual - c.value) AS error,
    c.actual BETWEEN c.low80 AND c.high80 AS inside80,
    c.actual BETWEEN c.low95 AND c.high95 AS inside95,
    greatest(c.actual, c.value) <= 1.2 * least(c.actual, c.value) + 0.000000001 AS hit,
    c.confidence
FROM (
    SELECT
        f.issued,
        f.date,
        f.metric,
        f.model,
        f.version,
        f.ahead,
        f.slot,
        f.value,
        f.low80,
        f.high80,
        f.low95,
        f.high95,
        f.confidence,
        CASE
            WHEN h.value IS NOT NULL THEN greatest(0, h.value)
            WHEN f.metric <> 'responseTime' THEN 0.0
        END AS actual
    FROM forecasts AS f
    JOIN (
        SELECT max(r.finished_at) AS last_sync
        FROM runs AS r
        WHERE r.kind = 'sync' AND r.status = 'ok'
    ) AS s ON f.slot + INTERVAL 1 HOUR <= s.last_sync
    LEFT JOIN hourly AS h ON h.metric = f.metric AND h.slot = f.slot AND h.date = CAST(f.slot AS DATE)
) AS c
WHERE c.actual IS NOT NULL;
